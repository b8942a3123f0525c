"""Policies about what the world sees: dashboards and secrets."""

import base64
import json
from collections.abc import Iterable, Mapping

import pytest

from policies import exposure, leaks
from policies.judged import UNKNOWN, Finding, Judged, of_kubernetes, of_resource

ALB = "alb.ingress.kubernetes.io"
BEHIND_A_LOGIN = {
    f"{ALB}/auth-type": "oidc",
    f"{ALB}/auth-on-unauthenticated-request": "authenticate",
    f"{ALB}/listen-ports": '[{"HTTPS": 443}]',
}
DASHBOARDS = [*exposure.DASHBOARDS]
KEY = "-----BEGIN EC " + "PRIVATE KEY-----\nAAAA\n-----END EC " + "PRIVATE KEY-----\n"


def found(findings: Iterable[Finding]) -> str:
    return "\n".join(map(str, findings))


def ingress(namespace: str, service: str, annotations: Mapping[str, str]) -> Judged:
    path = {"path": "/", "backend": {"service": {"name": service, "port": {"number": 80}}}}
    return of_kubernetes(
        {
            "kind": "Ingress",
            "metadata": {"name": "door", "namespace": namespace, "annotations": annotations},
            "spec": {"rules": [{"host": "x.example.com", "http": {"paths": [path]}}]},
        }
    )


@pytest.mark.parametrize(("namespace", "service"), DASHBOARDS)
def test_a_dashboard_is_public_behind_a_login_only(namespace: str, service: str) -> None:
    assert "public without a login" in found(exposure.find_public_dashboards(ingress(namespace, service, {})))
    assert found(exposure.find_public_dashboards(ingress(namespace, service, BEHIND_A_LOGIN))) == ""


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        ("auth-type", "cognito", "public without a login"),
        ("auth-on-unauthenticated-request", "allow", "lets in who has not logged in"),
        ("listen-ports", '[{"HTTP": 80}, {"HTTPS": 443}]', "is reached by HTTP"),
        ("listen-ports", "", "is reached by HTTP"),
    ],
)
def test_every_way_around_the_login_is_found(annotation: str, value: str, words: str) -> None:
    annotations = {**BEHIND_A_LOGIN, f"{ALB}/{annotation}": value}

    assert words in found(exposure.find_public_dashboards(ingress("linkerd-viz", "web", annotations)))


def test_a_default_backend_shows_a_dashboard_too() -> None:
    judged = of_kubernetes(
        {
            "kind": "Ingress",
            "metadata": {"name": "door", "namespace": "argocd"},
            "spec": {"defaultBackend": {"service": {"name": "argocd-server"}}},
        }
    )
    assert "Argo CD is public" in found(exposure.find_public_dashboards(judged))


def test_an_app_may_be_public() -> None:
    assert found(exposure.find_public_dashboards(ingress("booksapp", "webapp", {}))) == ""
    assert found(exposure.find_public_dashboards(ingress("booksapp", "web", {}))) == "", "another app of that name"


@pytest.mark.parametrize("kind", ["LoadBalancer", "NodePort"])
def test_no_service_goes_around_the_ingress(kind: str) -> None:
    service = {"kind": "Service", "metadata": {"name": "web", "namespace": "linkerd-viz"}, "spec": {"type": kind}}
    inside = {**service, "spec": {"type": "ClusterIP"}}

    assert kind in found(exposure.find_public_dashboards(of_kubernetes(service)))
    assert found(exposure.find_public_dashboards(of_kubernetes(inside))) == ""
    assert "externalIPs" in found(
        exposure.find_public_dashboards(of_kubernetes({**inside, "spec": {"externalIPs": ["1.2.3.4"]}}))
    )


def test_a_gateway_shows_no_dashboard_and_a_route_of_the_mesh_is_no_gateway() -> None:
    def route(parent: Mapping[str, str]) -> Judged:
        rules = [{"backendRefs": [{"name": "web", "port": 8084}]}]
        spec = {"parentRefs": [parent], "rules": rules}
        return of_kubernetes({"kind": "HTTPRoute", "metadata": {"name": "r", "namespace": "linkerd-viz"}, "spec": spec})

    assert "through a Gateway" in found(exposure.find_public_dashboards(route({"name": "public"})))
    assert found(exposure.find_public_dashboards(route({"name": "web", "kind": "Service"}))) == ""


def variable(name: str, value: object) -> Judged:
    spec = {"template": {"spec": {"containers": [{"name": "app", "env": [{"name": name, "value": value}]}]}}}
    return of_kubernetes({"kind": "Deployment", "metadata": {"name": "app", "namespace": "shop"}, "spec": spec})


def config_map(**data: str) -> Judged:
    return of_kubernetes({"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": data})


LOOKS_LIKE_ONE = {
    "DB_PASSWORD": "swordfish",
    "API_KEY": "s3cr3tvalue",
    "DATABASE_URL": "mysql2://books:" + "books@mysql:3306/books",
    "ANYTHING": KEY,
    "ID": "AKIA" + "IOSFODNN7EXAMPLE",
}


@pytest.mark.parametrize("name", LOOKS_LIKE_ONE)
def test_what_looks_like_a_secret_is_found_in_a_variable_a_config_map_and_chart_values(name: str) -> None:
    value = LOOKS_LIKE_ONE[name]
    chart = of_resource("kubernetes:helm.sh/v4:Chart", "chart", {"values": {"server": [{name: value}]}})
    encoded = {
        "kind": "ConfigMap",
        "metadata": {"name": "c"},
        "binaryData": {name: base64.b64encode(value.encode()).decode()},
    }

    assert f"variable {name}: it looks like a secret" in found(leaks.find_exposed_secrets(variable(name, value)))
    assert f"key {name}: it looks like a secret" in found(leaks.find_exposed_secrets(config_map(**{name: value})))
    assert f"value server[0].{name}: it looks like a secret" in found(leaks.find_exposed_secrets(chart))
    assert f"key {name}" in found(leaks.find_exposed_secrets(of_kubernetes(encoded)))
    assert value not in found(leaks.find_exposed_secrets(variable(name, value))), "a finding shows no secret"


def test_a_secret_in_a_file_of_a_config_map_is_found() -> None:
    assert "Private Key" in found(leaks.find_exposed_secrets(config_map(file=f"before\n{KEY}after\n")))
    assert "Secret Keyword" in found(leaks.find_exposed_secrets(config_map(file='a: 1\npassword: "swordfish"\n')))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite3:db/db.sqlite3"),
        ("PODINFO_UI_MESSAGE", "A backend"),
        ("CERTIFICATE", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        ("PASSWORD", ""),
        ("PASSWORD", UNKNOWN),
        ("externalSecret", True),
    ],
)
def test_what_is_none_is_left_alone(name: str, value: object) -> None:
    assert found(leaks.find_exposed_secrets(variable(name, value))) == ""


def test_a_variable_from_a_secret_is_how_it_should_be() -> None:
    env = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}}]
    spec = {"template": {"spec": {"containers": [{"name": "app", "env": env}]}}}
    judged = of_kubernetes({"kind": "Deployment", "metadata": {"name": "app"}, "spec": spec})

    assert found(leaks.find_exposed_secrets(judged)) == ""
    assert json.dumps(env)
