"""The running pods with a proxy, of every app in the cluster."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from clients.cluster_api import ClusterApi, items
from model.json_values import at, entries, text
from model.moments import FIRST, in_utc

PODS = "/api/v1/pods?labelSelector=linkerd.io%2Fcontrol-plane-ns%3Dlinkerd"
BUNDLE_VARIABLE = "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"
"""In which the injector hands the bundle to a proxy; the control plane's own proxies take it from the ConfigMap."""

ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True)
class MeshedPod:
    """A pod with a proxy, neither finished nor on its way out."""

    name: str
    """Its namespace and name."""
    in_control_plane: bool
    created: datetime
    bundle: str | None
    """The trust bundle that the injector gave it, PEM; None if it took the ConfigMap's."""


def meshed_pods(api: ClusterApi) -> Iterator[MeshedPod]:
    """Yield every running meshed pod. Raises InputError if the server refuses."""
    for pod in items(api.find(PODS)):
        if at(pod, "metadata", "deletionTimestamp") or text(pod, "status", "phase") in ENDED:
            continue
        yield MeshedPod(
            name=f"{text(pod, 'metadata', 'namespace')}/{text(pod, 'metadata', 'name')}",
            in_control_plane=bool(text(pod, "metadata", "labels", "linkerd.io/control-plane-component")),
            created=moment(text(pod, "metadata", "creationTimestamp")),
            bundle=_bundle(pod),
        )


def moment(time: str) -> datetime:
    """Return the time that the API server wrote (RFC 3339); long ago if there is none."""
    try:
        return in_utc(datetime.fromisoformat(time))
    except ValueError:
        return FIRST


def _bundle(pod: object) -> str | None:
    containers = (*entries(pod, "spec", "initContainers"), *entries(pod, "spec", "containers"))
    variables = (variable for container in containers for variable in entries(container, "env"))
    return next((text(each, "value") or None for each in variables if text(each, "name") == BUNDLE_VARIABLE), None)
