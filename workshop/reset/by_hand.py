"""Objects in the demos' namespaces that people created or changed by hand, found by their field managers."""

from collections.abc import Iterator
from dataclasses import dataclass

from clients.cluster_api import ClusterApi, items
from model.json_values import entries, text
from settings import Settings, parts
from workshop.verify import canary
from workshop.verify.objects import find_route, read_weights

HAND = ("kubectl", "k9s", "helm", "Mozilla", "node-fetch")
"""Prefixes of the field managers of people's tools; `Mozilla` and `node-fetch` are graphical ones."""
KINDS = (
    "/api/v1/namespaces/{}/services",
    "/api/v1/namespaces/{}/configmaps",
    "/api/v1/namespaces/{}/serviceaccounts",
    "/api/v1/namespaces/{}/pods",
    "/apis/apps/v1/namespaces/{}/deployments",
    "/apis/apps/v1/namespaces/{}/statefulsets",
    "/apis/apps/v1/namespaces/{}/daemonsets",
    "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "/apis/batch/v1/namespaces/{}/jobs",
    "/apis/batch/v1/namespaces/{}/cronjobs",
    "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
    "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes",
    "/apis/gateway.networking.k8s.io/v1/namespaces/{}/grpcroutes",
    "/apis/linkerd.io/v1alpha2/namespaces/{}/serviceprofiles",
    "/apis/policy.linkerd.io/v1beta3/namespaces/{}/httproutes",
    "/apis/policy.linkerd.io/v1beta3/namespaces/{}/servers",
    "/apis/policy.linkerd.io/v1beta1/namespaces/{}/serverauthorizations",
    "/apis/policy.linkerd.io/v1alpha1/namespaces/{}/authorizationpolicies",
    "/apis/policy.linkerd.io/v1alpha1/namespaces/{}/httplocalratelimitpolicies",
    "/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts",
    "/apis/argoproj.io/v1alpha1/namespaces/{}/analysistemplates",
)


@dataclass(frozen=True)
class ManualChange:
    """An object to delete, so that the program creates it again if it is one of its own."""

    path: str
    why: str

    @property
    def name(self) -> str:
        """Its kind, namespace and name, as `kubectl` takes them."""
        *_, namespace, kind, name = self.path.split("/")
        return f"{kind} {namespace}/{name}"


def list_namespaces(settings: Settings, attendee: str | None = None) -> list[str]:
    """Return the namespaces that a reset restores: that of one attendee, or those of the stack's own demos."""
    return [attendee] if attendee else parts.demo_namespaces(settings)


def find_manual_changes(
    api: ClusterApi, settings: Settings, version: str, attendee: str | None = None
) -> Iterator[ManualChange]:
    """Yield what people created or changed, and a canary that is not at rest at `version`.

    Raises InputError if the server refuses.
    """
    found = dict[str, ManualChange]()
    for namespace in list_namespaces(settings, attendee):
        for kind in KINDS:
            for each in items(api.find(kind.format(namespace))):
                path = f"{kind.format(namespace)}/{text(each, 'metadata', 'name')}"
                if tools := sorted(_find_tools(each)):
                    found[path] = ManualChange(path, f"written by {', '.join(tools)}")
    # Argo CD keeps the version of its canary in its repository.
    if parts.PROGRESSIVE_DELIVERY in parts.demo_namespaces(settings):
        unfinished = _find_unfinished_canary(api, attendee or parts.PROGRESSIVE_DELIVERY, version)
        found |= {each.path: each for each in unfinished if each.path not in found}
    yield from found.values()


def has_changed_namespaces(api: ClusterApi, settings: Settings, attendee: str | None = None) -> bool:
    """Return whether people changed one of the namespaces: a namespace cannot be recreated without its objects."""
    return any(_find_tools(api.find(f"/api/v1/namespaces/{name}")) for name in list_namespaces(settings, attendee))


def _find_tools(each: object) -> set[str]:
    """Return the people's tools that wrote an object; only controllers write its status."""
    managers = entries(each, "metadata", "managedFields")
    names = {text(manager, "manager") for manager in managers if text(manager, "subresource") != "status"}
    return {name for name in names if name.startswith(HAND)}


def _find_unfinished_canary(api: ClusterApi, namespace: str, version: str) -> Iterator[ManualChange]:
    """Yield the Rollout and its route if a canary is under way, was aborted, or ended at another version.

    A new Rollout starts at its version at once; a changed one would get there by a canary.
    """
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts/{canary.ROLLOUT}"
    rollout = api.find(path)
    phase, running = text(rollout, "status", "phase"), canary.read_version(rollout)
    if rollout is not None and (phase not in ("", "Healthy") or running != version):
        yield ManualChange(path, f"the canary is {phase or 'not begun'} at version {running}")
    group = "gateway.networking.k8s.io"
    weights = read_weights(find_route(api, group, namespace, canary.ROUTE))
    if weights not in ({}, {canary.STABLE: 100, canary.CANARY: 0}):
        where = f"/apis/{group}/v1/namespaces/{namespace}/httproutes/{canary.ROUTE}"
        yield ManualChange(where, f"the canary has {weights.get(canary.CANARY, 0)} %")
