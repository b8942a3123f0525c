"""The boundary of an attendee's namespace: how much it may hold, and who may call what runs in it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_kubernetes.core.v1 import LimitRange, LimitRangeItemArgsDict, ResourceQuota

from components.resources.authorization_policy import (
    POLICY_GROUP,
    AuthorizationPolicy,
    LabelRequirement,
    MeshTlsAuthentication,
    Server,
    ServerSpec,
)
from components.resources.meshed_namespace import INJECT, NamespaceMetadata
from model.names import ATTENDEE

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

NAME = "attendee"
OWN, PUBLIC = "own", "public"
PORT = "service"
"""The name of the port on which every demo app listens."""

QUOTA = {
    "pods": "40",
    "requests.cpu": "4",
    "requests.memory": "6Gi",
    # Each would cost money, or a port of every node.
    "services.loadbalancers": "0",
    "services.nodeports": "0",
    "persistentvolumeclaims": "0",
    "count/deployments.apps": "20",
    # No custom resources: the quota controller learns about a new kind late, and refuses its objects until then.
}
"""The most that an attendee's namespace holds; all demos take 16 pods, 18 during a canary.

Each of them requests 0.12 CPUs if the mesh is highly available.
"""

LIMITS: LimitRangeItemArgsDict = {
    "type": "Container",
    "default_request": {"cpu": "10m", "memory": "32Mi"},
    "default": {"memory": "256Mi"},
    "max": {"memory": "1Gi"},
}
"""The defaults of a container that sets no requests or limits, and the maximum: a quota refuses pods without
requests."""


def namespace_metadata(attendee: str) -> NamespaceMetadata:
    """Return the labels and annotations of an attendee's namespace."""
    # Clients of a port that no Server guards are refused, so that nobody reaches another attendee's own experiments.
    return {
        "annotations": {**INJECT, "config.linkerd.io/default-inbound-policy": "deny"},
        "labels": {ATTENDEE: attendee},
    }


class BoundaryArgs(TypedDict):
    """Inputs of a Boundary."""

    namespace: Input[str]
    """The attendee's namespace, with the metadata of `namespace_metadata`."""
    public_apps: Sequence[str]
    """The label `app` of each app with a public host. Everybody may call it, since a load balancer is not meshed."""


class Boundary(ComponentResource):
    """A quota, and policies of the mesh that admit the namespace's own clients only."""

    def __init__(self, name: str, args: BoundaryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:attendees:Boundary", name, {}, opts)
        child, namespace = ResourceOptions(parent=self), args["namespace"]
        metadata: ObjectMetaArgsDict = {"name": NAME, "namespace": namespace}
        ResourceQuota(f"{name}-quota", metadata=metadata, spec={"hard": QUOTA}, opts=child)
        LimitRange(f"{name}-limits", metadata=metadata, spec={"limits": [LIMITS]}, opts=child)
        for server, spec in _servers(args["public_apps"]).items():
            Server(f"{name}-{server}", {"name": server, "namespace": namespace, "spec": spec}, child)
        MeshTlsAuthentication(
            f"{name}-clients",
            {
                "name": OWN,
                "namespace": namespace,
                "spec": {"identityRefs": [{"kind": "Namespace", "name": namespace}]},
            },
            child,
        )
        AuthorizationPolicy(
            f"{name}-policy",
            {
                "name": OWN,
                "namespace": namespace,
                "spec": {
                    "targetRef": {"group": POLICY_GROUP, "kind": "Server", "name": OWN},
                    "requiredAuthenticationRefs": [
                        {"group": POLICY_GROUP, "kind": "MeshTLSAuthentication", "name": OWN}
                    ],
                },
            },
            child,
        )
        self.register_outputs({})


def _servers(public_apps: Sequence[str]) -> dict[str, ServerSpec]:
    """Return the specs of the Servers: of the proxies' metrics, of the apps with a public host, and of all others."""

    def spec(requirements: list[LabelRequirement], policy: str) -> ServerSpec:
        return {"podSelector": {"matchExpressions": requirements}, "port": PORT, "accessPolicy": policy}

    # viz's Prometheus reads the proxies' own metrics, and the kubelet asks whether they are ready.
    proxies: ServerSpec = {**spec([], "all-unauthenticated"), "port": "linkerd-admin"}
    if not public_apps:
        return {"proxies": proxies, OWN: spec([], "deny")}
    return {
        "proxies": proxies,
        PUBLIC: spec([{"key": "app", "operator": "In", "values": public_apps}], "all-unauthenticated"),
        OWN: spec([{"key": "app", "operator": "NotIn", "values": public_apps}], "deny"),
    }
