"""One attendee: the demos in a namespace of the attendee's own, a login to it, and a boundary around it."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.attendees.boundary import Boundary
from components.attendees.login import Login, LoginArgs
from components.demos.booksapp import WEB_APP, Booksapp, BooksappArgs
from components.demos.circuit_breaking import CircuitBreaking, CircuitBreakingArgs
from components.demos.podinfo import FRONTEND, Podinfo, PodinfoArgs
from components.demos.progressive_delivery import APP, ProgressiveDelivery, ProgressiveDeliveryArgs


class DemosArgs(TypedDict):
    """The arguments of each demo that an attendee has, in the attendee's namespace."""

    booksapp: NotRequired[BooksappArgs]
    podinfo: NotRequired[PodinfoArgs]
    circuit_breaking: NotRequired[CircuitBreakingArgs]
    progressive_delivery: NotRequired[ProgressiveDeliveryArgs]


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
        urls = dict[str, Output[str]]()
        if demo := demos.get("booksapp"):
            urls["booksapp"] = Booksapp(f"{name}/booksapp", demo, inside).url
        if demo := demos.get("podinfo"):
            urls["podinfo"] = Podinfo(f"{name}/podinfo", demo, inside).url
        if demo := demos.get("circuit_breaking"):
            urls["circuitBreaking"] = CircuitBreaking(f"{name}/circuit-breaking", demo, inside).command
        if demo := demos.get("progressive_delivery"):
            urls["progressiveDelivery"] = ProgressiveDelivery(f"{name}/progressive-delivery", demo, inside).url
        self.urls = urls
        self.register_outputs({})


def public_apps(demos: DemosArgs) -> list[str]:
    """Return the label `app` of each app of an attendee that has a public host."""
    hosts = {
        WEB_APP: demos["booksapp"].get("host") if "booksapp" in demos else None,
        FRONTEND: demos["podinfo"].get("host") if "podinfo" in demos else None,
        APP: demos["progressive_delivery"].get("host") if "progressive_delivery" in demos else None,
    }
    return [app for app, host in hosts.items() if host]
