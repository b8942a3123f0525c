"""One attendee: the demos in a namespace of the attendee's own, a login to it, and a boundary around it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import ServiceAccount
from pulumi_kubernetes.rbac.v1 import RoleBinding, SubjectArgsDict

from components.attendees.access import LABELS, ROLE
from components.attendees.boundary import Boundary
from components.demos.booksapp import WEB_APP, Booksapp, BooksappArgs
from components.demos.circuit_breaking import CircuitBreaking, CircuitBreakingArgs
from components.demos.podinfo import FRONTEND, Podinfo, PodinfoArgs
from components.demos.progressive_delivery import APP, ProgressiveDelivery, ProgressiveDeliveryArgs
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
    """A ServiceAccount with the rights of an attendee in one namespace.

    The program creates no token: `python -m workshop handouts` asks for one that ends with the workshop.
    """

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


class DemosArgs(TypedDict):
    """The arguments of each demo of a stack, or of an attendee."""

    booksapp: NotRequired[BooksappArgs]
    podinfo: NotRequired[PodinfoArgs]
    circuit_breaking: NotRequired[CircuitBreakingArgs]
    progressive_delivery: NotRequired[ProgressiveDeliveryArgs]


def create_demos(prefix: str, demos: DemosArgs, opts: ResourceOptions) -> dict[str, Output[str]]:
    """Create the demos, with `prefix` before their names; return the URL or the command of each."""
    urls = dict[str, Output[str]]()
    if args := demos.get("booksapp"):
        urls["booksapp"] = Booksapp(f"{prefix}booksapp", args, opts).url
    if args := demos.get("podinfo"):
        urls["podinfo"] = Podinfo(f"{prefix}podinfo", args, opts).url
    if args := demos.get("circuit_breaking"):
        urls["circuitBreaking"] = CircuitBreaking(f"{prefix}circuit-breaking", args, opts).command
    if args := demos.get("progressive_delivery"):
        urls["progressiveDelivery"] = ProgressiveDelivery(f"{prefix}progressive-delivery", args, opts).url
    return urls


class AttendeeArgs(TypedDict):
    """Inputs of an Attendee."""

    namespace: Input[str]
    """The attendee's namespace, with the metadata of `boundary.namespace_metadata`."""
    login: LoginArgs
    """The login to that namespace."""
    demos: DemosArgs


class Attendee(ComponentResource):
    """An attendee's demos, login and boundary."""

    urls: Mapping[str, Output[str]]
    """The URL or the command of each demo."""

    def __init__(self, name: str, args: AttendeeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:attendees:Attendee", name, {}, opts)
        child, demos, namespace = ResourceOptions(parent=self), args["demos"], args["namespace"]
        Login(f"{name}/login", args["login"], child)
        boundary = Boundary(f"{name}/boundary", {"namespace": namespace, "public_apps": public_apps(demos)}, child)
        # Without the LimitRange the quota refuses pods; without policies a new pod is briefly open.
        inside = ResourceOptions(parent=self, depends_on=[boundary])
        self.urls = create_demos(f"{name}/", demos, inside)
        self.register_outputs({})


def public_apps(demos: DemosArgs) -> list[str]:
    """Return the label `app` of each app of an attendee that has a public host."""
    hosts = {
        WEB_APP: demos["booksapp"]["host"] if "booksapp" in demos else None,
        FRONTEND: demos["podinfo"]["host"] if "podinfo" in demos else None,
        APP: demos["progressive_delivery"]["host"] if "progressive_delivery" in demos else None,
    }
    return [app for app, host in hosts.items() if host]
