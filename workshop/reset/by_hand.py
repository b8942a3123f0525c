"""What people have made or changed by hand in the demos' namespaces, by who wrote it last."""

from collections.abc import Iterator
from dataclasses import dataclass

from clients.cluster_api import ClusterApi, items
from model.json_values import entries, text
from settings import Settings, parts
from workshop.verify import canary
from workshop.verify.objects import find_route, read_weights

HAND = ("kubectl", "k9s", "helm", "Mozilla", "node-fetch")
"""How the tools' field managers begin by which people write; `Mozilla` and `node-fetch` are graphical ones."""
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
class Touched:
    """An object that is to be removed, so that the program makes it anew if it is one of its own."""

    path: str
    why: str

    @property
    def name(self) -> str:
        """Its kind, namespace and name, as `kubectl` takes them."""
        *_, namespace, kind, name = self.path.split("/")
        return f"{kind} {namespace}/{name}"


def touched(api: ClusterApi, settings: Settings, version: str) -> Iterator[Touched]:
    """Yield what was made or changed by hand, and a canary that is not at rest at `version`.

    Raises InputError if the server refuses.
    """
    found = dict[str, Touched]()
    for namespace in parts.demo_namespaces(settings):
        for kind in KINDS:
            for each in items(api.find(kind.format(namespace))):
                path = f"{kind.format(namespace)}/{text(each, 'metadata', 'name')}"
                if hands := sorted(_hands(each)):
                    found[path] = Touched(path, f"written by {', '.join(hands)}")
    found |= {each.path: each for each in _restless(api, settings, version) if each.path not in found}
    yield from found.values()


def touched_namespaces(api: ClusterApi, settings: Settings) -> bool:
    """Tell whether people wrote one of the demos' namespaces, which cannot be made anew by itself."""
    return any(_hands(api.find(f"/api/v1/namespaces/{name}")) for name in parts.demo_namespaces(settings))


def _hands(each: object) -> set[str]:
    """Return by which tools people wrote an object; its status is the controllers' alone."""
    managers = entries(each, "metadata", "managedFields")
    names = {text(manager, "manager") for manager in managers if text(manager, "subresource") != "status"}
    return {name for name in names if name.startswith(HAND)}


def _restless(api: ClusterApi, settings: Settings, version: str) -> Iterator[Touched]:
    """Yield the Rollout and its route where a canary is under way, was taken back, or ended at another version.

    Made anew, a Rollout begins at its version at once; changed, it would go there by a canary.
    """
    if parts.PROGRESSIVE_DELIVERY not in parts.demo_namespaces(settings):
        return  # Argo CD keeps the version in its repository
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{parts.PROGRESSIVE_DELIVERY}/rollouts/{canary.ROLLOUT}"
    rollout = api.find(path)
    phase, running = text(rollout, "status", "phase"), canary.version(rollout)
    if rollout is not None and (phase not in ("", "Healthy") or running != version):
        yield Touched(path, f"the canary is {phase or 'not begun'} at version {running}")
    group = "gateway.networking.k8s.io"
    weights = read_weights(find_route(api, group, parts.PROGRESSIVE_DELIVERY, canary.ROUTE))
    if weights not in ({}, {canary.STABLE: 100, canary.CANARY: 0}):
        where = f"/apis/{group}/v1/namespaces/{parts.PROGRESSIVE_DELIVERY}/httproutes/{canary.ROUTE}"
        yield Touched(where, f"the canary has {weights.get(canary.CANARY, 0)} %")
