"""Waits until a namespace runs nothing but the newest pods of its workloads, or only pods that have credentials."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import NamedTuple

from pulumi import RunError

from clients.cluster_api import ClusterApi, items, refusal
from model.json_values import at, entries, text
from model.problem import InputError, name_stack

SECONDS = 300
PAUSE = 0.5
PAUSE_FOR_PODS = 5.0
"""EKS needs several seconds for an association; a pod that replaces another too early has to be replaced as well."""
ENDED = ("Succeeded", "Failed")
MOST_REASONS = 5


class RolloutError(RunError):
    """The pods were not replaced in time; Pulumi shows the message without a traceback."""


def wait_for_rollout(api: ClusterApi, namespace: str, *, seconds: float = SECONDS, pause: float = PAUSE) -> None:
    """Wait until every workload of the namespace has all of its newest pods, and no other pod is left.

    Raises RolloutError if that takes longer than `seconds`.
    """
    end = time.monotonic() + seconds
    while missing := _unfinished(api, namespace):
        if time.monotonic() >= end:
            reasons = "; ".join(missing[:MOST_REASONS])
            fix = name_stack(f"See `kubectl --namespace {namespace} get pods`, then run `pulumi up` again.")
            raise RolloutError(
                f"namespace {namespace} was not rolled out within {seconds:g} s ({reasons}), and what waits for it "
                f"stays as it is. {fix}"
            )
        time.sleep(pause)


def wait_for_credentials(
    api: ClusterApi, namespace: str, variable: str, *, seconds: float = SECONDS, pause: float = PAUSE_FOR_PODS
) -> None:
    """Replace the pods of a namespace that have no credentials until each has `variable`.

    EKS injects it when a pod is created, and associations are eventually consistent: a pod that is created too early
    never gets any. Deleted, it is created again, and no field of its Deployment changes. Raises RolloutError if that
    takes longer than `seconds`.
    """
    end, replaced = time.monotonic() + seconds, False
    while (reason := _replace_pods(api, namespace, variable)) is not None:
        replaced = True
        if time.monotonic() >= end:
            fix = name_stack(
                "Look at the association with `aws eks list-pod-identity-associations`, or at the ServiceAccount's "
                "annotation, then run `pulumi up` again."
            )
            raise RolloutError(
                f"pods in namespace {namespace} were still created without {variable} after {seconds:g} s ({reason}), "
                f"so that they may do nothing in AWS. {fix}"
            )
        time.sleep(pause)
    if replaced:
        # The load balancer controller's webhooks refuse every Ingress until a pod is ready.
        wait_for_rollout(api, namespace, seconds=seconds)


def _replace_pods(api: ClusterApi, namespace: str, variable: str) -> str | None:
    """Delete the pods without the variable; return why to look again, None if there is no reason."""
    try:
        names = pods_without(api, namespace, variable)
        answers = [api.ask("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}", {}) for name in names]
        refusals = [reason for each in answers if each.status != HTTPStatus.NOT_FOUND and (reason := refusal(each))]
    except InputError as silence:
        return str(silence.problems[0])
    return (refusals[0] if refusals else ", ".join(names)) if names else None


def pods_without(api: ClusterApi, namespace: str, variable: str) -> list[str]:
    """Return the running pods of which a container has no `variable`. Raises InputError on a refusal."""
    return [
        text(pod, "metadata", "name")
        for pod in items(api.find(f"/api/v1/namespaces/{namespace}/pods"))
        if not at(pod, "metadata", "deletionTimestamp") and text(pod, "status", "phase") not in ENDED
        if not all(
            any(text(each, "name") == variable for each in entries(container, "env"))
            for container in entries(pod, "spec", "containers")
        )
    ]


def _unfinished(api: ClusterApi, namespace: str) -> list[str]:
    """Return the reasons why rollouts are not complete; a server that briefly does not answer is asked again."""
    try:
        return list(waited_for(api, namespace))
    except InputError as silence:
        return [str(problem) for problem in silence.problems]


class _Kind(NamedTuple):
    """The fields in which a kind of workload counts its pods: wanted, and in its status all, new and available ones."""

    wanted: tuple[str, str]
    counts: tuple[str, str, str]


_REPLICAS = _Kind(("spec", "replicas"), ("replicas", "updatedReplicas", "availableReplicas"))
_KINDS = {
    "Deployment": _REPLICAS,
    "StatefulSet": _REPLICAS,
    "DaemonSet": _Kind(
        ("status", "desiredNumberScheduled"), ("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable")
    ),
}


def waited_for(api: ClusterApi, namespace: str) -> Iterator[str]:
    """Yield the reasons why a namespace's rollouts are not complete now. Raises InputError on a refusal."""
    found = list(_workloads(api, namespace))
    if not found:
        yield "it has no Deployment, StatefulSet or DaemonSet"
    for title, kind, workload in found:
        if lacking := _lacking(kind, workload):
            yield f"{title} {lacking}"
    for pod in items(api.find(f"/api/v1/namespaces/{namespace}/pods")):
        # Its Deployment no longer counts it, but clients may still know its address.
        if at(pod, "metadata", "deletionTimestamp"):
            yield f"Pod {text(pod, 'metadata', 'name')} is still going"


def switched_off(api: ClusterApi, namespace: str) -> Iterator[str]:
    """Yield the workloads that were scaled to 0 by hand, and so count as rolled out; not those that the program scales.

    Raises InputError on a refusal.
    """
    for title, kind, workload in _workloads(api, namespace):
        if kind is _REPLICAS and at(workload, *kind.wanted) == 0 and not _by_program(workload):
            yield f"{title} is scaled to 0"


def _workloads(api: ClusterApi, namespace: str) -> Iterator[tuple[str, _Kind, object]]:
    """Yield each workload with its kind; first its kind's and its own name, for messages."""
    for name, kind in _KINDS.items():
        for workload in items(api.find(f"/apis/apps/v1/namespaces/{namespace}/{name.lower()}s")):
            yield f"{name} {text(workload, 'metadata', 'name')}", kind, workload


def _by_program(workload: object) -> bool:
    """Return whether the number of pods is what the program has written: `kubectl scale` takes that field over."""
    managers = entries(workload, "metadata", "managedFields")
    owners = [each for each in managers if at(each, "fieldsV1", "f:spec", "f:replicas") is not None]
    return any(text(each, "manager").startswith("pulumi") for each in owners)


def _lacking(kind: _Kind, workload: object) -> str:
    """Return the part of a workload's newest rollout that is missing; empty if it is complete."""
    if _number(workload, "status", "observedGeneration") < _number(workload, "metadata", "generation"):
        return "has not begun"
    wanted = _number(workload, *kind.wanted)
    pods, updated, available = (_number(workload, "status", count) for count in kind.counts)
    if updated < wanted or available < wanted - _spare(workload, wanted):
        return f"has {min(updated, available)} of {wanted} new pods"
    return "has old pods" if pods > updated else ""


def _spare(workload: object, wanted: int) -> int:
    """Return how many pods of a Deployment may be missing: with high availability one may have no node for a while.

    The default is a percentage, which is 0 for so few pods.
    """
    return min(_number(workload, "spec", "strategy", "rollingUpdate", "maxUnavailable"), max(wanted - 1, 0))


def _number(document: object, *path: str) -> int:
    found = at(document, *path)
    return found if isinstance(found, int) else 0
