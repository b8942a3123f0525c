"""One attendee: the demos in a namespace of the attendee's own, a login to it, and a boundary around it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import LimitRange, LimitRangeItemArgsDict, ResourceQuota, ServiceAccount
from pulumi_kubernetes.rbac.v1 import RoleBinding, SubjectArgsDict

from components.attendees.access import LABELS, ROLE
from components.demos.booksapp import WEB_APP, Booksapp, BooksappArgs
from components.demos.circuit_breaking import CircuitBreaking, CircuitBreakingArgs
from components.demos.podinfo import FRONTEND, Podinfo, PodinfoArgs
from components.demos.progressive_delivery import APP, ProgressiveDelivery, ProgressiveDeliveryArgs
from components.resources.authorization_policy import (
    POLICY_GROUP,
    AuthorizationPolicy,
    LabelRequirement,
    MeshTlsAuthentication,
    Server,
)
from components.resources.meshed_namespace import INJECT, NamespaceMetadata
from model.names import ATTENDEE, ATTENDEE_ACCOUNT

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

PORT = "service"
"""The name of the port on which every demo app listens."""

QUOTA = {
    "pods": "40",
    "requests.cpu": "2",
    "requests.memory": "6Gi",
    # Each would cost money, or a port of every node.
    "services.loadbalancers": "0",
    "services.nodeports": "0",
    "persistentvolumeclaims": "0",
    "count/deployments.apps": "20",
    "count/rollouts.argoproj.io": "3",
    "count/httproutes.gateway.networking.k8s.io": "20",
}
"""The most that an attendee's namespace holds; all demos take 18 pods, 22 during a canary."""

LIMITS: LimitRangeItemArgsDict = {
    "type": "Container",
    "default_request": {"cpu": "10m", "memory": "32Mi"},
    "default": {"memory": "256Mi"},
    "max": {"memory": "1Gi"},
}
"""What a container has that asks for nothing, as the mesh's proxies do: a quota refuses pods without requests."""


def namespace_metadata(attendee: str) -> NamespaceMetadata:
    """Return the labels and annotations of an attendee's namespace."""
    # Clients of a port that no Server guards are refused, so that nobody reaches another attendee's own experiments.
    return {
        "annotations": {**INJECT, "config.linkerd.io/default-inbound-policy": "deny"},
        "labels": {ATTENDEE: attendee},
    }


class DemosArgs(TypedDict):
    """The arguments of each demo that an attendee has, in the attendee's namespace."""

    booksapp: NotRequired[BooksappArgs]
    podinfo: NotRequired[PodinfoArgs]
    circuit_breaking: NotRequired[CircuitBreakingArgs]
    progressive_delivery: NotRequired[ProgressiveDeliveryArgs]


class MetricsRole(TypedDict):
    """The Role in viz's namespace by which attendees read metrics."""

    namespace: Input[str]
    role: Input[str]


class AttendeeArgs(TypedDict):
    """Inputs of an Attendee."""

    namespace: Input[str]
    """The attendee's namespace, with the metadata of `namespace_metadata`."""
    role: Input[str]
    """The ClusterRole of attendees."""
    metrics: NotRequired[MetricsRole]
    """The right to read metrics; none if left out, as where the stack has no viz."""
    demos: DemosArgs


