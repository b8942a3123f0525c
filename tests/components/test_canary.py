"""A canary and its demo: the owner of each field, the order of its parts, and the requests that make it a bad one."""

from functools import cache

import pytest

from components.demos.progressive_delivery import ASKING, ProgressiveDelivery, ProgressiveDeliveryArgs
from components.traffic.canary import Canary, CanaryAnalysis, CanaryArgs
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at, mapping
from versions import CURL_IMAGE

SHOP: CanaryArgs = {
    "workload": {"name": "cart", "namespace": "shop", "part_of": "shop", "image": "cart:1", "replicas": 3},
    "port": 80,
    "rollout": "cart",
    "route": "cart-split",
    "weights": (10, 50),
    "pause_seconds": 7,
}
PROMETHEUS = "http://prometheus.example:9090"
ANALYSIS = "kubernetes:argoproj.io/v1alpha1:AnalysisTemplate"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"


@cache
def canary() -> Deployment:
    return deploy(lambda: Canary("canary", SHOP))


@cache
def analysed(percent: int | None = None) -> Deployment:
    analysis: CanaryAnalysis = {"prometheus": PROMETHEUS}
    if percent is not None:
        analysis["success_percent"] = percent
    return deploy(lambda: Canary("canary", {**SHOP, "analysis": analysis}))


def rollout(deployment: Deployment) -> Registration:
    return deployment.one("kubernetes:argoproj.io/v1alpha1:Rollout")


def metric(deployment: Deployment, key: str) -> object:
    return deployment.one(ANALYSIS).at("spec", "metrics", 0, key)


def test_between_two_canaries_the_stable_version_gets_all_requests() -> None:
    route = canary().one(ROUTE)

    assert route.at("metadata") == {"name": "cart-split", "namespace": "shop"}
    assert route.at("spec", "parentRefs") == [{"name": "cart", "kind": "Service", "group": "", "port": 80}]
    weights = [("cart-stable", 100), ("cart-canary", 0)]
    backends = [{"name": name, "port": 80, "weight": weight} for name, weight in weights]
    assert route.at("spec", "rules") == [{"backendRefs": backends}]


def test_fields_that_the_rollouts_controller_writes_are_ignored_and_no_others() -> None:
    ignored = {each.name: each.options.get("ignoreChanges") for each in canary().registrations}

    assert {name: paths for name, paths in ignored.items() if paths} == {
        "canary-route": ["spec.rules"],
        "canary-stable-service": ["spec.selector"],
        "canary-canary-service": ["spec.selector"],
    }


@pytest.mark.parametrize(
    ("name", "service"),
    [("canary-service", "cart"), ("canary-stable-service", "cart-stable"), ("canary-canary-service", "cart-canary")],
)
def test_every_service_selects_all_pods_of_the_app_at_first(name: str, service: str) -> None:
    found = canary().named(name)

    assert found.at("metadata", "name") == service
    assert found.at("spec") == {"selector": {"app": "cart"}, "ports": [{"name": "service", "port": 80}]}
    assert found.at("metadata", "annotations") == {"pulumi.com/skipAwait": "true"}


def test_the_rollout_steps_through_the_weights_with_a_pause_after_each() -> None:
    pause = {"pause": {"duration": 7}}

    assert rollout(canary()).at("spec", "strategy", "canary") == {
        "canaryService": "cart-canary",
        "stableService": "cart-stable",
        "trafficRouting": {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "cart-split", "namespace": "shop"}}},
        "steps": [{"setWeight": 10}, pause, {"setWeight": 50}, pause],
    }


def test_the_pods_of_the_rollout_are_like_those_of_every_app() -> None:
    template = rollout(canary()).at("spec", "template")
    container = canary().container("canary-rollout")

    assert rollout(canary()).at("spec", "selector", "matchLabels") == {"app": "cart"}
    assert at(template, "metadata", "labels") == {"app": "cart", "app.kubernetes.io/part-of": "shop"}
    assert at(template, "spec", "serviceAccountName") == "cart"
    assert container["image"] == "cart:1"
    assert container["ports"] == [{"name": "service", "containerPort": 80}]
    assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}, "in Kubernetes' spelling"
    for empty in ("{}", "[]"):
        assert empty not in str(template), "the controller writes the template back without it"


def test_without_an_analysis_nothing_is_measured() -> None:
    assert canary().of(ANALYSIS) == []


