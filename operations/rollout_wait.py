"""Waits until a namespace runs nothing but the newest pods of its Deployments."""

import time
from collections.abc import Iterator

from pulumi import RunError

from operations.cluster_api import ClusterApi, at, items, text
from operations.problem import InputError

SECONDS = 300
PAUSE = 0.5
MOST_REASONS = 5


class RolloutError(RunError):
    """The pods were not replaced in time; Pulumi shows the message without a traceback."""


def wait_for_rollout(api: ClusterApi, namespace: str, *, seconds: float = SECONDS, pause: float = PAUSE) -> None:
    """Return when every Deployment of the namespace has all of its newest pods, and no other pod is left.

    Raises RolloutError if that takes longer than `seconds`.
    """
    end = time.monotonic() + seconds
    while missing := _unfinished(api, namespace):
        if time.monotonic() >= end:
            told = "; ".join(missing[:MOST_REASONS])
            raise RolloutError(
                f"namespace {namespace} was not rolled out within {seconds:g} s ({told}), and what waits for it stays "
                f"as it is. Look at it with `kubectl --namespace {namespace} get pods`, then run `pulumi up` again."
            )
        time.sleep(pause)


def _unfinished(api: ClusterApi, namespace: str) -> list[str]:
    """Return what keeps the rollouts from being done; a server that does not answer for a moment is asked again."""
    try:
        return list(waited_for(api, namespace))
    except InputError as silence:
        return [str(problem) for problem in silence.problems]


def waited_for(api: ClusterApi, namespace: str) -> Iterator[str]:
    """Yield what keeps a namespace's rollouts from being done, at this moment. Raises InputError on a refusal."""
    deployments = items(api.find(f"/apis/apps/v1/namespaces/{namespace}/deployments"))
    if not deployments:
        yield "it has no Deployment"
    for deployment in deployments:
        if lacking := _lacking(deployment):
            yield f"Deployment {text(deployment, 'metadata', 'name')} {lacking}"
    for pod in items(api.find(f"/api/v1/namespaces/{namespace}/pods")):
        # It is in no count of its Deployment's, but clients may still know its address.
        if at(pod, "metadata", "deletionTimestamp"):
            yield f"Pod {text(pod, 'metadata', 'name')} is still going"


def _lacking(deployment: object) -> str:
    """Return what a Deployment's newest rollout lacks; empty if it is done."""
    if _number(deployment, "status", "observedGeneration") < _number(deployment, "metadata", "generation"):
        return "has not begun"
    wanted = _number(deployment, "spec", "replicas")
    pods, updated, available = (
        _number(deployment, "status", count) for count in ("replicas", "updatedReplicas", "availableReplicas")
    )
    if min(updated, available) < wanted:
        return f"has {min(updated, available)} of {wanted} new pods"
    return "has old pods" if pods > updated else ""


def _number(document: object, *path: str) -> int:
    found = at(document, *path)
    return found if isinstance(found, int) else 0
