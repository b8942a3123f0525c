"""A canary and its demo: the owner of each field, the order of its parts, and the requests that make it a bad one."""

from functools import cache

import pytest

from components.delivery.argo_rollouts import PLUGIN
from components.demos.progressive_delivery import ASKING, ProgressiveDelivery, ProgressiveDeliveryArgs
from components.resources.workload import app_workload
from components.traffic.canary import Canary, CanaryArgs
from tests.components.arguments import APP, CANARY
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at
from versions import CURL_IMAGE

SHOP: CanaryArgs = {
    "workload": {**app_workload("cart", "shop", "cart:1", APP), "replicas": 3},
    "port": 80,
    "rollout": "cart",
    "route": "cart-split",
    "weights": (10, 50),
    "pause_seconds": 7,
    "prometheus": None,
}
PROMETHEUS = "http://prometheus.example:9090"
ANALYSIS = "kubernetes:argoproj.io/v1alpha1:AnalysisTemplate"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"


@cache
def canary() -> Deployment:
    return deploy(lambda: Canary("canary", SHOP))


@cache
def analysed() -> Deployment:
    return deploy(lambda: Canary("canary", {**SHOP, "prometheus": PROMETHEUS}))


def rollout(deployment: Deployment) -> Registration:
    return deployment.one("kubernetes:argoproj.io/v1alpha1:Rollout")


CONTAINER, PAUSE = "spec template spec containers 0", {"pause": {"duration": 7}}
BACKENDS = [{"name": f"cart-{name}", "port": 80, "weight": weight} for name, weight in (("stable", 100), ("canary", 0))]
OBJECTS: dict[str, dict[str, object]] = {
    "canary-route": {
        "metadata name": "cart-split",
        "metadata namespace": "shop",
        "spec parentRefs": [{"name": "cart", "kind": "Service", "group": "", "port": 80}],
        "spec rules": [{"backendRefs": BACKENDS}],  # between two canaries the stable version gets all requests
    },
    **{
        f"canary-{kind}service": {
            "metadata name": name,
            "metadata annotations": {"pulumi.com/skipAwait": "true"},
            "spec": {"selector": {"app": "cart"}, "ports": [{"name": "service", "port": 80}]},
        }
        for kind, name in {"": "cart", "stable-": "cart-stable", "canary-": "cart-canary"}.items()
    },
    "canary-rollout": {
        "spec strategy canary": {
            "canaryService": "cart-canary",
            "stableService": "cart-stable",
            "trafficRouting": {"plugins": {PLUGIN: {"httpRoute": "cart-split", "namespace": "shop"}}},
            "steps": [{"setWeight": 10}, PAUSE, {"setWeight": 50}, PAUSE],
        },
        "spec selector matchLabels": {"app": "cart"},
        "spec template metadata labels": {"app": "cart", "app.kubernetes.io/part-of": "shop"},
        "spec template spec serviceAccountName": "cart",
        f"{CONTAINER} image": "cart:1",
        f"{CONTAINER} ports": [{"name": "service", "containerPort": 80}],
        f"{CONTAINER} lifecycle": {"preStop": {"sleep": {"seconds": 5}}},  # in Kubernetes' spelling
    },
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_canary_has_a_route_three_services_and_a_rollout_that_steps_through_the_weights(name: str) -> None:
    found = canary().named(name)

    assert found.select(OBJECTS[name]) == OBJECTS[name]
    for empty in ("{}", "[]"):
        assert empty not in str(found.at("spec")), "the controller writes the template back without it"


def test_an_analysis_before_the_rollout_measures_the_canary_in_its_clients_proxies_and_forgives_silence() -> None:
    metric = analysed().one(ANALYSIS).at("spec", "metrics", 0)
    series = "outbound_http_route_backend_response_statuses_total"
    backend = 'backend_namespace="shop",backend_name="cart-canary"'
    good = f'(sum(rate({series}{{{backend},http_status=~"[1-3].."}}[30s])) or vector(0))'

    query = f"{good} / sum(rate({series}{{{backend}}}[30s]))"
    assert at(metric, "successCondition") == "len(result) == 0 || isNaN(result[0]) || result[0] >= 0.95"
    assert at(metric, "provider") == {"prometheus": {"address": PROMETHEUS, "query": query}}
    templates = rollout(analysed()).at("spec", "strategy", "canary", "analysis")
    assert templates == {"templates": [{"templateName": "success-rate"}]}
    assert "canary-analysis" in analysed().before(rollout(analysed()))


def changed_demo(args: ProgressiveDeliveryArgs) -> Deployment:
    return deploy(lambda: ProgressiveDelivery("demo", args))


demo = cache(lambda: changed_demo(CANARY))


def test_rollout_route_and_services_of_the_demo_are_those_of_the_workshop() -> None:
    services = {each.at("metadata", "name") for each in demo().of("kubernetes:core/v1:Service")}
    steps = [step for weight in (30, 40, 60, 80) for step in ({"setWeight": weight}, {"pause": {"duration": 10}})]
    spec = rollout(demo()).at("spec")

    assert rollout(demo()).at("metadata", "name") == "rollouts-demo"
    assert at(spec, "template", "spec", "nodeSelector") == {"kubernetes.io/arch": "amd64"}, "of the image"
    assert (at(spec, "replicas"), at(spec, "revisionHistoryLimit")) == (2, 2)
    assert at(spec, "strategy", "canary", "steps") == steps
    assert demo().one(ROUTE).at("metadata", "name") == "argo-rollouts-http-route"
    assert services == {"podinfo", "podinfo-stable", "podinfo-canary"}


def test_another_version_changes_the_image_and_nothing_else() -> None:
    image, other = "quay.io/stefanprodan/podinfo:1.7.1", changed_demo({**CANARY, "version": "1.7.1"})

    assert other.container("demo-canary-rollout")["image"] == image
    assert demo().changed(other) == ["demo-canary-rollout"]
    first = str(rollout(other).inputs).replace(image, "quay.io/stefanprodan/podinfo:1.7.0")
    assert first == str(rollout(demo()).inputs)


def test_random_errors_are_an_argument_of_the_app() -> None:
    faulty = changed_demo({**CANARY, "random_errors": True})

    assert faulty.container("demo-canary-rollout")["args"] == ["./podinfo", "--random-error"]
    assert "args" not in demo().container("demo-canary-rollout")


def test_a_client_keeps_calling_the_service_whose_traffic_is_split() -> None:
    container = demo().container("demo-client-deployment")

    assert (container["image"], container["args"]) == (CURL_IMAGE, ["sh", "-c", ASKING])
    assert "http://podinfo:9898/version" in ASKING
