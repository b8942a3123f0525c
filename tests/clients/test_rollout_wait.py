"""The wait for a namespace's rollouts: what counts as done, and the message when time is up."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from clients import rollout_wait
from clients.cluster_api import ClusterApi
from clients.rollout_wait import RolloutError, wait_for_credentials, wait_for_rollout
from tests.doubles.api_server import Cluster, serving

DEPLOYMENTS = "/apis/apps/v1/namespaces/mesh/deployments"
STATEFUL_SETS, DAEMON_SETS = (f"/apis/apps/v1/namespaces/mesh/{kind}" for kind in ("statefulsets", "daemonsets"))
PODS = "/api/v1/namespaces/mesh/pods"


VARIABLE = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
DELETED: dict[str, object] = {"metadata": {"name": "identity-0", "deletionTimestamp": "2026-11-23T15:00:00Z"}}


def deployment(*, seen: int = 2, pods: int = 2, updated: int = 2, available: int = 2) -> dict[str, object]:
    """Return a workload of two pods at generation 2, rolled out unless something else is given."""
    counts = {"replicas": pods, "updatedReplicas": updated, "availableReplicas": available}
    status = {"observedGeneration": seen, **counts}
    return {"metadata": {"name": "identity", "generation": 2}, "spec": {"replicas": 2}, "status": status}


def strategy(unavailable: object, **counts: int) -> dict[str, object]:
    """Return a Deployment that may do without some of its pods."""
    spec = {"replicas": 2, "strategy": {"rollingUpdate": {"maxUnavailable": unavailable}}}
    return {**deployment(**counts), "spec": spec}


def daemon_set(wanted: int, available: int) -> dict[str, object]:
    counts = {"currentNumberScheduled": wanted, "updatedNumberScheduled": wanted, "numberAvailable": available}
    return {"metadata": {"name": "agent"}, "status": {"desiredNumberScheduled": wanted, **counts}}


def cluster(*deployments: dict[str, object], **pods: dict[str, object]) -> Cluster:
    """Return a cluster with these Deployments, and with pods by their names."""
    return Cluster({DEPLOYMENTS: {"items": list(deployments)}, **{f"{PODS}/{name}": pods[name] for name in pods}})


def pod(*variables: str) -> dict[str, object]:
    return {"spec": {"containers": [{"env": [{"name": each} for each in variables]}]}}


def wait(cluster: Cluster, folder: Path, seconds: float = 0) -> None:
    with serving(cluster, folder) as path:
        wait_for_rollout(ClusterApi(str(path), None), "mesh", seconds=seconds, pause=0.01)


def wait_until_all_have_credentials(cluster: Cluster, folder: Path) -> None:
    """Wait by a clock that only the pauses advance, so that slow answers use up no time."""
    pauses = list[float]()
    clock = SimpleNamespace(monotonic=lambda: sum(pauses), sleep=pauses.append)
    with serving(cluster, folder) as path, pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollout_wait, "time", clock)
        wait_for_credentials(ClusterApi(str(path), None), "mesh", VARIABLE, seconds=0.5, pause=0.01)


def test_a_namespace_that_is_rolled_out_is_not_waited_for(tmp_path: Path) -> None:
    asked = cluster(deployment(), identity=pod())
    wait(asked, tmp_path)

    assert asked.asked == [DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, PODS], "one look is enough"


def test_a_replica_without_a_node_is_not_waited_for_where_the_deployment_does_without_it(tmp_path: Path) -> None:
    wait(cluster(strategy(1, available=1)), tmp_path)


@pytest.mark.parametrize(
    "unfinished",
    [strategy(1, updated=1), strategy(1, pods=3, available=1), strategy(2, available=0), strategy("25%", available=1)],
    ids=["an old pod", "one too many", "none at all", "a share of so few"],
)
def test_a_rollout_is_waited_for_whatever_the_deployment_does_without(
    tmp_path: Path, unfinished: dict[str, object]
) -> None:
    with pytest.raises(RolloutError):
        wait(cluster(unfinished), tmp_path)


UNFINISHED = {
    "Deployment identity has not begun": cluster(deployment(seen=1)),
    "Deployment identity has 1 of 2 new pods": cluster(deployment(updated=1)),
    "Deployment identity has 0 of 2 new pods": cluster(deployment(available=0)),
    "Deployment identity has old pods": cluster(deployment(pods=3)),
    "(Deployment identity has not begun": cluster(deployment(), deployment(seen=0)),
    "Pod identity-0 is still going": cluster(deployment(), old=DELETED),
    "it has no Deployment, StatefulSet or DaemonSet": cluster(),
    "this is forbidden": Cluster(forbidden=(DEPLOYMENTS,)),
    "StatefulSet identity has 1 of 2": Cluster({STATEFUL_SETS: {"items": [deployment(available=1)]}}),
    "DaemonSet agent has 2 of 3 new pods": Cluster({DAEMON_SETS: {"items": [daemon_set(3, 2)]}}),
}


@pytest.mark.parametrize("reason", UNFINISHED)
def test_an_unfinished_rollout_is_reported_when_time_is_up(tmp_path: Path, reason: str) -> None:
    with pytest.raises(RolloutError) as caught:
        wait(UNFINISHED[reason], tmp_path)

    message = str(caught.value)
    assert message.startswith("namespace mesh was not rolled out within 0 s (")
    assert reason in message
    assert "kubectl --namespace mesh get pods" in message
    assert "\n" not in message


def test_the_last_old_pod_is_waited_for(tmp_path: Path) -> None:
    class Rolling(dict[str, object]):
        looks = 0

        def __getitem__(self, path: str) -> object:
            self.looks += path == PODS
            return {"items": [DELETED] if self.looks <= 3 else []} if path == PODS else super().__getitem__(path)

    asked = Cluster(Rolling({DEPLOYMENTS: {"items": [deployment()]}, PODS: None}))
    wait(asked, tmp_path, seconds=30)

    assert asked.asked.count(PODS) == 4


def test_only_pods_that_were_created_before_their_credentials_are_replaced(tmp_path: Path) -> None:
    asked = cluster(deployment(), early=pod("AWS_REGION"), later=pod(VARIABLE))
    wait_until_all_have_credentials(asked, tmp_path)

    assert asked.deleted == [f"{PODS}/early"]
    assert f"{PODS}/later" in asked.answers


def test_pods_that_replace_others_are_waited_for_because_their_webhooks_admit_what_comes_next(tmp_path: Path) -> None:
    with pytest.raises(RolloutError, match="Deployment identity has 1 of 2 new pods"):
        wait_until_all_have_credentials(cluster(deployment(available=1), early=pod()), tmp_path)


def test_pods_that_never_get_credentials_are_reported_when_time_is_up(tmp_path: Path) -> None:
    never = Cluster({PODS: {"items": [{"metadata": {"name": "external-dns-1"}, **pod()}]}})
    with pytest.raises(RolloutError, match=f"without {VARIABLE} after 0.5 s \\(external-dns-1\\)"):
        wait_until_all_have_credentials(never, tmp_path)
