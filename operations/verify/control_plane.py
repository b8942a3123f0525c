"""Whether what the stack installed is running: the control plane and its extensions."""

from collections.abc import Iterator

from operations import parts
from operations.cluster_api import ClusterApi, at, entries, items, text
from operations.rollout_wait import waited_for
from operations.verify.line import MEND, Group, Line
from operations.verify.pods import pods
from operations.verify.scene import Scene

GROUP = Group("control plane")
TITLES = {
    parts.LINKERD: "Linkerd",
    parts.VIZ: "viz",
    parts.ARGO_ROLLOUTS: "Argo Rollouts",
    parts.ARGO_CD: "Argo CD",
    parts.LOAD_BALANCER_CONTROLLER: "AWS Load Balancer Controller",
    parts.EXTERNAL_DNS: "ExternalDNS",
}
MOST_REASONS = 3
PULUMI_MANAGER = "pulumi-kubernetes"
"""The prefix of the field managers of Pulumi's provider."""
STATEFUL_SETS = "/apis/apps/v1/namespaces/{}/statefulsets"
SCALED = {"Deployment": "/apis/apps/v1/namespaces/{}/deployments", "StatefulSet": STATEFUL_SETS}
UNROLLED = {
    "StatefulSet": (STATEFUL_SETS, ("spec", "replicas"), ("status", "readyReplicas")),
    "DaemonSet": (
        "/apis/apps/v1/namespaces/{}/daemonsets",
        ("status", "desiredNumberScheduled"),
        ("status", "numberReady"),
    ),
}
"""Where they are, and which fields hold the wanted and the ready number of pods."""


def check(scene: Scene) -> Iterator[Line]:
    """Yield one line for each installed part."""
    wanted = parts.namespaces(scene.settings)
    for namespace, title in TITLES.items():
        yield _installed(scene, namespace, title) if namespace in wanted else GROUP.skipped(title, "the stack has none")


def _installed(scene: Scene, namespace: str, title: str) -> Line:
    found = pods(scene.api, namespace)
    missing = [
        *_scaled_down(scene.api, namespace),
        *waited_for(scene.api, namespace),
        *_not_ready(scene.api, namespace),
        *(f"{', '.join(sorted(pod.unready))} of Pod {pod.name} is not ready" for pod in found if not pod.ready),
    ]
    cure = f"Look at `kubectl --namespace {namespace} get pods` and `… describe pod <name>`. {MEND}"
    seen = "; ".join(missing[:MOST_REASONS]) if missing else f"{len(found)} ready pods and no other"
    return GROUP.judged(title, seen, good=not missing, cure=cure, pods=len(found))


def _scaled_down(api: ClusterApi, namespace: str) -> Iterator[str]:
    """Yield the workloads that somebody has switched off: nothing keeps their rollouts from being done.

    A chart's values may switch one off as well (Argo CD's ApplicationSet controller): then the number is Pulumi's.
    """
    for kind, path in SCALED.items():
        for workload in items(api.find(path.format(namespace))):
            if at(workload, "spec", "replicas") == 0 and not _is_pulumis(workload, "spec", "replicas"):
                yield f"{kind} {text(workload, 'metadata', 'name')} is scaled to 0"


def _is_pulumis(workload: object, *path: str) -> bool:
    """Return whether Pulumi was the last to set a field."""
    fields = [f"f:{step}" for step in path]
    return any(
        text(entry, "manager").startswith(PULUMI_MANAGER) and at(entry, "fieldsV1", *fields) is not None
        for entry in entries(workload, "metadata", "managedFields")
    )


def _not_ready(api: ClusterApi, namespace: str) -> Iterator[str]:
    """Yield the StatefulSets and DaemonSets that lack pods: Argo CD's application controller is one."""
    for kind, (path, wanted, ready) in UNROLLED.items():
        for workload in items(api.find(path.format(namespace))):
            counts = [number if isinstance(number := at(workload, *key), int) else 0 for key in (wanted, ready)]
            if counts[1] < counts[0]:
                yield f"{kind} {text(workload, 'metadata', 'name')} has {counts[1]} of {counts[0]} ready pods"