class Attendee(ComponentResource):
    """An attendee's demos, login and boundary."""

    urls: Mapping[str, Output[str]]
    """The URL or the command of each demo."""

    def __init__(self, name: str, args: AttendeeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:attendees:Attendee", name, {}, opts)
        boundary = Boundary(f"{name}/boundary", args, ResourceOptions(parent=self))
        # A pod without the limits' defaults is refused by the quota, and one without policies is open for a moment.
        child = ResourceOptions(parent=self, depends_on=[boundary])
        demos, urls = args["demos"], dict[str, Output[str]]()
        if demo := demos.get("booksapp"):
            urls["booksapp"] = Booksapp(f"{name}/booksapp", demo, child).url
        if demo := demos.get("podinfo"):
            urls["podinfo"] = Podinfo(f"{name}/podinfo", demo, child).url
        if demo := demos.get("circuit_breaking"):
            urls["circuitBreaking"] = CircuitBreaking(f"{name}/circuit-breaking", demo, child).command
        if demo := demos.get("progressive_delivery"):
            urls["progressiveDelivery"] = ProgressiveDelivery(f"{name}/progressive-delivery", demo, child).url
        self.urls = urls
        self.register_outputs({"urls": urls})


class Boundary(ComponentResource):
    """What an attendee can reach and use, and who can reach what the attendee has."""

    def __init__(self, name: str, args: AttendeeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:attendees:Boundary", name, {}, opts)
        child, namespace = ResourceOptions(parent=self), args["namespace"]
        metadata: ObjectMetaArgsDict = {"name": ATTENDEE_ACCOUNT, "namespace": namespace}
        account = ServiceAccount(
            f"{name}-account", metadata=metadata, automount_service_account_token=False, opts=child
        )
        subject: SubjectArgsDict = {"kind": "ServiceAccount", "name": account.metadata["name"], "namespace": namespace}
        group = "rbac.authorization.k8s.io"
        RoleBinding(
            f"{name}-rights",
            metadata=metadata,
            role_ref={"api_group": group, "kind": "ClusterRole", "name": args["role"]},
            subjects=[subject],
            opts=child,
        )
        if metrics := args.get("metrics"):
            RoleBinding(
                f"{name}-metrics",
                metadata={
                    "name": Output.concat(ROLE, "-", namespace),
                    "namespace": metrics["namespace"],
                    "labels": LABELS,
                },
                role_ref={"api_group": group, "kind": "Role", "name": metrics["role"]},
                subjects=[subject],
                opts=child,
            )
        ResourceQuota(f"{name}-quota", metadata=metadata, spec={"hard": QUOTA}, opts=child)
        LimitRange(f"{name}-limits", metadata=metadata, spec={"limits": [LIMITS]}, opts=child)
        self._admit(name, namespace, public_apps(args["demos"]))
        self.register_outputs({})

    def _admit(self, name: str, namespace: Input[str], public: Sequence[str]) -> None:
        """Admit clients of the own namespace, and all clients of a public host: load balancers are not meshed."""
        child = ResourceOptions(parent=self)
        others: list[LabelRequirement] = []
        if public:
            others = [{"key": "app", "operator": "NotIn", "values": public}]
            Server(
                f"{name}-public",
                {
                    "name": "public",
                    "namespace": namespace,
                    "spec": {
                        "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": public}]},
                        "port": PORT,
                        "accessPolicy": "all-unauthenticated",
                    },
                },
                child,
            )
        Server(
            f"{name}-own",
            {
                "name": "own",
                "namespace": namespace,
                "spec": {"podSelector": {"matchExpressions": others}, "port": PORT, "accessPolicy": "deny"},
            },
            child,
        )
        MeshTlsAuthentication(
            f"{name}-clients",
            {
                "name": "own",
                "namespace": namespace,
                "spec": {"identityRefs": [{"kind": "Namespace", "name": namespace}]},
            },
            child,
        )
        AuthorizationPolicy(
            f"{name}-policy",
            {
                "name": "own",
                "namespace": namespace,
                "spec": {
                    "targetRef": {"group": POLICY_GROUP, "kind": "Server", "name": "own"},
                    "requiredAuthenticationRefs": [
                        {"group": POLICY_GROUP, "kind": "MeshTLSAuthentication", "name": "own"}
                    ],
                },
            },
            child,
        )


def public_apps(demos: DemosArgs) -> list[str]:
    """Return the label `app` of each app of an attendee that has a public host."""
    hosts = {
        WEB_APP: demos["booksapp"].get("host") if "booksapp" in demos else None,
        FRONTEND: demos["podinfo"].get("host") if "podinfo" in demos else None,
        APP: demos["progressive_delivery"].get("host") if "progressive_delivery" in demos else None,
    }
    return [app for app, host in hosts.items() if host]
