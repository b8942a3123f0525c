"""podinfo: a front end that asks one of two backends, chosen by a header of the request."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.resources.host_ingress import DEFAULT_EXPOSURE, Exposure
from components.resources.workload import Workload, WorkloadArgs
from components.traffic.header_route import HeaderRoute
from components.traffic.public_host import PublicHost
from model.images import mirrored
from model.names import ForwardedHeader, RouteApi
from versions import PODINFO_IMAGE

PART_OF = "podinfo"
PORT = 9898
PODINFO_USER = 100
FRONTEND, BACKEND_A, BACKEND_B = "frontend-podinfo", "backend-a-podinfo", "backend-b-podinfo"
ENVIRONMENTS = {
    FRONTEND: {"PODINFO_BACKEND_URL": f"http://{BACKEND_A}:{PORT}/env"},
    BACKEND_A: {"PODINFO_UI_MESSAGE": "A backend"},
    BACKEND_B: {"PODINFO_UI_MESSAGE": "B backend"},
}
"""`POST /echo` on the front end answers with the environment of the backend that it reached."""


class PodinfoArgs(TypedDict):
    """Inputs of a Podinfo."""

    namespace: Input[str]
    """The namespace, meshed."""
    header: NotRequired[ForwardedHeader]
    """The header that leads to the second backend; `x-request-id` if left out."""
    header_value: NotRequired[str]
    """Its exact value; `alternative` if left out."""
    replicas: NotRequired[int]
    """The number of pods of the front end and of each backend; 1 if left out."""
    route_api: NotRequired[RouteApi]
    """The route's API group; the standard one if left out."""
    host: NotRequired[str | None]
    """The public DNS name; none if left out."""
    exposure: NotRequired[Exposure]
    """The exposure of `host`; over plain HTTP, by a load balancer of its own, if left out."""
    image_registry: NotRequired[str | None]
    """A registry that mirrors all images; they come from their own ones if left out."""
    image: NotRequired[str]
    """The image of all three; the pinned one if left out."""
    pod_annotations: NotRequired[Mapping[str, Input[str]]]
    """Annotations of every pod; a changed one restarts them."""


class Podinfo(ComponentResource):
    """The demo of routing by a header."""

    url: Output[str]
    """The front end's URL; the command that forwards it to this machine where it has no public host."""

    def __init__(self, name: str, args: PodinfoArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:demos:Podinfo", name, {}, opts)
        child = ResourceOptions(parent=self)
        namespace = args["namespace"]
        services = {
            app: Workload(f"{name}-{app.removesuffix('-podinfo')}", _workload(app, args), child).service
            for app in ENVIRONMENTS
        }
        HeaderRoute(
            f"{name}-router",
            {
                "name": "backend-router",
                "namespace": namespace,
                "service": services[BACKEND_A],
                "port": PORT,
                "header": args.get("header", ForwardedHeader.REQUEST_ID),
                "value": args.get("header_value", "alternative"),
                "alternative": services[BACKEND_B],
                "api": args.get("route_api", RouteApi.GATEWAY),
            },
            child,
        )
        self.url = Output.concat("kubectl -n ", namespace, f" port-forward svc/{FRONTEND} {PORT}")
        if host := args.get("host"):
            public = PublicHost(
                f"{name}-host",
                {
                    "name": "front",
                    "namespace": namespace,
                    "service": services[FRONTEND],
                    "port": PORT,
                    "host": host,
                    "health_path": "/healthz",
                    "exposure": args.get("exposure", DEFAULT_EXPOSURE),
                },
                child,
            )
            self.url = public.url
        self.register_outputs({"url": self.url})


def _workload(app: str, args: PodinfoArgs) -> WorkloadArgs:
    """Return the front end or one of the backends."""
    return {
        "name": app,
        "namespace": args["namespace"],
        "part_of": PART_OF,
        "image": mirrored(args.get("image", PODINFO_IMAGE), args.get("image_registry")),
        "environment": ENVIRONMENTS[app],
        "port": PORT,
        "readiness_path": "/readyz",
        "replicas": args.get("replicas", 1),
        "user": PODINFO_USER,
        "read_only": True,
        "pod_annotations": args.get("pod_annotations", {}),
    }
