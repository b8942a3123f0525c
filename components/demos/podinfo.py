"""podinfo: a front end that asks one of two backends, chosen by a header of the request."""

from pulumi import ComponentResource, Output, ResourceOptions

from components.demos.hosted import Backend, HostedDemoArgs, open_host
from components.resources.workload import Workload, WorkloadArgs, app_workload
from components.traffic.header_route import HeaderRoute
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


class PodinfoArgs(HostedDemoArgs):
    """Inputs of a Podinfo."""

    header: ForwardedHeader
    """The header that leads to the second backend."""
    header_value: str
    """Its exact value."""
    route_api: RouteApi


class Podinfo(ComponentResource):
    """The demo of routing by a header."""

    url: Output[str]
    """The front end's URL; the command that forwards it to this machine where it has no public host."""

    def __init__(self, name: str, args: PodinfoArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:demos:Podinfo", name, {}, opts)
        child = ResourceOptions(parent=self)
        services = {
            app: Workload(f"{name}-{app.removesuffix('-podinfo')}", _workload(app, args), child).service
            for app in ENVIRONMENTS
        }
        HeaderRoute(
            f"{name}-router",
            {
                "name": "backend-router",
                "namespace": args["namespace"],
                "service": services[BACKEND_A],
                "port": PORT,
                "header": args["header"],
                "value": args["header_value"],
                "alternative": services[BACKEND_B],
                "api": args["route_api"],
            },
            child,
        )
        front: Backend = {"name": "front", "service": services[FRONTEND], "port": PORT, "health_path": "/healthz"}
        command = Output.concat("kubectl -n ", args["namespace"], f" port-forward svc/{FRONTEND} {PORT}")
        self.url = open_host(f"{name}-host", args, front, command, child)
        self.register_outputs({"url": self.url})


def _workload(app: str, args: PodinfoArgs) -> WorkloadArgs:
    """Return the front end or one of the backends."""
    return {
        **app_workload(app, PART_OF, PODINFO_IMAGE, args),
        "environment": ENVIRONMENTS[app],
        "port": PORT,
        "readiness_path": "/readyz",
        "user": PODINFO_USER,
        "read_only": True,
    }
