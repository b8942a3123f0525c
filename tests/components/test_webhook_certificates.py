"""The certificates of admission webhooks."""

from functools import cache

import pytest

from components.mesh.linkerd import WEBHOOK_SECRETS
from components.resources.webhook_certificates import WebhookCertificates, WebhookCertificatesArgs
from tests.deployment import Deployment
from tests.engine import CERTIFICATE_ENDS, deploy
from tests.recorded_values import Secret, at, decoded


@cache
def webhooks(renewal_days: int | None = None) -> Deployment:
    args: WebhookCertificatesArgs = {"namespace": "linkerd", "secrets": WEBHOOK_SECRETS}
    if renewal_days is not None:
        args["renewal_days"] = renewal_days
    return deploy(lambda: WebhookCertificates("w", args))


def test_linkerds_webhooks_are_the_injector_and_the_two_validators() -> None:
    assert WEBHOOK_SECRETS == {
        "linkerd-proxy-injector-k8s-tls": "linkerd-proxy-injector.linkerd.svc",
        "linkerd-sp-validator-k8s-tls": "linkerd-sp-validator.linkerd.svc",
        "linkerd-policy-validator-k8s-tls": "linkerd-policy-validator.linkerd.svc",
    }


@pytest.mark.parametrize("secret", WEBHOOK_SECRETS)
def test_each_webhook_gets_a_secret_with_its_own_leaf_and_key(secret: str) -> None:
    found = webhooks().named(f"{secret}-secret")

    assert found.at("metadata") == {"name": secret, "namespace": "linkerd"}
    assert found.at("type") == "kubernetes.io/tls"
    assert decoded(found.at("data", "tls.crt")) == Secret(f"certificate {secret}-leaf")
    reason = "Linkerd's policy controller reads no SEC1"
    assert decoded(found.at("data", "tls.key")) == Secret(f"PKCS#8 key of {secret}-key"), reason


@pytest.mark.parametrize(("secret", "host"), WEBHOOK_SECRETS.items())
def test_each_leaf_is_for_the_name_by_which_the_api_server_calls_the_webhook(secret: str, host: str) -> None:
    request = webhooks().named(f"{secret}-request")
    leaf = webhooks().named(f"{secret}-leaf")

    assert request.at("dnsNames") == [host]
    assert request.at("subject", "commonName") == host
    assert leaf.at("certRequestPem") == f"request {secret}-request"
    assert leaf.at("caCertPem") == "certificate w-authority"
    assert "server_auth" in str(leaf.at("allowedUses"))
    assert "isCaCertificate" not in leaf.inputs


def test_a_long_name_is_cut_where_a_certificate_has_no_room_for_it_and_kept_where_it_counts() -> None:
    host = "aws-load-balancer-webhook-service.aws-load-balancer-controller.svc"
    args: WebhookCertificatesArgs = {"namespace": "x", "secrets": {"tls": host}}
    request = deploy(lambda: WebhookCertificates("w", args)).named("tls-request")

    assert len(host) > 64
    assert at(request.inputs, "subject", "commonName") == "aws-load-balancer-webhook-service"
    assert request.at("dnsNames") == [host]
    assert webhooks().named("linkerd-sp-validator-k8s-tls-request").at("subject", "commonName") == (
        "linkerd-sp-validator.linkerd.svc"
    )


def test_leaves_renew_before_they_end_and_the_authority_outlives_them() -> None:
    leaves = webhooks().of("tls:index/locallySignedCert:LocallySignedCert")

    assert {(each.at("validityPeriodHours"), each.at("earlyRenewalHours")) for each in leaves} == {(365 * 24, 90 * 24)}
    assert webhooks().named("w-authority").at("validityPeriodHours") == 3650 * 24
    assert webhooks(30).named("linkerd-sp-validator-k8s-tls-leaf").at("earlyRenewalHours") == 30 * 24


def test_the_authoritys_key_lies_in_no_object_of_the_cluster() -> None:
    holders = [each.type for each in webhooks().registrations if "key of w-authority-key" in str(each.inputs)]

    assert set(holders) == {
        "tls:index/selfSignedCert:SelfSignedCert",
        "tls:index/locallySignedCert:LocallySignedCert",
    }


def test_it_gives_out_the_authority_in_base64_and_when_everything_ends() -> None:
    outputs = webhooks().one("linkerd-workshop:resources:WebhookCertificates").outputs

    assert decoded(at(outputs, "ca_bundle")) == "certificate w-authority"
    assert at(outputs, "expires") == dict.fromkeys(["webhookAuthority", *WEBHOOK_SECRETS], CERTIFICATE_ENDS)
