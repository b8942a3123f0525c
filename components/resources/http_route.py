"""HTTPRoute, typed, in both groups that Linkerd reads.

Shapes: Gateway API 1.5 (`gateway.networking.k8s.io/v1`) and Linkerd's own group (`policy.linkerd.io/v1beta3`), as far
as a route of a Service in the mesh needs them.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import Input, ResourceOptions

from components.resources.custom_object import CustomObject, CustomObjectArgs
from model.names import RouteApi

_VERSIONS = {RouteApi.GATEWAY: "v1", RouteApi.POLICY: "v1beta3"}


class ParentRef(TypedDict):
    """The parent of the route: in a mesh, the Service that clients call."""

    name: Input[str]
    kind: Input[str]
    group: Input[str]
    """Empty or `core` for a Service."""
    port: NotRequired[Input[int]]
    """The Service's port; all ports if left out."""


class HeaderMatch(TypedDict):
    """One header with its exact value."""

    name: Input[str]
    value: Input[str]


class RouteMatch(TypedDict):
    """The requests that a rule applies to; all headers have to match."""

    headers: NotRequired[Input[Sequence[Input[HeaderMatch]]]]


class BackendRef(TypedDict):
    """A Service that gets a share of the requests."""

    name: Input[str]
    port: Input[int]
    weight: NotRequired[Input[int]]
    """The share in proportion to the sum of weights, 0 to 1,000,000; 1 if left out."""


class RouteRule(TypedDict):
    """The backends of matching requests."""

    matches: NotRequired[Input[Sequence[Input[RouteMatch]]]]
    backendRefs: Input[Sequence[Input[BackendRef]]]


class HttpRouteSpec(TypedDict):
    """The spec of a HTTPRoute."""

    parentRefs: Input[Sequence[Input[ParentRef]]]
    rules: Input[Sequence[Input[RouteRule]]]


class HttpRouteArgs(CustomObjectArgs[HttpRouteSpec]):
    """Inputs of a HttpRoute, in the namespace of the parent Service (a producer route)."""

    api: RouteApi


class HttpRoute(CustomObject[HttpRouteSpec]):
    """A HTTPRoute object."""

    _kind = "HTTPRoute"

    def __init__(self, name: str, args: HttpRouteArgs, opts: ResourceOptions | None = None) -> None:
        self._api_version = f"{args['api']}/{_VERSIONS[args['api']]}"
        super().__init__(name, args, opts)


def service_parent(name: Input[str], port: Input[int]) -> ParentRef:
    """Return the reference to a Service's port that a route of the mesh attaches to."""
    # "core" is what Linkerd's guides write, but the standard API's name of the core group is the empty string.
    return {"name": name, "kind": "Service", "group": "", "port": port}
