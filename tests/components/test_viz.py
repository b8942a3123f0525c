"""linkerd-viz: its chart, its certificates, its order on destroy, and the permission to query its Prometheus."""

import re

import pytest

from components.mesh.viz import PrometheusAccess, admitted_hosts, values
from tests.components.charts import chart, installed, transformed
from tests.engine import deploy
from tests.recorded_values import Secret, at, decoded, mapping

CHART = "viz-chart"
SECRETS = {"tap-k8s-tls": "tap.linkerd-viz.svc", "tap-injector-k8s-tls": "tap-injector.linkerd-viz.svc"}


def test_the_labels_of_the_hook_that_a_chart_drops_are_on_the_namespace() -> None:
    assert installed("viz").named("linkerd-viz-namespace").at("metadata", "labels") == {
        "linkerd.io/extension": "viz",
        "pod-security.kubernetes.io/enforce": "privileged",
    }


@pytest.mark.parametrize(("secret", "host"), SECRETS.items())
def test_each_server_gets_a_leaf_for_the_name_by_which_the_api_server_calls_it(secret: str, host: str) -> None:
    found = installed("viz").named(f"{secret}-secret")

    assert found.at("metadata") == {"name": secret, "namespace": "linkerd-viz"}
    assert decoded(found.at("data", "tls.crt")) == Secret(f"certificate {secret}-leaf")
    assert installed("viz").named(f"{secret}-request").at("dnsNames") == [host]
    assert installed("viz").named(f"{secret}-leaf").at("earlyRenewalHours") == 10 * 24


def test_the_authority_reaches_the_api_service_which_keeps_the_rest_of_its_spec() -> None:
    spec = {"group": "tap.linkerd.io", "service": {"name": "tap"}}
    rendered = {"metadata": {"name": "x"}, "spec": {**spec, "caBundle": "cGxhY2Vob2xkZXI="}}
    result = transformed(CHART, "kubernetes:apiregistration.k8s.io/v1:APIService", rendered)

    assert decoded(at(result, "spec", "caBundle")) == "certificate viz-webhooks-authority"
    assert spec.items() <= mapping(at(result, "spec")).items()


@pytest.mark.parametrize("hosts", [values({}), values({}, "")], ids=["none", "empty"])
def test_without_a_public_host_the_charts_own_rule_admits_local_names_only(hosts: object) -> None:
    assert "enforcedHostRegexp" not in str(hosts)


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("viz.example.com", True),
        ("viz.example.com:443", True),
        ("localhost:50750", True),
        ("127.0.0.1:8084", True),
        ("[::1]:8084", True),
        ("web.linkerd-viz.svc.cluster.local:8084", True),
        ("web.linkerd-viz.svc", True),
        ("vizXexample.com", False),
        ("evil.com", False),
        ("viz.example.com.evil.com", False),
        ("not-viz.example.com", False),
        ("localhost.evil.com", False),
    ],
)
def test_the_dashboard_answers_for_its_public_host_and_the_local_ones_only(host: str, *, admitted: bool) -> None:
    pattern = str(chart(CHART).at("values", "dashboard", "enforcedHostRegexp"))

    assert pattern == admitted_hosts("viz.example.com")
    assert bool(re.search(pattern, host)) is admitted


def test_the_proxy_of_one_account_may_query_prometheus_at_a_url_that_comes_after_the_permission() -> None:
    access = deploy(
        lambda: PrometheusAccess(
            "access", {"namespace": "linkerd-viz", "account": "argo-rollouts", "account_namespace": "argo-rollouts"}
        )
    )
    policy = access.one("kubernetes:policy.linkerd.io/v1alpha1:AuthorizationPolicy")

    assert policy.look("metadata name") == "prometheus-argo-rollouts"
    assert policy.look("metadata namespace") == "linkerd-viz"
    target = {"group": "policy.linkerd.io", "kind": "Server", "name": "prometheus-admin"}
    account = {"kind": "ServiceAccount", "name": "argo-rollouts", "namespace": "argo-rollouts"}
    assert policy.at("spec") == {"targetRef": target, "requiredAuthenticationRefs": [account]}
    url = at(access.one("linkerd-workshop:mesh:PrometheusAccess").outputs, "url")
    assert url == "http://prometheus.linkerd-viz:9090"
