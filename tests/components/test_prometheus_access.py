"""Leave to ask viz's Prometheus, given to one ServiceAccount and nobody else."""

from functools import cache

from components.mesh.prometheus_access import PrometheusAccess
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at

POLICY = "kubernetes:policy.linkerd.io/v1alpha1:AuthorizationPolicy"


@cache
def access() -> Deployment:
    return deploy(
        lambda: PrometheusAccess(
            "access",
            {"namespace": "linkerd-viz", "account": "argo-rollouts", "account_namespace": "argo-rollouts"},
        )
    )


def test_the_policy_lies_beside_prometheus_and_belongs_to_the_charts_server() -> None:
    policy = access().one(POLICY)

    assert policy.at("metadata") == {"name": "prometheus-argo-rollouts", "namespace": "linkerd-viz"}
    assert policy.at("spec", "targetRef") == {
        "group": "policy.linkerd.io",
        "kind": "Server",
        "name": "prometheus-admin",
    }


def test_it_admits_one_account_by_the_identity_of_its_proxy() -> None:
    assert access().one(POLICY).at("spec", "requiredAuthenticationRefs") == [
        {"kind": "ServiceAccount", "name": "argo-rollouts", "namespace": "argo-rollouts"}
    ]


def test_whoever_uses_the_url_waits_for_the_leave() -> None:
    assert at(access().one("linkerd-workshop:mesh:PrometheusAccess").outputs, "url") == (
        "http://prometheus.linkerd-viz:9090"
    )