def test_an_analysis_measures_the_canary_in_its_clients_proxies_and_exists_before_the_rollout() -> None:
    series = "outbound_http_route_backend_response_statuses_total"
    backend = 'backend_namespace="shop",backend_name="cart-canary"'
    good = f'(sum(rate({series}{{{backend},http_status=~"[1-3].."}}[30s])) or vector(0))'

    query = f"{good} / sum(rate({series}{{{backend}}}[30s]))"
    assert metric(analysed(), "provider") == {"prometheus": {"address": PROMETHEUS, "query": query}}
    templates = rollout(analysed()).at("spec", "strategy", "canary", "analysis")
    assert templates == {"templates": [{"templateName": "success-rate"}]}
    assert "canary-analysis" in analysed().before(rollout(analysed()))


@pytest.mark.parametrize(("percent", "least"), [(None, "0.95"), (80, "0.8"), (100, "1.0")])
def test_a_canary_is_good_above_a_success_rate_and_while_it_gets_no_requests(percent: int | None, least: str) -> None:
    condition = metric(analysed(percent), "successCondition")

    assert condition == f"len(result) == 0 || isNaN(result[0]) || result[0] >= {least}"


DEFAULTS: ProgressiveDeliveryArgs = {"namespace": "progressive-delivery"}


def changed_demo(args: ProgressiveDeliveryArgs) -> Deployment:
    return deploy(lambda: ProgressiveDelivery("demo", args))


demo = cache(lambda: changed_demo(DEFAULTS))


def test_rollout_route_and_services_of_the_demo_are_those_of_the_workshop() -> None:
    services = {each.at("metadata", "name") for each in demo().of("kubernetes:core/v1:Service")}
    steps = [step for weight in (30, 40, 60, 80) for step in ({"setWeight": weight}, {"pause": {"duration": 10}})]
    spec = rollout(demo()).at("spec")

    assert rollout(demo()).at("metadata", "name") == "rollouts-demo"
    assert (at(spec, "replicas"), at(spec, "revisionHistoryLimit")) == (2, 2)
    assert at(spec, "strategy", "canary", "steps") == steps
    assert demo().one(ROUTE).at("metadata", "name") == "argo-rollouts-http-route"
    assert services == {"podinfo", "podinfo-stable", "podinfo-canary"}


@pytest.mark.parametrize(
    ("args", "image"),
    [
        (DEFAULTS, "quay.io/stefanprodan/podinfo:1.7.0"),
        ({**DEFAULTS, "version": "1.7.1"}, "quay.io/stefanprodan/podinfo:1.7.1"),
        ({**DEFAULTS, "repository": "mirror/podinfo"}, "mirror/podinfo:1.7.0"),
    ],
    ids=["first", "next", "mirrored"],
)
def test_another_version_changes_the_tag_of_the_image_and_nothing_else(
    args: ProgressiveDeliveryArgs, image: str
) -> None:
    other = changed_demo(args)

    assert other.container("demo-canary-rollout")["image"] == image
    assert demo().changed(other) == ([] if args == DEFAULTS else ["demo-canary-rollout"])
    first = str(rollout(other).inputs).replace(image, "quay.io/stefanprodan/podinfo:1.7.0")
    assert first == str(rollout(demo()).inputs)


@pytest.mark.parametrize(
    ("args", "selector"),
    [
        (DEFAULTS, {"kubernetes.io/arch": "amd64"}),
        ({**DEFAULTS, "architecture": "arm64"}, {"kubernetes.io/arch": "arm64"}),
        ({**DEFAULTS, "architecture": None}, None),
    ],
    ids=["published", "other", "any"],
)
def test_the_pods_run_on_the_architecture_of_the_image(args: ProgressiveDeliveryArgs, selector: object) -> None:
    assert mapping(rollout(changed_demo(args)).at("spec", "template", "spec")).get("nodeSelector") == selector


def test_random_errors_are_an_argument_of_the_app() -> None:
    faulty = changed_demo({**DEFAULTS, "random_errors": True})

    assert faulty.container("demo-canary-rollout")["args"] == ["./podinfo", "--random-error"]
    assert "args" not in demo().container("demo-canary-rollout")


def test_a_client_keeps_calling_the_service_whose_traffic_is_split() -> None:
    container = demo().container("demo-client-deployment")

    assert (container["image"], container["args"]) == (CURL_IMAGE, ["sh", "-c", ASKING])
    assert "http://podinfo:9898/version" in ASKING


def test_the_demo_is_analysed_only_where_prometheus_can_be_queried() -> None:
    asked = changed_demo({**DEFAULTS, "analysis": {"prometheus": PROMETHEUS}})

    assert (len(asked.of(ANALYSIS)), len(demo().of(ANALYSIS))) == (1, 0)
