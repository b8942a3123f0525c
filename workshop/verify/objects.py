"""Pods and HTTPRoutes as the checks read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from clients.cluster_api import ClusterApi, items
from clients.rollout_wait import ENDED, switched_off, waited_for
from model.json_values import at, entries, text
from model.moments import FIRST
from preflight.trust import moment
from workshop.verify.lines import Demo, Line

PROXY = "linkerd-proxy"
INJECT = "linkerd.io/inject"
PART_OF = "app.kubernetes.io/part-of"
"""Label of every pod that the stack creates."""


@dataclass(frozen=True)
class Pod:
    """A pod that neither has ended nor is being deleted."""

    namespace: str
    name: str
    app: str
    """The app's name: its label `class`, else `app`, else the control plane's label."""
    containers: frozenset[str]
    unready: frozenset[str]
    """The containers that are not ready."""
    address: str
    """Its IP address; empty if it has none yet."""
    ready_since: datetime
    """When the pod last became ready; long ago if its conditions do not say."""
    opted_out: bool
    """True if it opts out of injection and the stack did not create it, such as a person's tool."""

    @property
    def full_name(self) -> str:
        """Its namespace and name."""
        return f"{self.namespace}/{self.name}"

    @property
    def meshed(self) -> bool:
        """True if it has a proxy."""
        return PROXY in self.containers

    @property
    def ready(self) -> bool:
        """True if all of its containers are ready."""
        return not self.unready


def list_pods(api: ClusterApi, namespace: str) -> list[Pod]:
    """Return a namespace's pods. Raises InputError if the server refuses."""
    return [
        _pod(pod)
        for pod in items(api.find(f"/api/v1/namespaces/{namespace}/pods"))
        if not at(pod, "metadata", "deletionTimestamp") and text(pod, "status", "phase") not in ENDED
    ]


def select_ready(found: Sequence[Pod], app: str) -> list[Pod]:
    """Return an app's ready pods."""
    return [pod for pod in found if pod.app == app and pod.ready]


def find_missing_pods(api: ClusterApi, namespace: str, found: Sequence[Pod]) -> Iterator[str]:
    """Yield what a namespace whose pods are `found` lacks, in words. Raises InputError if the server refuses."""
    if not found:
        yield "there is no pod"
    yield from switched_off(api, namespace)
    yield from waited_for(api, namespace)
    yield from (f"{', '.join(sorted(pod.unready))} of Pod {pod.name} is not ready" for pod in found if not pod.ready)


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
        address=text(pod, "status", "podIP"),
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


VERSIONS = {"gateway.networking.k8s.io": "v1", "policy.linkerd.io": "v1beta3"}
CONDITIONS = ("Accepted", "ResolvedRefs")


def find_route(api: ClusterApi, group: str, namespace: str, name: str) -> dict[str, object] | None:
    """Return a route of one of the two API groups; None if there is none. Raises InputError if the server refuses."""
    return api.find(f"/apis/{group}/{VERSIONS[group]}/namespaces/{namespace}/httproutes/{name}")


def judge_route(demo: Demo, route: object, name: str) -> Line:
    """Return a line on whether the mesh has accepted a route with all of its backends."""
    wrong = "; ".join(_find_route_troubles(route))
    fix = f"Run `{demo.reset}`; if the route is still refused, see its status with `kubectl describe httproute`."
    return demo.judge(f"route {name}", wrong or "accepted, with all of its backends", good=not wrong, fix=fix)


def read_weights(route: object) -> dict[str, int]:
    """Return the weight of each backend of a route's last rule, by name."""
    rule = next(iter(entries(route, "spec", "rules")[-1:]), None)
    found = {text(backend, "name"): at(backend, "weight") for backend in entries(rule, "backendRefs")}
    return {name: weight if isinstance(weight, int) else 1 for name, weight in found.items()}


def _find_route_troubles(route: object) -> Iterator[str]:
    if route is None:
        yield "it is not there"
        return
    parents = [each for each in entries(route, "status", "parents") if "linkerd" in text(each, "controllerName")]
    if not parents:
        yield "the mesh has not processed it"
    for parent in parents:
        conditions = {text(each, "type"): each for each in entries(parent, "conditions")}
        for kind in CONDITIONS:
            if text(conditions.get(kind), "status") != "True":
                yield f"{kind} is not true ({text(conditions.get(kind), 'reason') or 'no reason given'})"
