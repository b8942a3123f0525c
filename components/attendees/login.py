"""An attendee's login: a ServiceAccount with the rights of an attendee in one namespace.

The program creates no token: `python -m workshop handouts` asks for one that ends with the workshop.
"""

from typing import TYPE_CHECKING, NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import ServiceAccount
from pulumi_kubernetes.rbac.v1 import RoleBinding, SubjectArgsDict

from components.attendees.access import LABELS, ROLE
from model.names import ATTENDEE_ACCOUNT

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

GROUP = "rbac.authorization.k8s.io"


class MetricsRole(TypedDict):
    """The Role in viz's namespace by which attendees read metrics."""

    namespace: Input[str]
    role: Input[str]


class LoginArgs(TypedDict):
    """Inputs of a Login."""

    namespace: Input[str]
    """The attendee's namespace."""
    role: Input[str]
    """The ClusterRole of attendees."""
    metrics: NotRequired[MetricsRole]
    """The right to read metrics; none if left out, as where the stack has no viz."""


class Login(ComponentResource):
    """A ServiceAccount and its rights."""

    def __init__(self, name: str, args: LoginArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:attendees:Login", name, {}, opts)
        child, namespace = ResourceOptions(parent=self), args["namespace"]
        metadata: ObjectMetaArgsDict = {"name": ATTENDEE_ACCOUNT, "namespace": namespace}
        account = ServiceAccount(
            f"{name}-account", metadata=metadata, automount_service_account_token=False, opts=child
        )
        subject: SubjectArgsDict = {"kind": "ServiceAccount", "name": account.metadata["name"], "namespace": namespace}
        RoleBinding(
            f"{name}-rights",
            metadata=metadata,
            role_ref={"api_group": GROUP, "kind": "ClusterRole", "name": args["role"]},
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
                role_ref={"api_group": GROUP, "kind": "Role", "name": metrics["role"]},
                subjects=[subject],
                opts=child,
            )
        self.register_outputs({})
