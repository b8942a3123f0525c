"""What workloads wait for, and why their Pods do not come up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.manifests import dig, mapping, name_of, namespace_of, number, sequence, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.providers.kubernetes.objects import Cluster
    from sandbox.providers.property_values import Object

_MOST_REASONS = 5


def deployment_missing(live: Object) -> list[str]:
    """Say what a Deployment's newest rollout lacks."""
    if not _observed(live):
        return ["the rollout has not begun"]
    missing = [
        f"[{text(item, 'reason')}] {text(item, 'message')}"
        for item in map(mapping, sequence(live, "status", "conditions"))
        if text(item, "type") in ("Available", "Progressing", "ReplicaFailure") and _is_bad(item)
    ]
    wanted = number(live, "spec", "replicas", default=1)
    updated, available = number(live, "status", "updatedReplicas"), number(live, "status", "availableReplicas")
    if updated < wanted or available < wanted or number(live, "status", "unavailableReplicas"):
        missing.append(f"{min(updated, available)} of {wanted} new Pods are available")
    return missing


def _is_bad(condition: Object) -> bool:
    good = "False" if text(condition, "type") == "ReplicaFailure" else "True"
    return text(condition, "status") != good


def stateful_set_missing(live: Object) -> list[str]:
    """Say what a StatefulSet's newest revision lacks."""
    wanted = number(live, "spec", "replicas", default=1)
    ready, updated = number(live, "status", "readyReplicas"), number(live, "status", "updatedReplicas")
    current = text(live, "status", "currentRevision") == text(live, "status", "updateRevision")
    on_delete = text(live, "spec", "updateStrategy", "type") == "OnDelete"
    if _observed(live) and ready >= wanted and (on_delete or current or updated >= wanted):
        return []
    return [f"{min(ready, updated)} of {wanted} new Pods are ready"]


def daemon_set_missing(live: Object) -> list[str]:
    """Say what a DaemonSet's newest revision lacks."""
    wanted = number(live, "status", "desiredNumberScheduled")
    ready, updated = number(live, "status", "numberReady"), number(live, "status", "updatedNumberScheduled")
    on_delete = text(live, "spec", "updateStrategy", "type") == "OnDelete"
    if _observed(live) and ready >= wanted and (on_delete or updated >= wanted):
        return []
    return [f"{min(ready, updated)} of {wanted} new Pods are ready"]


def job_missing(live: Object) -> list[str]:
    """Say what a Job lacks; raises if it has failed for good."""
    for condition in map(mapping, sequence(live, "status", "conditions")):
        if text(condition, "status") == "True" and text(condition, "type") == "Complete":
            return []
        if text(condition, "status") == "True" and text(condition, "type") == "Failed":
            raise JobFailedError(f"[{text(condition, 'reason')}] {text(condition, 'message')}")
    done, wanted = number(live, "status", "succeeded"), number(live, "spec", "completions", default=1)
    return [f"{done} of {wanted} completions are done"]


class JobFailedError(ProviderError):
    """A Job has failed and will not be tried again."""


def _observed(live: Object) -> bool:
    return number(live, "status", "observedGeneration") >= number(live, "metadata", "generation")


def why(cluster: Cluster, live: Object) -> list[str]:
    """Collect reasons from an object's Pods and from its own warnings; the newest last."""
    reasons = list(dict.fromkeys((*_pod_reasons(cluster, live), *_event_reasons(cluster, live))))
    return reasons[-_MOST_REASONS:]


def _pod_reasons(cluster: Cluster, live: Object) -> Iterator[str]:
    labels = mapping(live, "spec", "selector", "matchLabels")
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = cluster.select("v1", "Pod", namespace_of(live), labelSelector=selector) if selector else []
    for pod in pods if text(live, "kind") != "Pod" else [live]:
        for condition in map(mapping, sequence(pod, "status", "conditions")):
            if text(condition, "status") == "False" and text(condition, "message"):
                yield f"Pod {name_of(pod)}: [{text(condition, 'reason')}] {text(condition, 'message')}"
        statuses = (*sequence(pod, "status", "initContainerStatuses"), *sequence(pod, "status", "containerStatuses"))
        for status in statuses:
            waiting = mapping(status, "state", "waiting")
            if dig(waiting, "message") or text(waiting, "reason") not in ("", "PodInitializing", "ContainerCreating"):
                reason = f"[{text(waiting, 'reason')}] {text(waiting, 'message')}".strip()
                yield f"Pod {name_of(pod)}, container {text(status, 'name')}: {reason}"


def _event_reasons(cluster: Cluster, live: Object) -> Iterator[str]:
    selector = f"involvedObject.uid={text(live, 'metadata', 'uid')},type=Warning"
    for event in cluster.select("v1", "Event", namespace_of(live), fieldSelector=selector):
        yield f"[{text(event, 'reason')}] {text(event, 'message')}"
