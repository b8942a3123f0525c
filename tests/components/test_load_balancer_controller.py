"""The AWS Load Balancer Controller: what its chart is told, whose certificates it has, and what it waits for."""

from functools import cache

import pytest

from components.addons.aws_add_ons import AwsAddOns
from components.addons.load_balancer_extras import Extra
from components.addons.load_balancer_values import WEBHOOK_SECRET
from components.resources.rendered import PLACEHOLDER
from model.names import Identity
from tests.deployment import Deployment, Registration
from tests.engine import CERTIFICATE_ENDS, deploy
from tests.iam.stack import TAGS, arguments, deployed
from tests.recorded_values import UNKNOWN, Secret, at, mapping, plain_texts
from tests.rendering import mended
from tests.texts import decoded
from versions import LOAD_BALANCER_CONTROLLER

NAME = "aws-load-balancer-controller"
RENDERED_SECRET = {
    "metadata": {"name": WEBHOOK_SECRET, "namespace": NAME},
    "type": "kubernetes.io/tls",
    "data": dict.fromkeys(("ca.crt", "tls.crt", "tls.key"), "cGxhY2Vob2xkZXI="),
}
SECRET = "kubernetes:core/v1:Secret"


def chart(deployment: Deployment | None = None) -> Registration:
    return (deployment or deployed()).named("aws-load-balancer-controller-chart")


def told(*path: str, extras: tuple[Extra, ...] = ()) -> object:
    return chart(deployed(extras=extras)).at("values", *path)


@cache
def without_dns() -> Deployment:
    return deploy(lambda: AwsAddOns("aws", {**arguments(), "external_dns": None}))


def test_the_values_are_known_and_the_same_in_preview_and_up() -> None:
    previewed = chart(deploy(lambda: AwsAddOns("aws", arguments()), preview=True))

    assert previewed.inputs == chart().inputs
    assert str(UNKNOWN) not in plain_texts(previewed.inputs), "a chart with an unknown value registers no children"


def test_no_certificate_and_no_key_passes_through_chart_values() -> None:
    assert told("webhookTLS") == dict.fromkeys(("caCert", "cert", "key"), PLACEHOLDER)
    assert "certificate " not in str(chart().inputs)


def test_the_authority_reaches_every_webhook() -> None:
    hooks = [{"name": name, "clientConfig": {"caBundle": "eA=="}} for name in ("one", "two")]
    type_ = "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration"
    result = mended(chart().transforms, type_, {"metadata": {"name": "x"}, "webhooks": hooks})

    for index in range(2):
        bundle = at(result, "webhooks", index, "clientConfig", "caBundle")
        assert decoded(bundle) == "certificate aws-load-balancer-controller-webhooks-authority"


def test_the_rendered_secret_gets_our_certificate_and_its_key_stays_secret() -> None:
    data = at(mended(chart().transforms, SECRET, RENDERED_SECRET), "data")

    assert decoded(at(data, "tls.crt")) == f"certificate {WEBHOOK_SECRET}-leaf"
    assert decoded(at(data, "tls.key")) == Secret(f"PKCS#8 key of {WEBHOOK_SECRET}-key")
    assert decoded(at(data, "ca.crt")) == "certificate aws-load-balancer-controller-webhooks-authority"


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        (SECRET, "somebody-elses"),
        ("kubernetes:core/v1:Service", WEBHOOK_SECRET),
        ("kubernetes:apps/v1:Deployment", NAME),
    ],
)
def test_other_rendered_objects_stay_as_they_are(type_: str, name: str) -> None:
    rendered = {"metadata": {"name": name}, "spec": {"replicas": 1}}

    assert mended(chart().transforms, type_, rendered) == rendered, "both are waited for: an Ingress needs an answer"


def test_nobody_else_makes_the_secret_that_the_chart_renders() -> None:
    assert deployed().of(SECRET) == []


def test_the_certificate_is_for_the_name_by_which_the_api_server_calls() -> None:
    request = deployed().named(f"{WEBHOOK_SECRET}-request")

    assert request.at("dnsNames") == [f"aws-load-balancer-webhook-service.{NAME}.svc"]
    assert request.at("subject", "commonName") == "aws-load-balancer-webhook-service", "its name has 66 characters"
    assert deployed().named(f"{WEBHOOK_SECRET}-leaf").at("earlyRenewalHours") == 10 * 24


