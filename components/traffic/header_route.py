"""Routing by a header: requests to a Service that carry it go to another Service."""

from typing import TypedDict

from pulumi import ComponentResource, Input, ResourceOptions

from components.resources.http_route import HttpRoute, HttpRouteSpec, service_parent
from model.names import RouteApi


class HeaderRouteArgs(TypedDict):
    """Inputs of a HeaderRoute."""

    name: str
    """The route's name."""
    namespace: Input[str]
    """The namespace of both Services."""
    service: Input[str]
    """The Service that clients call; only meshed clients are routed, since their proxies do it."""
    port: int
    """Its port, and that of the alternative."""
    header: str
    """The header's name, in any case."""
    value: str
    """The header's exact value."""
    alternative: Input[str]
    """The Service that gets the requests with that header."""
    api: RouteApi


class HeaderRoute(ComponentResource):
    """The route that looks at the header."""

    def __init__(self, name: str, args: HeaderRouteArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:HeaderRoute", name, {}, opts)
        HttpRoute(
            f"{name}-route",
            {
                "name": args["name"],
                "namespace": args["namespace"],
                "api": args["api"],
                "spec": _by_header(args),
            },
            ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _by_header(args: HeaderRouteArgs) -> HttpRouteSpec:
    """Return the route's spec: the Service keeps what does not carry the header."""
    port = args["port"]
    return {
        "parentRefs": [service_parent(args["service"], port)],
        "rules": [
            {
                "matches": [{"headers": [{"name": args["header"], "value": args["value"]}]}],
                "backendRefs": [{"name": args["alternative"], "port": port}],
            },
            # A request that no rule matches would be answered with 404.
            {"backendRefs": [{"name": args["service"], "port": port}]},
        ],
    }
