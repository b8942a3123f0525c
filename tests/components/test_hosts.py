"""Public hosts of an app that is none of the demos, with and without a login, and the certificate of the hosts."""

import json
from functools import cache

import pytest

from components.addons.host_certificate import HostCertificate
from components.traffic.hosts import Exposure, ProtectedHost, ProtectedHostArgs, PublicHost, PublicHostArgs
from model.names import Scheme
from tests.components.arguments import EXPOSURE
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at, mapping

ALB = "alb.ingress.kubernetes.io"
DNS = "external-dns.alpha.kubernetes.io/hostname"
ARN = "arn:aws:acm:eu-central-1:1:certificate/a"
ARGS: PublicHostArgs = {
    "name": "shop",
    "namespace": "shop",
    "service": "cart",
    "port": 80,
    "host": "shop.example.com",
    "health_path": "/healthz",
    "exposure": EXPOSURE,
}
SHARED: Exposure = {
    **EXPOSURE,
    "group": "workshop-dev",
    "scheme": Scheme.INTERNAL,
    "inbound_cidrs": ["203.0.113.0/24", "198.51.100.0/24"],
    "https": True,
    "certificate_arn": ARN,
}


@cache
def public() -> Deployment:
    return deploy(lambda: PublicHost("host", ARGS))


@cache
def shared() -> Deployment:
    return deploy(lambda: PublicHost("host", {**ARGS, "exposure": SHARED}))


def ingress(deployment: Deployment) -> Registration:
    return deployment.one("kubernetes:networking.k8s.io/v1:Ingress")


def annotations(deployment: Deployment) -> dict[str, object]:
    """Return the annotations of the Ingress, those of the load balancer controller without their prefix."""
    found = mapping(ingress(deployment).at("metadata", "annotations"))
    return {key.removeprefix(f"{ALB}/"): value for key, value in found.items()}


def backend(service: str, port: int) -> dict[str, object]:
    return {"service": {"name": service, "port": {"number": port}}}


def test_the_ingress_has_what_the_load_balancer_controller_and_external_dns_read() -> None:
    attributes = "deletion_protection.enabled=false,routing.http.drop_invalid_header_fields.enabled=true"

    assert ingress(public()).at("metadata", "name") == "shop"
    assert annotations(public()) == {
        DNS: "shop.example.com",
        "scheme": "internet-facing",
        "load-balancer-attributes": attributes,
        "listen-ports": '[{"HTTP": 80}]',
        "target-type": "ip",
        "target-group-attributes": "deregistration_delay.timeout_seconds=30",
        "healthcheck-path": "/healthz",
        "group.name": "workshop",
    }


def test_the_ingress_sends_every_path_of_the_host_to_the_service() -> None:
    path = {"path": "/", "pathType": "Prefix", "backend": backend("cart", 80)}
    rule = {"host": "shop.example.com", "http": {"paths": [path]}}

    assert ingress(public()).at("spec") == {"ingressClassName": "alb", "rules": [rule]}
    assert at(public().one("linkerd-workshop:traffic:PublicHost").outputs, "url") == "http://shop.example.com/"


def test_with_https_plain_http_only_redirects_to_it_and_the_load_balancer_admits_only_the_given_networks() -> None:
    wanted = {
        "listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
        "ssl-redirect": "443",
        "certificate-arn": ARN,
        "ssl-policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",  # no TLS 1.0, no old ciphers
        "group.name": "workshop-dev",
        "scheme": "internal",
        "inbound-cidrs": "203.0.113.0/24,198.51.100.0/24",
    }

    assert wanted.items() <= annotations(shared()).items()
    assert at(shared().one("linkerd-workshop:traffic:PublicHost").outputs, "url") == "https://shop.example.com/"


LOGIN = "https://login.example.com"
PROTECTED: ProtectedHostArgs = {
    "name": "web",
    "namespace": "linkerd-viz",
    "service": "web",
    "port": 8084,
    "health_port": 9994,
    "host": "viz.example.com",
    "exposure": {**EXPOSURE, "https": True},
    "oidc": {
        "issuer": LOGIN,
        "authorization_endpoint": f"{LOGIN}/authorize",
        "token_endpoint": f"{LOGIN}/token",
        "user_info_endpoint": f"{LOGIN}/userinfo",
        "secret_name": "dashboard-oidc",
    },
}


def protected_by(exposure: Exposure) -> Deployment:
    return deploy(lambda: ProtectedHost("viz-host", {**PROTECTED, "exposure": exposure}))


protected = cache(lambda: protected_by(PROTECTED["exposure"]))


def test_everybody_is_sent_to_the_identity_provider_first() -> None:
    found = annotations(protected())

    assert (found["auth-type"], found["auth-on-unauthenticated-request"]) == ("oidc", "authenticate")
    assert json.loads(str(found["auth-idp-oidc"])) == {
        "issuer": LOGIN,
        "authorizationEndpoint": f"{LOGIN}/authorize",
        "tokenEndpoint": f"{LOGIN}/token",
        "userInfoEndpoint": f"{LOGIN}/userinfo",
        "secretName": "dashboard-oidc",
    }


@pytest.mark.parametrize("https", [True, False])
def test_a_protected_host_has_no_listener_without_a_login(*, https: bool) -> None:
    found = annotations(protected_by({**PROTECTED["exposure"], "https": https}))

    reason = "whatever the apps beside it do: a rule is on the ports of its own Ingress only"
    assert json.loads(str(found["listen-ports"])) == [{"HTTPS": 443}], reason


def test_a_protected_host_leads_to_its_service_by_https_with_the_given_certificate_or_one_that_is_found() -> None:
    found, rule = annotations(protected()), ingress(protected()).look("spec rules 0")
    url = at(protected().one("linkerd-workshop:traffic:ProtectedHost").outputs, "url")

    assert ingress(protected()).at("spec", "ingressClassName") == "alb"
    assert at(rule, "host") == found[DNS] == "viz.example.com"
    assert at(rule, "http", "paths", 0, "backend") == backend("web", 8084)
    assert (found["healthcheck-port"], found["healthcheck-path"]) == ("9994", "/ready"), "which answers for any host"
    assert url == "https://viz.example.com/"
    assert "certificate-arn" not in found
    assert annotations(protected_by({**PROTECTED["exposure"], "certificate_arn": ARN}))["certificate-arn"] == ARN


certificate = cache(lambda: deploy(lambda: HostCertificate("hosts", {"domain": "dev.example.com", "zone_id": "Z1"})))


def test_one_certificate_is_for_every_host_below_the_domain_and_given_out_once_it_is_valid() -> None:
    wildcard = certificate().one("aws:acm/certificate:Certificate")
    validation = certificate().one("aws:acm/certificateValidation:CertificateValidation")

    assert wildcard.at("domainName") == "*.dev.example.com", "a new host replaces no certificate"
    assert wildcard.at("validationMethod") == "DNS"
    assert validation.at("certificateArn") == "arn:made"
    assert validation.at("validationRecordFqdns") == ["_proof.example.com"]
    assert at(certificate().one("linkerd-workshop:addons:HostCertificate").outputs, "arn") == "arn:made"


def test_the_record_that_proves_the_domain_is_in_the_zone_of_the_hosts() -> None:
    record = certificate().one("aws:route53/record:Record")

    assert record.at("zoneId") == "Z1"
    assert (record.at("name"), record.at("type"), record.at("records")) == ("_proof", "CNAME", ["_answer"])
    assert "allowOverwrite" not in record.inputs, "an existing record belongs to another certificate, too"
