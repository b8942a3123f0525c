"""The pods of a namespace, as far as checks look at them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from clients.cluster_api import ClusterApi, items
from model.json_values import at, entries, text
from model.moments import FIRST
from preflight.trust import ENDED, moment

PROXY = "linkerd-proxy"
INJECT = "linkerd.io/inject"
PART_OF = "app.kubernetes.io/part-of"
"""Label of every pod that the stack makes."""


@dataclass(frozen=True)
class Pod:
    """A pod that is neither finished nor on its way out."""

    namespace: str
    name: str
    app: str
    """What its Deployment or Rollout calls itself: the label `class`, else `app`, else that of a control plane."""
    containers: frozenset[str]
    unready: frozenset[str]
    """Those of them that are not ready."""
    ready_since: datetime
    """When all of them were last ready; long ago if that cannot be told."""
    opted_out: bool
    """Whether it wants no proxy, and is nothing that the stack has made: somebody's tool."""

    @property
    def full_name(self) -> str:
        """Its namespace and name."""
        return f"{self.namespace}/{self.name}"

    @property
    def meshed(self) -> bool:
        """Whether it has a proxy."""
        return PROXY in self.containers

    @property
    def ready(self) -> bool:
        """Whether all of its containers are."""
        return not self.unready


def pods(api: ClusterApi, namespace: str) -> list[Pod]:
    """Return a namespace's pods. Raises InputError if the server refuses."""
    return [
        _pod(pod)
        for pod in items(api.find(f"/api/v1/namespaces/{namespace}/pods"))
        if not at(pod, "metadata", "deletionTimestamp") and text(pod, "status", "phase") not in ENDED
    ]


def of(found: Sequence[Pod], app: str) -> list[Pod]:
    """Return the pods of an app that are ready."""
    return [pod for pod in found if pod.app == app and pod.ready]


def _pod(pod: object) -> Pod:
    labels = ("metadata", "labels")
    started = (text(pod, *labels, label) for label in ("class", "app", "linkerd.io/control-plane-component"))
    names = {*_lasting(pod)}
    ready = {
        text(status, "name")
        for kind in ("containerStatuses", "initContainerStatuses")
        for status in entries(pod, "status", kind)
        if at(status, "ready") is True
    }
    return Pod(
        namespace=text(pod, "metadata", "namespace"),
        name=text(pod, "metadata", "name"),
        app=next((name for name in started if name), ""),
        containers=frozenset(names),
        unready=frozenset(names - ready),
        ready_since=_ready_since(pod),
        opted_out=text(pod, "metadata", "annotations", INJECT) == "disabled" and not text(pod, *labels, PART_OF),
    )


def _lasting(pod: object) -> Iterator[str]:
    """Yield the containers that run as long as the pod: a sidecar may be an init container that is restarted."""
    yield from (text(each, "name") for each in entries(pod, "spec", "containers"))
    for each in entries(pod, "spec", "initContainers"):
        if text(each, "restartPolicy") == "Always":
            yield text(each, "name")


def _ready_since(pod: object) -> datetime:
    conditions = (each for each in entries(pod, "status", "conditions") if text(each, "type") == "Ready")
    return max((moment(text(each, "lastTransitionTime")) for each in conditions), default=FIRST)
