"""A public host behind an identity provider."""

import json
from functools import cache

import pytest

from components.traffic.protected_host import ProtectedHost, ProtectedHostArgs
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at, mapping

ALB = "alb.ingress.kubernetes.io"
ARGS: ProtectedHostArgs = {
    "name": "web",
    "namespace": "linkerd-viz",
    "service": "web",
    "port": 8084,
    "health_port": 9994,
    "host": "viz.example.com",
    "exposure": {"ingress_class": "alb", "group": "workshop", "https": True},
    "oidc": {
        "issuer": "https://login.example.com",
        "authorization_endpoint": "https://login.example.com/authorize",
        "token_endpoint": "https://login.example.com/token",
        "user_info_endpoint": "https://login.example.com/userinfo",
        "secret_name": "dashboard-oidc",
    },
}


@cache
def host(certificate: str | None = None) -> Deployment:
    given: ProtectedHostArgs = {**ARGS, "exposure": {**ARGS["exposure"], "certificate_arn": certificate or ""}}
    return deploy(lambda: ProtectedHost("viz-host", given if certificate else ARGS))


def ingress(deployment: Deployment | None = None) -> Registration:
    return (deployment or host()).one("kubernetes:networking.k8s.io/v1:Ingress")


def test_everybody_is_sent_to_the_identity_provider_first() -> None:
    annotations = mapping(ingress().at("metadata", "annotations"))

    assert annotations[f"{ALB}/auth-type"] == "oidc"
    assert annotations[f"{ALB}/auth-on-unauthenticated-request"] == "authenticate"
    assert json.loads(str(annotations[f"{ALB}/auth-idp-oidc"])) == {
        "issuer": "https://login.example.com",
        "authorizationEndpoint": "https://login.example.com/authorize",
        "tokenEndpoint": "https://login.example.com/token",
        "userInfoEndpoint": "https://login.example.com/userinfo",
        "secretName": "dashboard-oidc",
    }


@pytest.mark.parametrize("https", [True, False])
def test_there_is_no_listener_on_which_the_load_balancer_would_ask_nobody(*, https: bool) -> None:
    args: ProtectedHostArgs = {**ARGS, "exposure": {**ARGS["exposure"], "https": https}}
    found = ingress(deploy(lambda: ProtectedHost("viz-host", args)))
    listeners = json.loads(str(found.at("metadata", "annotations", f"{ALB}/listen-ports")))

    assert listeners == [{"HTTPS": 443}], "whatever the apps beside it do: a rule is on its own Ingress's ports only"


def test_pods_are_asked_for_their_health_where_their_host_does_not_matter() -> None:
    annotations = mapping(ingress().at("metadata", "annotations"))

    assert annotations[f"{ALB}/healthcheck-port"] == "9994"
    assert annotations[f"{ALB}/healthcheck-path"] == "/ready"


def test_the_certificate_is_the_given_one_or_left_to_the_controller() -> None:
    given = ingress(host("arn:aws:acm:eu-central-1:1:certificate/a"))

    assert given.at("metadata", "annotations", f"{ALB}/certificate-arn") == "arn:aws:acm:eu-central-1:1:certificate/a"
    assert f"{ALB}/certificate-arn" not in mapping(ingress().at("metadata", "annotations"))


def test_one_host_leads_to_the_service() -> None:
    rule = ingress().at("spec", "rules", 0)

    assert ingress().at("spec", "ingressClassName") == "alb"
    assert at(rule, "host") == "viz.example.com"
    assert at(rule, "http", "paths", 0, "backend") == {"service": {"name": "web", "port": {"number": 8084}}}
    assert ingress().at("metadata", "annotations", "external-dns.alpha.kubernetes.io/hostname") == "viz.example.com"


def test_the_url_is_https() -> None:
    assert at(host().one("linkerd-workshop:traffic:ProtectedHost").outputs, "url") == "https://viz.example.com/"