def test_its_certificates_end_under_names_that_no_other_certificate_has() -> None:
    ends = at(deployed().one("linkerd-workshop:addons:AwsAddOns").outputs, "expires")

    assert ends == dict.fromkeys(["loadBalancerAuthority", WEBHOOK_SECRET], CERTIFICATE_ENDS)


def test_it_serves_ingresses_and_leaves_routes_and_services_to_others() -> None:
    gates = mapping(told("controllerConfig", "featureGates"))

    assert {"NLBGatewayAPI", "ALBGatewayAPI", "GatewayListenerSet", "EnableServiceController"} <= set(gates)
    assert set(gates.values()) == {False}
    assert told("enableServiceMutatorWebhook") is False, "every Service in the cluster would wait for its pods"


def test_it_is_the_pinned_one_told_where_it_is() -> None:
    values = told()

    assert at(values, "image") == {"tag": f"v{LOAD_BALANCER_CONTROLLER}"}
    assert [at(values, key) for key in ("clusterName", "region", "vpcId", "ingressClass")] == [
        "workshop",
        "eu-central-1",
        "vpc-0123456789abcdef0",
        "alb",
    ]
    assert at(values, "defaultTags") == TAGS
    assert at(values, "replicaCount") == 2
    assert at(values, "podDisruptionBudget") == {"maxUnavailable": 1}


@pytest.mark.parametrize("extras", [(), (Extra.WAF,), (Extra.SHIELD,), tuple(Extra)], ids=str)
def test_it_asks_for_nothing_that_its_role_may_not(extras: tuple[Extra, ...]) -> None:
    assert told("enableWafv2", extras=extras) is (Extra.WAF in extras)
    assert told("enableShield", extras=extras) is (Extra.SHIELD in extras)
    assert told("enableWaf", extras=extras) is False, "the classic WAF has no rights at all"


def test_its_pods_fit_a_restricted_namespace() -> None:
    assert at(told("securityContext"), "capabilities") == {"drop": ["ALL"]}
    assert at(told("podSecurityContext"), "seccompProfile") == {"type": "RuntimeDefault"}


@pytest.mark.parametrize("identity", Identity)
def test_definitions_role_and_whoever_keeps_the_records_are_there_before_it_and_go_after_it(identity: Identity) -> None:
    deployment = deployed(identity)
    before = deployment.all_before(chart(deployment))

    wanted = {
        "aws-load-balancer-controller-crds",
        "aws-load-balancer-controller-identity-policy",
        "aws-external-dns-chart",
        "aws-external-dns-identity-policy",
    }
    assert wanted <= before
    association = {"aws-load-balancer-controller-identity-association", "aws-external-dns-identity-association"}
    assert (association <= before) is (identity is Identity.POD_IDENTITY)


def test_external_dns_waits_for_no_part_of_the_controller() -> None:
    dns = deployed().named("aws-external-dns-chart")

    assert not [name for name in deployed().all_before(dns) if name.startswith("aws-load-balancer-controller")]


def test_either_can_be_had_without_the_other() -> None:
    assert not [name for name in without_dns().names if "external-dns" in name]
    alone = deploy(lambda: AwsAddOns("aws", {**arguments(), "load_balancer_controller": None}))
    assert not [name for name in alone.names if "load-balancer" in name]
    assert at(alone.one("linkerd-workshop:addons:AwsAddOns").outputs, "expires") == {}


def test_the_service_account_carries_its_role_with_irsa_only() -> None:
    assert told("serviceAccount") == {"name": NAME, "annotations": {}}
    by_irsa = chart(deployed(Identity.IRSA)).at("values", "serviceAccount", "annotations")
    arn = "arn:aws:iam::123456789012:role/dev-workshop-load-balancers-01234567"
    assert by_irsa == {"eks.amazonaws.com/role-arn": arn}


def test_it_may_read_the_secret_of_a_login_and_no_other() -> None:
    def program() -> None:
        given = arguments()
        balancers = given["load_balancer_controller"]
        assert balancers
        balancers["oidc_secrets"] = [{"namespace": "linkerd-viz", "name": "oidc"}]
        AwsAddOns("aws", given)

    deployment = deploy(program)
    role = deployment.one("kubernetes:rbac.authorization.k8s.io/v1:Role")
    assert role.at("metadata", "namespace") == "linkerd-viz"
    assert role.at("rules") == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["oidc"], "verbs": ["get", "list", "watch"]}
    ]
    binding = deployment.one("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding")
    assert binding.at("subjects") == [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}]
    assert deployed().of("kubernetes:rbac.authorization.k8s.io/v1:Role") == []
