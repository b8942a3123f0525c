"""When an object of a kind counts as ready; until then, what is missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from sandbox.providers.kubernetes.manifests import annotation, mapping, name_of, namespace_of, sequence, text
from sandbox.providers.kubernetes.workloads import (
    daemon_set_missing,
    deployment_missing,
    job_missing,
    stateful_set_missing,
)
from sandbox.providers.property_values import Object

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.objects import Cluster

Readiness: TypeAlias = Callable[[Object], list[str]]
_SETTLE_SECONDS = 10.0


def readiness_of(cluster: Cluster, manifest: Object) -> Readiness | None:
    """Choose how to tell that an object is ready; None if its kind (or its annotation) asks for no wait."""
    if annotation(manifest, "pulumi.com/skipAwait").lower() == "true":
        return None
    group = text(manifest, "apiVersion").rpartition("/")[0]
    kind = text(manifest, "kind")
    if (group, kind) == ("", "Service"):
        return ServiceReadiness(cluster)
    if (group, kind) == ("", "PersistentVolumeClaim"):
        return lambda live: _claim_missing(cluster, live)
    simple = {
        ("apps", "Deployment"): deployment_missing,
        ("apps", "StatefulSet"): stateful_set_missing,
        ("apps", "DaemonSet"): daemon_set_missing,
        ("batch", "Job"): job_missing,
        ("", "Pod"): _pod_missing,
        ("", "PersistentVolume"): _volume_missing,
        ("networking.k8s.io", "Ingress"): _ingress_missing,
    }
    return simple.get((group, kind))


def _pod_missing(live: Object) -> list[str]:
    if text(live, "status", "phase") == "Succeeded":
        return []
    conditions = [mapping(item) for item in sequence(live, "status", "conditions")]
    ready = any(text(item, "type") == "Ready" and text(item, "status") == "True" for item in conditions)
    return [] if ready else [f"the Pod is {text(live, 'status', 'phase') or 'Pending'} and not Ready"]


def _volume_missing(live: Object) -> list[str]:
    phase = text(live, "status", "phase")
    return [] if phase in ("Available", "Bound") else [f"the volume is {phase or 'Pending'}, not Available or Bound"]


def _claim_missing(cluster: Cluster, live: Object) -> list[str]:
    storage: Object = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass"}
    storage["metadata"] = {"name": text(live, "spec", "storageClassName")}
    if text(live, "status", "phase") == "Bound":
        return []
    if text(cluster.get(storage), "volumeBindingMode") == "WaitForFirstConsumer":
        return []  # it is bound when the first Pod uses it, which comes after it
    return [f"the claim is {text(live, 'status', 'phase') or 'Pending'}, not Bound"]


def _ingress_missing(live: Object) -> list[str]:
    if sequence(live, "status", "loadBalancer", "ingress"):
        return []
    return ["no address was assigned to the Ingress; does an ingress controller of its class run in the cluster?"]


class ServiceReadiness:
    """A Service is ready once its endpoints have not changed for 10 s and none of them is unready."""

    def __init__(self, cluster: Cluster, settle_seconds: float = _SETTLE_SECONDS) -> None:
        self._cluster = cluster
        self._settle_seconds = settle_seconds
        self._seen = ""
        self._since = time.monotonic()

    def __call__(self, live: Object) -> list[str]:
        """Say what the Service waits for."""
        missing: list[str] = []
        balanced = sequence(live, "status", "loadBalancer", "ingress")
        if text(live, "spec", "type") == "LoadBalancer" and not balanced:
            missing.append("the Service was not allocated an IP address; does your cloud provider support this?")
        headless = text(live, "spec", "clusterIP") == "None" or text(live, "spec", "type") == "ExternalName"
        if headless or not mapping(live, "spec", "selector"):
            return missing
        return missing + self._endpoints_missing(live)

    def _endpoints_missing(self, live: Object) -> list[str]:
        endpoints = self._cluster.get(
            {
                "apiVersion": "v1",
                "kind": "Endpoints",
                "metadata": {"name": name_of(live), "namespace": namespace_of(live)},
            }
        )
        subsets = sequence(endpoints, "subsets")
        if str(subsets) != self._seen:
            self._seen, self._since = str(subsets), time.monotonic()
        if any(sequence(subset, "notReadyAddresses") for subset in subsets):
            return ["some of the Pods that the Service selects are not ready"]
        if time.monotonic() - self._since < self._settle_seconds:
            return ["the Service's endpoints have not settled; its selector may not match the labels of any ready Pod"]
        return []
