"""Waiting for a namespace's rollouts: what counts as done, and what is said when time is up."""

from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi
from clients.rollout_wait import RolloutError, wait_for_credentials, wait_for_rollout
from tests.doubles.api_server import Cluster, serving

DEPLOYMENTS = "/apis/apps/v1/namespaces/mesh/deployments"
STATEFUL_SETS, DAEMON_SETS = (f"/apis/apps/v1/namespaces/mesh/{kind}" for kind in ("statefulsets", "daemonsets"))
PODS = "/api/v1/namespaces/mesh/pods"


def deployment(*, seen: int = 2, pods: int = 2, updated: int = 2, available: int = 2) -> dict[str, object]:
    """Return a Deployment of two pods at generation 2, rolled out unless something else is given."""
    counts = {"replicas": pods, "updatedReplicas": updated, "availableReplicas": available}
    return {
        "metadata": {"name": "identity", "generation": 2},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": seen, **counts},
    }


def cluster(*deployments: dict[str, object], pods: tuple[dict[str, object], ...] = ()) -> Cluster:
    return Cluster(answers={DEPLOYMENTS: {"items": list(deployments)}, PODS: {"items": list(pods)}})


def wait(cluster: Cluster, folder: Path, seconds: float = 0) -> None:
    with serving(cluster, folder) as path:
        wait_for_rollout(ClusterApi(str(path), None), "mesh", seconds=seconds, pause=0.01)


def test_a_namespace_that_is_rolled_out_is_not_waited_for(tmp_path: Path) -> None:
    asked = cluster(deployment(), pods=({"metadata": {"name": "identity-1"}},))
    wait(asked, tmp_path)

    assert asked.asked == [DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, PODS], "one look is enough"


def daemon_set(wanted: int, available: int) -> dict[str, object]:
    counts = {"currentNumberScheduled": wanted, "updatedNumberScheduled": wanted, "numberAvailable": available}
    return {"metadata": {"name": "agent"}, "status": {"desiredNumberScheduled": wanted, **counts}}


GOING: dict[str, object] = {"metadata": {"name": "identity-0", "deletionTimestamp": "2026-11-23T15:00:00Z"}}


def strategy(unavailable: object, **counts: int) -> dict[str, object]:
    """Return a Deployment that may do without some of its pods."""
    spec = {"replicas": 2, "strategy": {"rollingUpdate": {"maxUnavailable": unavailable}}}
    return {**deployment(**counts), "spec": spec}


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


@pytest.mark.parametrize(
    ("unfinished", "told"),
    [
        (cluster(deployment(seen=1)), "Deployment identity has not begun"),
        (cluster(deployment(updated=1)), "Deployment identity has 1 of 2 new pods"),
        (cluster(deployment(available=0)), "Deployment identity has 0 of 2 new pods"),
        (cluster(deployment(pods=3)), "Deployment identity has old pods"),
        (cluster(deployment(), deployment(seen=0)), "Deployment identity has not begun"),
        (cluster(deployment(), pods=(GOING,)), "Pod identity-0 is still going"),
        (cluster(), "it has no Deployment, StatefulSet or DaemonSet"),
        (Cluster(forbidden=(DEPLOYMENTS,)), "this is forbidden"),
        (Cluster(answers={STATEFUL_SETS: {"items": [deployment(available=1)]}}), "StatefulSet identity has 1 of 2"),
        (Cluster(answers={DAEMON_SETS: {"items": [daemon_set(3, 2)]}}), "DaemonSet agent has 2 of 3 new pods"),
    ],
    ids=[
        "unseen",
        "not updated",
        "not available",
        "old ones",
        "another one",
        "terminating",
        "none",
        "forbidden",
        "stateful",
        "daemon",
    ],
)
def test_what_is_missing_when_time_is_up_is_reported_in_a_sentence(
    tmp_path: Path, unfinished: Cluster, told: str
) -> None:
    with pytest.raises(RolloutError) as caught:
        wait(unfinished, tmp_path)

    message = str(caught.value)
    assert message.startswith("namespace mesh was not rolled out within 0 s (")
    assert told in message
    assert "kubectl --namespace mesh get pods" in message
    assert "\n" not in message


def test_it_looks_again_until_the_last_old_pod_is_gone(tmp_path: Path) -> None:
    class Rolling(dict[str, object]):
        """Answers whose old pod goes after the third look."""

        looks = 0

        def __getitem__(self, path: str) -> object:
            self.looks += path == PODS
            return {"items": [GOING]} if path == PODS and self.looks <= 3 else super().__getitem__(path)

    asked = cluster(deployment())
    asked.answers = Rolling(asked.answers)
    wait(asked, tmp_path, seconds=30)

    assert asked.asked.count(PODS) == 4


VARIABLE = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


def pod(*variables: str) -> dict[str, object]:
    return {"spec": {"containers": [{"env": [{"name": each} for each in variables]}]}}


def wait_for_those_with_credentials(cluster: Cluster, folder: Path) -> None:
    with serving(cluster, folder) as path:
        wait_for_credentials(ClusterApi(str(path), None), "mesh", VARIABLE, seconds=0.5, pause=0.01)


def test_pods_that_were_created_before_their_credentials_are_replaced_and_no_other(tmp_path: Path) -> None:
    early, later = f"{PODS}/early", f"{PODS}/later"
    asked = cluster(deployment())
    asked.answers = {DEPLOYMENTS: asked.answers[DEPLOYMENTS], early: pod("AWS_REGION"), later: pod(VARIABLE)}
    wait_for_those_with_credentials(asked, tmp_path)

    assert asked.deleted == [early]
    assert later in asked.answers


def test_pods_that_replace_others_are_waited_for_because_their_webhooks_admit_what_comes_next(tmp_path: Path) -> None:
    asked = cluster(deployment(available=1))
    asked.answers = {DEPLOYMENTS: asked.answers[DEPLOYMENTS], f"{PODS}/early": pod()}
    with pytest.raises(RolloutError, match="Deployment identity has 1 of 2 new pods"):
        wait_for_those_with_credentials(asked, tmp_path)


def test_pods_that_never_get_credentials_are_told_when_time_is_up(tmp_path: Path) -> None:
    never = {"metadata": {"name": "external-dns-1"}, **pod()}
    with pytest.raises(RolloutError, match=f"without {VARIABLE} after 0.5 s \\(external-dns-1\\)"):
        wait_for_those_with_credentials(Cluster(answers={PODS: {"items": [never]}}), tmp_path)
