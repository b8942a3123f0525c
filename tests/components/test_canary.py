"""A canary: who owns which field of it, in which order its parts come, and when it is a bad one."""

from functools import cache

import pytest

from components.traffic.canary import Canary, CanaryArgs
from components.traffic.success_rate import CanaryAnalysis
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at

SHOP: CanaryArgs = {
    "workload": {"name": "cart", "namespace": "shop", "part_of": "shop", "image": "cart:1", "replicas": 3},
    "port": 80,
    "rollout": "cart",
    "route": "cart-split",
    "weights": (10, 50),
    "pause_seconds": 7,
}
PROMETHEUS = "http://prometheus.example:9090"
MEASURED: CanaryAnalysis = {"prometheus": PROMETHEUS}


@cache
def canary() -> Deployment:
    return deploy(lambda: Canary("canary", SHOP))


@cache
def analysed(percent: int | None = None) -> Deployment:
    analysis: CanaryAnalysis = MEASURED if percent is None else {**MEASURED, "success_percent": percent}
    return deploy(lambda: Canary("canary", {**SHOP, "analysis": analysis}))


def rollout(deployment: Deployment) -> Registration:
    return deployment.one("kubernetes:argoproj.io/v1alpha1:Rollout")


def measured(deployment: Deployment, *path: str) -> object:
    return deployment.one("kubernetes:argoproj.io/v1alpha1:AnalysisTemplate").at("spec", "metrics", 0, *path)


def test_between_two_canaries_the_stable_version_gets_everything() -> None:
    route = canary().one("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute")

    assert route.at("metadata") == {"name": "cart-split", "namespace": "shop"}
    assert route.at("spec", "parentRefs") == [{"name": "cart", "kind": "Service", "group": "", "port": 80}]
    assert route.at("spec", "rules") == [
        {
            "backendRefs": [
                {"name": "cart-stable", "port": 80, "weight": 100},
                {"name": "cart-canary", "port": 80, "weight": 0},
            ]
        }
    ]


def test_what_a_controller_writes_is_not_ours_and_nothing_else_is_given_up() -> None:
    given_up = {each.name: each.options.get("ignoreChanges") for each in canary().registrations}

    assert {name: paths for name, paths in given_up.items() if paths} == {
        "canary-route": ["spec.rules"],
        "canary-stable-service": ["spec.selector"],
        "canary-canary-service": ["spec.selector"],
    }


@pytest.mark.parametrize(
    ("name", "service"),
    [("canary-service", "cart"), ("canary-stable-service", "cart-stable"), ("canary-canary-service", "cart-canary")],
)
def test_every_service_begins_with_all_pods_of_the_app(name: str, service: str) -> None:
    made = canary().named(name)

    assert made.at("metadata", "name") == service
    assert made.at("spec", "selector") == {"app": "cart"}
    assert made.at("spec", "ports") == [{"name": "service", "port": 80}]
    assert made.at("metadata", "annotations") == {"pulumi.com/skipAwait": "true"}


def test_the_rollout_goes_through_the_weights_with_a_pause_after_each() -> None:
    assert rollout(canary()).at("spec", "strategy", "canary") == {
        "canaryService": "cart-canary",
        "stableService": "cart-stable",
        "trafficRouting": {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "cart-split", "namespace": "shop"}}},
        "steps": [
            {"setWeight": 10},
            {"pause": {"duration": 7}},
            {"setWeight": 50},
            {"pause": {"duration": 7}},
        ],
    }


def test_the_rollouts_pods_are_made_as_those_of_every_app() -> None:
    template = rollout(canary()).at("spec", "template")

    assert rollout(canary()).at("spec", "selector", "matchLabels") == {"app": "cart"}
    assert at(template, "metadata", "labels") == {"app": "cart", "app.kubernetes.io/part-of": "shop"}
    assert at(template, "spec", "serviceAccountName") == "cart"
    container = at(template, "spec", "containers", 0)
    assert at(container, "image") == "cart:1"
    assert at(container, "ports") == [{"name": "service", "containerPort": 80}]
    assert at(container, "lifecycle") == {"preStop": {"sleep": {"seconds": 5}}}, "in Kubernetes' spelling"


def test_the_pods_carry_nothing_empty_because_the_controller_writes_it_back_without() -> None:
    template = str(rollout(canary()).at("spec", "template"))

    assert "{}" not in template
    assert "[]" not in template


def test_the_rollout_comes_after_what_it_names_and_goes_before_it() -> None:
    assert canary().before(rollout(canary())) == [
        "canary-account",
        "canary-canary-service",
        "canary-route",
        "canary-stable-service",
    ]


def test_without_an_analysis_nothing_is_measured() -> None:
    assert canary().of("kubernetes:argoproj.io/v1alpha1:AnalysisTemplate") == []


def test_an_analysis_measures_the_canary_through_its_clients_proxies() -> None:
    series = "outbound_http_route_backend_response_statuses_total"
    canarys = 'backend_namespace="shop",backend_name="cart-canary"'

    assert measured(analysed(), "provider") == {
        "prometheus": {
            "address": PROMETHEUS,
            "query": (
                f'(sum(rate({series}{{{canarys},http_status=~"[1-3].."}}[30s])) or vector(0))'
                f" / sum(rate({series}{{{canarys}}}[30s]))"
            ),
        }
    }
    assert rollout(analysed()).at("spec", "strategy", "canary", "analysis") == {
        "templates": [{"templateName": "success-rate"}]
    }


@pytest.mark.parametrize(("percent", "least"), [(None, "0.95"), (80, "0.8"), (100, "1.0")])
def test_a_canary_is_good_from_a_rate_on_and_also_while_nobody_asks_it(percent: int | None, least: str) -> None:
    condition = measured(analysed(percent), "successCondition")

    assert condition == f"len(result) == 0 || isNaN(result[0]) || result[0] >= {least}"


def test_the_rollout_comes_after_its_measurement() -> None:
    assert "canary-analysis" in analysed().before(rollout(analysed()))
