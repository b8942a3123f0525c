"""The demos of header routing and circuit breaking on the real engine and a real API server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from pulumi import ResourceOptions
from pulumi_kubernetes import Provider

from clients.cluster_api import ClusterApi, items
from components.addons.gateway_api import GatewayApi
from components.demos.circuit_breaking import CircuitBreaking
from components.demos.podinfo import Podinfo
from components.resources.meshed_namespace import MESHED, NamespaceMetadata, Namespaces
from model.failure_accrual import FailureAccrual
from model.json_values import at, entries, mapping, text
from sandbox.charts import DEFINITIONS, package_definitions
from sandbox.paths import Home
from tests.sandbox.stack import Outcome, Stack

pytestmark = pytest.mark.sandbox

MODE = "balancer.linkerd.io/failure-accrual"
NAMESPACES: tuple[str, ...] = ("podinfo", "circuit-breaking-demo")
BB = "/api/v1/namespaces/circuit-breaking-demo/services/bb"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/circuit-breaking-demo/endpointslices"
ROUTE = "/apis/gateway.networking.k8s.io/v1/namespaces/podinfo/httproutes/backend-router"


@dataclass
class Demos:
    """Both demos on one stack, and what can be chosen."""

    home: Home
    stack: Stack
    header_value: str = "alternative"
    breaker: FailureAccrual | None = None

    @property
    def api(self) -> ClusterApi:
        """The sandbox's API server."""
        return ClusterApi(str(self.home.kubeconfig))

    def program(self) -> None:
        """Register the demos, without the mesh."""
        provider = Provider("cluster", kubeconfig=str(self.home.kubeconfig))
        here = ResourceOptions(providers=[provider])
        wanted: dict[str, NamespaceMetadata] = dict.fromkeys(NAMESPACES, MESHED)
        namespaces = Namespaces("namespaces", {"owner": "test", "namespaces": wanted}, here).names
        archive = self.home.charts / DEFINITIONS[0].chart.archive_name
        routes = GatewayApi("gateway-api", {"chart": str(archive)}, here)
        after = ResourceOptions(providers=[provider], depends_on=[routes])
        Podinfo("podinfo", {"namespace": namespaces["podinfo"], "header_value": self.header_value}, after)
        CircuitBreaking(
            "circuit-breaking", {"namespace": namespaces["circuit-breaking-demo"], "breaker": self.breaker}, after
        )

    def do(self, command: Callable[[Callable[[], None]], Outcome]) -> dict[str, str]:
        """Run a command of the stack; return what it does to each resource that does not stay as it is."""
        outcome = command(self.program)
        assert outcome.ok, outcome.text
        return {step.name: step.operation for step in outcome.steps if step.operation != "same"}


@pytest.fixture(scope="module")
def up(sandbox_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demos]:
    package_definitions(sandbox_home.charts, DEFINITIONS[0])
    demos = Demos(sandbox_home, Stack(tmp_path_factory.mktemp("demos")))
    made = demos.do(demos.stack.up)
    assert set(made.values()) == {"create"}
    yield demos
    destroyed = demos.stack.destroy()
    assert destroyed.ok, destroyed.text
    left = [name for name in NAMESPACES if demos.api.find(f"/api/v1/namespaces/{name}")]
    assert left == []


@pytest.fixture
def demos(up: Demos) -> Iterator[Demos]:
    yield up
    up.header_value, up.breaker = "alternative", None
    up.do(up.stack.up)


def test_the_second_preview_is_empty_and_a_refresh_finds_nothing(demos: Demos) -> None:
    assert demos.do(demos.stack.preview) == {}
    refreshed = demos.stack.refresh(demos.program)
    assert refreshed.ok, refreshed.text
    assert demos.do(demos.stack.preview) == {}


def test_another_header_value_is_one_update_of_the_route(demos: Demos) -> None:
    demos.header_value = "beta"

    assert demos.do(demos.stack.preview) == {"podinfo-router-route": "update"}
    demos.do(demos.stack.up)
    matches = entries(entries(demos.api.find(ROUTE), "spec", "rules")[0], "matches")
    assert at(matches[0], "headers") == [{"name": "x-request-id", "type": "Exact", "value": "beta"}]


def test_the_breaker_is_switched_on_and_off_by_one_update_of_the_service(demos: Demos) -> None:
    demos.breaker = {"max_failures": 3}
    assert demos.do(demos.stack.preview) == {"circuit-breaking-service": "update"}
    demos.do(demos.stack.up)
    assert annotations(demos) == {MODE: "consecutive", f"{MODE}-consecutive-max-failures": "3"}

    demos.breaker = None
    assert demos.do(demos.stack.up) == {"circuit-breaking-service": "update"}
    assert annotations(demos) == {}


def test_a_breaker_that_linkerd_would_ignore_ends_the_preview(demos: Demos) -> None:
    demos.breaker = {"min_penalty": "0.5s"}
    preview = demos.stack.preview(demos.program)

    assert not preview.ok
    assert "the penalty is '0.5s', but it has to be a whole number above 0 with its unit" in preview.text


def test_both_pods_stand_behind_the_one_service(demos: Demos) -> None:
    slices = items(demos.api.find(f"{SLICES}?labelSelector=kubernetes.io/service-name=bb"))

    pods = [text(each, "targetRef", "name") for part in slices for each in entries(part, "endpoints")]
    assert sorted(name.split("-")[0] for name in pods) == ["bad", "good"]


def annotations(demos: Demos) -> dict[str, object]:
    found = mapping(at(demos.api.find(BB), "metadata", "annotations"))
    return {key: value for key, value in found.items() if key.startswith(MODE)}
