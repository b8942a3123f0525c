"""The circuit-breaking demo: a pod that answers and one that fails behind one Service, with and without the breaker."""

from functools import cache

import pytest

from components.demos.circuit_breaking import CircuitBreaking, CircuitBreakingArgs
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at
from versions import BB_IMAGE, SLOW_COOKER_IMAGE

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
PODS = ["good", "bad", "slow-cooker"]
NAMESPACE = "circuit-breaking-demo"
MODE = "balancer.linkerd.io/failure-accrual"


def demo(given: CircuitBreakingArgs | None = None) -> Deployment:
    args: CircuitBreakingArgs = given or {"namespace": NAMESPACE}
    return deploy(lambda: CircuitBreaking("circuit-breaking", args))


@cache
def default() -> Deployment:
    return demo()


def pod(name: str, deployment: Deployment | None = None) -> object:
    return (deployment or default()).named(f"circuit-breaking-{name}-deployment").at("spec", "template")


def container(name: str, deployment: Deployment | None = None) -> object:
    return at(pod(name, deployment), "spec", "containers", 0)


def changed(one: Deployment, other: Deployment) -> list[str]:
    pairs = zip(one.registrations, other.registrations, strict=True)
    return [mine.name for mine, its in pairs if mine.inputs != its.inputs]


def test_every_object_lies_in_the_namespace() -> None:
    objects = [each for each in default().registrations if each.type.startswith("kubernetes:")]

    assert len(objects) == 1 + 2 * len(PODS)
    assert [each.name for each in objects if each.at("metadata", "namespace") != NAMESPACE] == []


def test_the_only_service_stands_before_the_good_and_the_bad_pod_alike() -> None:
    service = default().one("kubernetes:core/v1:Service")

    assert service.at("metadata", "name") == "bb"
    assert service.at("spec", "ports") == [{"name": "http", "port": 8080}]
    assert service.at("spec", "selector") == {"app": "bb"}
    assert [at(pod(name), "metadata", "labels", "app") for name in PODS] == ["bb", "bb", "slow-cooker"]


@pytest.mark.parametrize("name", ["good", "bad"])
def test_a_deployment_selects_its_own_pod_only(name: str) -> None:
    deployment = default().named(f"circuit-breaking-{name}-deployment")

    assert deployment.at("metadata", "name") == name
    assert deployment.at("spec", "selector", "matchLabels") == {"class": name}
    assert at(pod(name), "metadata", "labels", "class") == name


def test_the_good_pod_answers_and_the_bad_one_fails_every_request() -> None:
    assert at(container("good"), "image") == at(container("bad"), "image") == BB_IMAGE
    assert at(container("good"), "args") == ["terminus", "--h1-server-port=8080"]
    assert at(container("bad"), "args") == ["terminus", "--h1-server-port=8080", "--percent-failure=100"]
    assert at(container("bad"), "ports", 0, "containerPort") == 8080


def test_no_pod_is_probed_because_the_bad_one_would_never_be_ready() -> None:
    assert [name for name in PODS if "readinessProbe" in str(container(name))] == []


def test_the_client_asks_the_service_ten_times_a_second() -> None:
    assert at(container("slow-cooker"), "image") == SLOW_COOKER_IMAGE
    assert at(container("slow-cooker"), "args") == ["-qps", "10", "http://bb:8080"]
    assert at(pod("slow-cooker"), "metadata", "labels", "app") == "slow-cooker"


def test_no_pod_opts_out_of_the_mesh() -> None:
    assert "linkerd.io/inject" not in " ".join(str(at(pod(name), "metadata")) for name in PODS)


@pytest.mark.parametrize("name", PODS)
def test_pods_run_where_their_image_does_as_nobody_and_write_nothing(name: str) -> None:
    security = at(container(name), "securityContext")

    assert at(pod(name), "spec", "nodeSelector") == {"kubernetes.io/arch": "amd64"}
    assert at(security, "runAsUser") == 65534
    assert at(security, "runAsNonRoot") is True
    assert at(security, "readOnlyRootFilesystem") is True


def test_other_images_can_run_on_any_node() -> None:
    anywhere = demo(
        {"namespace": NAMESPACE, "architecture": None, "bb_image": "mirror/bb:1", "slow_cooker_image": "mirror/sc:1"}
    )

    assert [name for name in PODS if "nodeSelector" in str(pod(name, anywhere))] == []
    images = [at(container(name, anywhere), "image") for name in PODS]
    assert images == ["mirror/bb:1", "mirror/bb:1", "mirror/sc:1"]


def test_without_a_breaker_the_service_says_nothing_of_one() -> None:
    annotations = default().one("kubernetes:core/v1:Service").at("metadata", "annotations")

    assert annotations == {"pulumi.com/skipAwait": "true"}


def test_switching_the_breaker_on_changes_the_service_and_nothing_else() -> None:
    breaking = demo({"namespace": NAMESPACE, "breaker": {}})

    assert changed(default(), breaking) == ["circuit-breaking-service"]
    annotations = breaking.one("kubernetes:core/v1:Service").at("metadata", "annotations")
    assert annotations == {"pulumi.com/skipAwait": "true", MODE: "consecutive"}


def test_the_breaker_can_be_another() -> None:
    quick = demo({"namespace": NAMESPACE, "breaker": {"max_failures": 3, "max_penalty": "5s"}})

    annotations = quick.one("kubernetes:core/v1:Service").at("metadata", "annotations")
    assert at(annotations, f"{MODE}-consecutive-max-failures") == "3"
    assert at(annotations, f"{MODE}-consecutive-max-penalty") == "5s"


def test_load_and_failures_can_be_others() -> None:
    other = demo({"namespace": NAMESPACE, "requests_per_second": 50, "failure_percent": 40})

    assert at(container("slow-cooker", other), "args") == ["-qps", "50", "http://bb:8080"]
    assert at(container("bad", other), "args") == ["terminus", "--h1-server-port=8080", "--percent-failure=40"]
    assert at(container("good", other), "args") == at(container("good"), "args")


def test_pod_annotations_reach_every_pod() -> None:
    annotated = demo({"namespace": NAMESPACE, "pod_annotations": {"linkerd-workshop/generation": "4"}})
    annotations = [each.at("spec", "template", "metadata", "annotations") for each in annotated.of(DEPLOYMENT)]

    assert annotations == [{"linkerd-workshop/generation": "4"}] * 3


def test_what_to_look_at_is_the_clients_own_count() -> None:
    command = at(default().one("linkerd-workshop:demos:CircuitBreaking").outputs, "command")

    assert command == f"kubectl -n {NAMESPACE} logs deploy/slow-cooker -c service -f"
    assert at(container("slow-cooker"), "name") == "service"
