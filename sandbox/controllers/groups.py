"""Groups of Ingresses that share a load balancer, and whether they agree about it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.controllers.cluster import Ingress

ALB = "alb.ingress.kubernetes.io"
EXCLUSIVE = ("scheme", "load-balancer-attributes", "inbound-cidrs", "ssl-policy", "ssl-redirect")
"""Annotations whose values have to agree among the Ingresses of a group that have them."""


class DisagreementError(Exception):
    """A disagreement that the real controller reports as an event, and stops at."""


@dataclass(frozen=True)
class Group:
    """Ingresses of one group name; an Ingress that names none is a group by itself."""

    id: str
    """The value of the tag `ingress.k8s.aws/stack`."""
    finalizer: str
    members: tuple[Ingress, ...]
    leaving: tuple[Ingress, ...]
    """Those that are being deleted and still wait for the controller."""

    def agreed(self, name: str, default: str = "") -> str:
        """Return the members' value of an annotation. Raises DisagreementError if their values differ."""
        values = {each.annotation(f"{ALB}/{name}") for each in self.members if f"{ALB}/{name}" in each.annotations}
        if len(values) > 1:
            message = f"conflicting {name} in group {self.id}: {', '.join(sorted(values))}"
            raise DisagreementError(message)
        return values.pop() if values else default

    def check(self) -> None:
        """Raise DisagreementError if the members do not agree."""
        for name in EXCLUSIVE:
            self.agreed(name)

    @property
    def ports(self) -> dict[int, str]:
        """The protocol of each port that a member listens on."""
        return {port: protocol for each in self.members for port, protocol in listeners(each).items()}

    @property
    def certificates(self) -> list[str]:
        """The ARNs that members name."""
        return list(dict.fromkeys(arn for each in self.members if (arn := each.annotation(f"{ALB}/certificate-arn"))))


def listeners(ingress: Ingress) -> dict[int, str]:
    """Return the protocol of each port that an Ingress is served on."""
    ports: list[dict[str, int]] = json.loads(ingress.annotation(f"{ALB}/listen-ports", '[{"HTTP": 80}]'))
    return {port: protocol for each in ports for protocol, port in each.items()}


def groups(ingresses: Iterable[Ingress]) -> list[Group]:
    """Return all groups in the cluster."""
    found: dict[tuple[str, str], list[Ingress]] = {}
    for each in ingresses:
        name = each.annotation(f"{ALB}/group.name")
        own = ("ingress.k8s.aws/resources", f"{each.namespace}/{each.name}")
        found.setdefault((f"group.ingress.k8s.aws/{name}", name) if name else own, []).append(each)
    return [_group(id_, finalizer, some) for (finalizer, id_), some in found.items()]


def _group(id_: str, finalizer: str, some: Sequence[Ingress]) -> Group:
    return Group(
        id=id_,
        finalizer=finalizer,
        members=tuple(each for each in some if not each.is_going),
        leaving=tuple(each for each in some if each.is_going and finalizer in each.finalizers),
    )
