"""booksapp: a bookshelf of three services and a traffic generator; a share of the requests to `books` fails."""

from pulumi import ComponentResource, Output, ResourceOptions

from components.demos.hosted import Backend, HostedDemoArgs, open_host
from components.resources.workload import NOBODY, Workload, WorkloadArgs, app_workload
from components.traffic.fault_injection import FaultInjection
from model.names import RouteApi
from versions import BOOKSAPP_IMAGE, BOOKSAPP_TRAFFIC_IMAGE

PART_OF, WEB_APP = "booksapp", "webapp"
WEBAPP, AUTHORS, BOOKS = 7000, 7001, 7002
DATABASE = {"DATABASE_URL": "sqlite3:db/db.sqlite3"}
AUTHORS_SITE = {"AUTHORS_SITE": f"http://authors:{AUTHORS}"}
BOOKS_SITE = {"BOOKS_SITE": f"http://books:{BOOKS}"}


class BooksappArgs(HostedDemoArgs):
    """Inputs of a Booksapp."""

    fault_percent: int
    """The percentage of requests to `books` that fail."""
    authors_failure_rate: float
    """The share of requests that `authors` itself refuses, 0 to 1."""
    webapp_replicas: int
    """The number of pods of the web front end."""
    route_api: RouteApi
    """The API group of the route that injects the faults."""


class Booksapp(ComponentResource):
    """The demo of fault injection."""

    url: Output[str]
    """The app's URL; the command that forwards it to this machine where it has no public host."""

    def __init__(self, name: str, args: BooksappArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:demos:Booksapp", name, {}, opts)
        child = ResourceOptions(parent=self)
        services = {
            workload["name"]: Workload(f"{name}-{workload['name']}", workload, child).service
            for workload in _workloads(args)
        }
        FaultInjection(
            f"{name}-faults",
            {
                "namespace": args["namespace"],
                "part_of": PART_OF,
                "service": services["books"],
                "port": BOOKS,
                "percent": args["fault_percent"],
                "api": args["route_api"],
                "pod_annotations": args["pod_annotations"],
                "image_registry": args["image_registry"],
            },
            child,
        )
        webapp: Backend = {"name": "webapp", "service": services["webapp"], "port": WEBAPP, "health_path": "/ping"}
        command = Output.concat("kubectl -n ", args["namespace"], f" port-forward svc/{WEB_APP} {WEBAPP}")
        self.url = open_host(f"{name}-host", args, webapp, command, child)
        self.register_outputs({"url": self.url})


def _workloads(args: BooksappArgs) -> list[WorkloadArgs]:
    """Return the four parts of the app, as its authors publish them except for the failures of `authors`."""
    rate = args["authors_failure_rate"]
    failures = {"FAILURE_RATE": str(rate)} if rate else {}
    parts = {
        "webapp": (WEBAPP, DATABASE | AUTHORS_SITE | BOOKS_SITE),
        "authors": (AUTHORS, DATABASE | BOOKS_SITE | failures),
        "books": (BOOKS, DATABASE | AUTHORS_SITE),
    }
    # The services run as root, because their database belongs to root.
    services: list[WorkloadArgs] = [
        {
            **app_workload(service, PART_OF, BOOKSAPP_IMAGE, args),
            "arguments": [f"prod:{service}"],
            "environment": environment,
            "port": port,
            "readiness_path": "/ping",
            "replicas": args["webapp_replicas"] if service == "webapp" else 1,
        }
        for service, (port, environment) in parts.items()
    ]
    traffic: WorkloadArgs = {
        **app_workload("traffic", PART_OF, BOOKSAPP_TRAFFIC_IMAGE, args),
        "arguments": ["-initial-delay=30s", f"webapp:{WEBAPP}"],
        "user": NOBODY,
        "read_only": True,
    }
    return [*services, traffic]
