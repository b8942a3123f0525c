"""The demo of a canary: what starts one, and who shows it."""

from collections.abc import Mapping
from functools import cache

import pytest

from components.demos.progressive_delivery import ASKING, ProgressiveDelivery, ProgressiveDeliveryArgs
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at, mapping
from versions import CURL_IMAGE

DEFAULTS: ProgressiveDeliveryArgs = {"namespace": "progressive-delivery", "pod_annotations": {"generation": "1"}}
POD = ("spec", "template", "spec")


@cache
def demo() -> Deployment:
    return with_(DEFAULTS)


def with_(args: ProgressiveDeliveryArgs) -> Deployment:
    return deploy(lambda: ProgressiveDelivery("demo", args))


def spec(deployment: Deployment, *path: str | int) -> object:
    return deployment.named("demo-canary-rollout").at("spec", *path)


def test_the_rollout_is_the_one_of_the_workshop() -> None:
    rollout = demo().named("demo-canary-rollout")

    assert rollout.at("metadata") == {"name": "rollouts-demo", "namespace": "progressive-delivery"}
    assert (spec(demo(), "replicas"), spec(demo(), "revisionHistoryLimit")) == (2, 2)
    weights = [30, 40, 60, 80]
    pause = {"pause": {"duration": 10}}
    steps = [step for weight in weights for step in ({"setWeight": weight}, pause)]
    assert spec(demo(), "strategy", "canary", "steps") == steps


def test_its_route_and_its_services_are_the_ones_of_the_workshop() -> None:
    route = demo().one("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute")
    services = {each.at("metadata", "name") for each in demo().of("kubernetes:core/v1:Service")}

    assert route.at("metadata", "name") == "argo-rollouts-http-route"
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
def test_a_version_is_a_tag(args: ProgressiveDeliveryArgs, image: str) -> None:
    assert spec(with_(args), "template", "spec", "containers", 0, "image") == image


def test_another_version_changes_the_image_and_nothing_else() -> None:
    one, two = recorded(demo()), recorded(with_({**DEFAULTS, "version": "1.7.1"}))

    assert {name for name in one if one[name] != two[name]} == {"demo-canary-rollout"}
    text = str(two["demo-canary-rollout"]).replace("podinfo:1.7.1", "podinfo:1.7.0")
    assert text == str(one["demo-canary-rollout"])


@pytest.mark.parametrize(("architecture", "selector"), [("arm64", {"kubernetes.io/arch": "arm64"}), (None, None)])
def test_images_of_another_architecture_run_where_they_can(architecture: str | None, selector: object) -> None:
    pod = spec(with_({**DEFAULTS, "architecture": architecture}), "template", "spec")

    assert mapping(pod).get("nodeSelector") == selector
    assert spec(demo(), "template", "spec", "nodeSelector") == {"kubernetes.io/arch": "amd64"}


def test_random_errors_are_a_version_of_their_own() -> None:
    faulty = with_({**DEFAULTS, "random_errors": True})

    assert spec(faulty, "template", "spec", "containers", 0, "args") == ["./podinfo", "--random-error"]
    assert "args" not in mapping(spec(demo(), "template", "spec", "containers", 0))


def test_a_client_keeps_asking_the_service_that_is_split() -> None:
    pod = demo().one("kubernetes:apps/v1:Deployment").at(*POD)

    assert at(pod, "containers", 0, "image") == CURL_IMAGE
    assert at(pod, "containers", 0, "args") == ["sh", "-c", ASKING]
    assert "http://podinfo:9898/version" in ASKING


def test_every_pod_carries_the_annotations_that_restart_it() -> None:
    client = demo().one("kubernetes:apps/v1:Deployment")

    assert client.at("spec", "template", "metadata", "annotations") == {"generation": "1"}
    assert spec(demo(), "template", "metadata", "annotations") == {"generation": "1"}


def test_without_a_host_the_url_is_the_command_that_shows_the_versions() -> None:
    component = demo().one("linkerd-workshop:demos:ProgressiveDelivery")

    assert at(component.outputs, "url") == "kubectl -n progressive-delivery logs deployment/client --follow"


def test_a_host_is_one_of_the_service_that_clients_call() -> None:
    public = with_({**DEFAULTS, "host": "canary.example.com", "exposure": {"ingress_class": "nginx"}})
    ingress = public.one("kubernetes:networking.k8s.io/v1:Ingress")

    backend = at(ingress.inputs, "spec", "rules", 0, "http", "paths", 0, "backend", "service")
    assert backend == {"name": "podinfo", "port": {"number": 9898}}
    annotations = mapping(ingress.at("metadata", "annotations"))
    assert annotations["alb.ingress.kubernetes.io/healthcheck-path"] == "/healthz", "the pods answer 200 there"
    assert at(public.one("linkerd-workshop:demos:ProgressiveDelivery").outputs, "url") == "http://canary.example.com/"


def test_an_analysis_is_made_only_where_there_is_somebody_to_ask() -> None:
    asked = with_({**DEFAULTS, "analysis": {"prometheus": "http://prometheus.linkerd-viz:9090"}})
    kind = "kubernetes:argoproj.io/v1alpha1:AnalysisTemplate"

    assert len(asked.of(kind)) == 1
    assert demo().of(kind) == []


def recorded(deployment: Deployment) -> Mapping[str, dict[str, object]]:
    return {each.name: each.inputs for each in deployment.registrations}
