"""The circuit-breaking demo: one Service before a pod that answers and a pod that fails, with and without a breaker."""

from functools import cache

import pytest

from components.demos.circuit_breaking import CircuitBreaking, circuit_breaker
from components.resources.workload import AppArgs
from tests.components.arguments import APP, BREAKER
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at
from versions import BB_IMAGE, SLOW_COOKER_IMAGE

NAMESPACE = "circuit-breaking-demo"
ARGS: AppArgs = {**APP, "namespace": NAMESPACE}
GOOD = ["terminus", "--h1-server-port=8080"]
PODS = {
    "good": (BB_IMAGE, GOOD),
    "bad": (BB_IMAGE, [*GOOD, "--percent-failure=100"]),
    "slow-cooker": (SLOW_COOKER_IMAGE, ["-qps", "10", "http://bb:8080"]),
}
"""Image and arguments of each pod: one always answers, one always fails, one sends ten requests a second."""


@cache
def default() -> Deployment:
    return deploy(lambda: CircuitBreaking("circuit-breaking", {**ARGS, "breaker": None}))


def pod(name: str, path: str) -> object:
    return default().named(f"circuit-breaking-{name}-deployment").look(f"spec template {path}")


def container(name: str) -> object:
    return pod(name, "spec containers 0")


def annotations(deployment: Deployment) -> object:
    return deployment.one("kubernetes:core/v1:Service").look("metadata annotations")


def test_the_only_service_stands_before_the_good_and_the_bad_pod() -> None:
    service = default().one("kubernetes:core/v1:Service")

    assert service.at("metadata", "name") == "bb"
    assert service.at("spec") == {"selector": {"app": "bb"}, "ports": [{"name": "http", "port": 8080}]}
    assert [pod(name, "metadata labels app") for name in PODS] == ["bb", "bb", "slow-cooker"]
    assert at(container("bad"), "ports", 0, "containerPort") == 8080
    for name in ("good", "bad"):
        deployment = default().named(f"circuit-breaking-{name}-deployment")
        assert deployment.look("spec selector matchLabels") == {"class": name}, "its own pod only"
        assert deployment.look("metadata name") == pod(name, "metadata labels class") == name


@pytest.mark.parametrize("name", PODS)
def test_each_pod_runs_its_image_as_nobody_on_the_nodes_that_the_image_is_published_for(name: str) -> None:
    security = ("runAsUser", "runAsNonRoot", "readOnlyRootFilesystem")

    assert (at(container(name), "image"), at(container(name), "args")) == PODS[name]
    assert pod(name, "spec nodeSelector") == {"kubernetes.io/arch": "amd64"}
    assert [at(container(name), "securityContext", key) for key in security] == [65534, True, True]


def test_no_pod_has_a_readiness_probe_because_the_bad_one_would_never_be_ready() -> None:
    assert [name for name in PODS if "readinessProbe" in str(container(name))] == []


def test_a_breaker_changes_the_annotations_of_the_service_and_nothing_else() -> None:
    breaking = deploy(lambda: CircuitBreaking("circuit-breaking", {**ARGS, "breaker": BREAKER}))

    assert annotations(default()) == {"pulumi.com/skipAwait": "true"}
    assert annotations(breaking) == {"pulumi.com/skipAwait": "true", **circuit_breaker(BREAKER)}
    assert default().changed(breaking) == ["circuit-breaking-service"]


def test_the_output_is_the_command_that_shows_the_clients_own_count() -> None:
    command = at(default().one("linkerd-workshop:demos:CircuitBreaking").outputs, "command")

    assert command == f"kubectl -n {NAMESPACE} logs deploy/slow-cooker -c service -f"
    assert at(container("slow-cooker"), "name") == "service"
