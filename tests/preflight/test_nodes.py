"""Nodes have to run the demos' images; high availability needs several that take pods."""

from pathlib import Path

import pytest

from preflight.cluster import Expectations, Facts
from preflight.startup import expectations
from settings import Settings
from settings.loading import parse
from tests.doubles.api_server import Cluster
from tests.doubles.clusters import PARTS, inspect_cluster, only, with_answers

AVAILABLE = Expectations("test", ["linkerd"], PARTS, high_availability=True)
CORDONED: dict[str, object] = {"unschedulable": True}
TAINTED: dict[str, object] = {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}
PREFERRED_NOT: dict[str, object] = {"taints": [{"key": "spot", "effect": "PreferNoSchedule"}]}
DESTINATION = "/apis/apps/v1/namespaces/linkerd/deployments/linkerd-destination"
AUTOSCALER = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status"


def node(
    spec: dict[str, object] | None = None, ready: str = "True", system: str = "linux", architecture: str = "amd64"
) -> dict[str, object]:
    conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}]
    labels = {"kubernetes.io/os": system, "kubernetes.io/arch": architecture}
    return {"metadata": {"labels": labels}, "spec": spec or {}, "status": {"conditions": conditions}}


def of_nodes(*nodes: dict[str, object], **more: object) -> Cluster:
    return with_answers(**{f"/api/v1/nodes/n{number}": each for number, each in enumerate(nodes)}, **more)


@pytest.mark.parametrize(
    "useless",
    [node(CORDONED), node(TAINTED), node(ready="False"), node(ready="Unknown"), node(system="windows")],
    ids=["cordoned", "tainted", "not ready", "unreachable", "windows"],
)
def test_high_availability_needs_three_nodes_that_take_pods(tmp_path: Path, useless: dict[str, object]) -> None:
    cluster = of_nodes(node(), node(), useless)
    problem = only(cluster, tmp_path, AVAILABLE)

    assert problem.found == "2 of its 3 nodes take pods (Ready, no taint)"
    assert "highAvailability" in problem.rule
    assert "kubectl uncordon" in problem.fix
    assert "`pulumi config set linkerd-workshop:highAvailability false`" in problem.fix
    assert isinstance(inspect_cluster(cluster, tmp_path), Facts), "without it one node is enough"


@pytest.mark.parametrize(
    "cluster",
    [
        of_nodes(node(), node(), node()),
        of_nodes(node(), node(PREFERRED_NOT), node(), node(CORDONED)),
        of_nodes(),
        of_nodes(node(), **{"/apis/karpenter.sh": {"name": "karpenter.sh"}}),
        of_nodes(node(), **{AUTOSCALER: {"metadata": {"name": "cluster-autoscaler-status"}}}),
        of_nodes(node(), node(CORDONED), node(), **{DESTINATION: {"spec": {"replicas": 3}}}),
    ],
    ids=["three", "three of four", "nodes on demand", "Karpenter", "an autoscaler", "a drain after the installation"],
)
def test_nodes_that_are_enough_or_can_come_are_no_problem(tmp_path: Path, cluster: Cluster) -> None:
    assert isinstance(inspect_cluster(cluster, tmp_path, AVAILABLE), Facts)


def test_a_control_plane_with_one_replica_is_no_proof_of_enough_nodes(tmp_path: Path) -> None:
    cluster = of_nodes(node(), **{DESTINATION: {"spec": {"replicas": 1}}})
    cluster.forbidden = (AUTOSCALER,)

    assert "1 of its 1 nodes" in only(cluster, tmp_path, AVAILABLE).found


def test_nodes_are_counted_only_where_the_settings_ask_for_high_availability() -> None:
    assert expectations(parse({"highAvailability": "true"}), "test").high_availability
    assert not expectations(Settings(), "test").high_availability


@pytest.mark.parametrize(
    ("architectures", "namespaces", "keys"),
    [
        (["arm64"], ["circuit-breaking-demo"], ["demos.circuitBreaking.enabled"]),
        (
            ["arm64", "arm64"],
            ["circuit-breaking-demo", "progressive-delivery"],
            ["demos.circuitBreaking.enabled", "demos.progressiveDelivery.enabled"],
        ),
        (["arm64"], ["progressive-delivery-gitops"], ["demos.progressiveDelivery.enabled"]),
        (["arm64", "amd64"], ["circuit-breaking-demo"], []),
        (["arm64"], ["booksapp", "podinfo"], []),
        ([], ["circuit-breaking-demo"], []),
    ],
)
def test_demos_whose_images_run_on_no_node_are_reported(
    tmp_path: Path, architectures: list[str], namespaces: list[str], keys: list[str]
) -> None:
    found = inspect_cluster(
        of_nodes(*(node(architecture=each) for each in architectures)),
        tmp_path,
        Expectations("test", namespaces, PARTS),
    )

    assert isinstance(found, Facts) == (not keys)
    assert all(f"linkerd-workshop:{key}' false" in str(found) for key in keys)
