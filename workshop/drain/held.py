"""What waits in the cluster for the load balancer controller: objects that are to go, with its finalizers on them."""

from collections.abc import Iterator
from dataclasses import dataclass

from clients.cluster_api import ClusterApi, items, refusal
from model.json_values import at, entries, text
from model.names import GROUP_FINALIZER, GROUP_TAG
from model.problem import InputError, Problem

INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
BINDINGS = "/apis/elbv2.k8s.aws/v1beta1/targetgroupbindings"
"""The controller's own objects, one for each target group, beside the Ingresses."""
ITS_FINALIZERS = (f"{GROUP_FINALIZER}/", "elbv2.k8s.aws/")
GROUP_NAME = "alb.ingress.kubernetes.io/group.name"


@dataclass(frozen=True)
class Held:
    """One object of a group of Ingresses."""

    kind: str
    path: str
    name: str
    """Namespace and name."""
    is_going: bool
    finalizers: tuple[str, ...]

    @property
    def own(self) -> tuple[str, ...]:
        """The controller's finalizers."""
        return tuple(each for each in self.finalizers if each.startswith(ITS_FINALIZERS))

    def __str__(self) -> str:
        """Return it as a person would say it."""
        return f"{self.kind} {self.name}"


def ingresses(api: ClusterApi, group: str) -> list[Held]:
    """Return the Ingresses of a group. Raises InputError if the cluster does not tell."""
    found = _held(api, "Ingress", INGRESSES)
    return [each for each, document in found if text(document, "metadata", "annotations", GROUP_NAME) == group]


def bindings(api: ClusterApi, group: str) -> list[Held]:
    """Return what the controller has made in the cluster for a group."""
    found = _held(api, "TargetGroupBinding", BINDINGS)
    return [each for each, document in found if text(document, "metadata", "labels", GROUP_TAG) == group]


def _held(api: ClusterApi, kind: str, path: str) -> Iterator[tuple[Held, object]]:
    group, _, plural = path.rpartition("/")
    for each in items(api.find(path)):
        namespace, name = (text(each, "metadata", key) for key in ("namespace", "name"))
        finalizers = tuple(str(one) for one in entries(each, "metadata", "finalizers"))
        is_going = at(each, "metadata", "deletionTimestamp") is not None
        where = f"{group}/namespaces/{namespace}/{plural}/{name}"
        yield Held(kind, where, f"{namespace}/{name}", is_going, finalizers), each


def release(api: ClusterApi, held: Held) -> None:
    """Take the controller's finalizers from an object. Raises InputError if the server refuses."""
    others = [each for each in held.finalizers if each not in held.own]
    reason = refusal(api.ask("PATCH", held.path, {"metadata": {"finalizers": others or None}}))
    if reason and api.find(held.path):
        fix = "Ask for a role that may change it."
        raise InputError([Problem(f"{api.address}{held.path}", reason, "its finalizers have to go", fix)])
