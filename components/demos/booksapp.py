"""booksapp: a bookshelf of three services and a traffic generator; a share of the requests to `books` fails."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.resources.host_ingress import DEFAULT_EXPOSURE, Exposure
from components.resources.workload import NOBODY, Workload, WorkloadArgs
from components.traffic.fault_injection import FaultInjection
from components.traffic.public_host import PublicHost
from model.images import mirrored
from model.names import RouteApi
from versions import BOOKSAPP_IMAGE, BOOKSAPP_TRAFFIC_IMAGE

PART_OF, WEB_APP = "booksapp", "webapp"
WEBAPP, AUTHORS, BOOKS = 7000, 7001, 7002
DATABASE = {"DATABASE_URL": "sqlite3:db/db.sqlite3"}
AUTHORS_SITE = {"AUTHORS_SITE": f"http://authors:{AUTHORS}"}
BOOKS_SITE = {"BOOKS_SITE": f"http://books:{BOOKS}"}


class BooksappArgs(TypedDict):
    """Inputs of a Booksapp."""

    namespace: Input[str]
    """The namespace, meshed."""
    fault_percent: NotRequired[int]
    """The percentage of requests to `books` that fail; 10 if left out."""
    authors_failure_rate: NotRequired[float]
    """The share of requests that `authors` itself refuses, 0 to 1; 0 if left out."""
    webapp_replicas: NotRequired[int]
    """The number of pods of the web front end; 3 if left out."""
    route_api: NotRequired[RouteApi]
    """The API group of the route that injects the faults; the standard one if left out."""
    host: NotRequired[str | None]
    """The public DNS name; none if left out."""
    exposure: NotRequired[Exposure]
    """The exposure of `host`; over plain HTTP, by a load balancer of its own, if left out."""
    image_registry: NotRequired[str | None]
    """A registry that mirrors all images; they come from their own ones if left out."""
    booksapp_image: NotRequired[str]
    """The image of the three services; the pinned one if left out."""
    traffic_image: NotRequired[str]
    """The traffic generator's image; the pinned one if left out."""
    pod_annotations: NotRequired[Mapping[str, Input[str]]]
    """Annotations of every pod; a changed one restarts them."""


class Booksapp(ComponentResource):
    """The demo of fault injection."""

    url: Output[str]
    """The app's URL; the command that forwards it to this machine where it has no public host."""

    def __init__(self, name: str, args: BooksappArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:demos:Booksapp", name, {}, opts)
        child = ResourceOptions(parent=self)
        namespace = args["namespace"]
        services = {
            workload["name"]: Workload(f"{name}-{workload['name']}", workload, child).service
            for workload in _workloads(args)
        }
        FaultInjection(
            f"{name}-faults",
            {
                "namespace": namespace,
                "part_of": PART_OF,
                "service": services["books"],
                "port": BOOKS,
                "percent": args.get("fault_percent", 10),
                "api": args.get("route_api", RouteApi.GATEWAY),
                "pod_annotations": args.get("pod_annotations", {}),
                "image_registry": args.get("image_registry"),
            },
            child,
        )
        self.url = Output.concat("kubectl -n ", namespace, f" port-forward svc/{WEB_APP} {WEBAPP}")
        if host := args.get("host"):
            public = PublicHost(
                f"{name}-host",
                {
                    "name": "webapp",
                    "namespace": namespace,
                    "service": services["webapp"],
                    "port": WEBAPP,
                    "host": host,
                    "health_path": "/ping",
                    "exposure": args.get("exposure", DEFAULT_EXPOSURE),
                },
                child,
            )
            self.url = public.url
        self.register_outputs({"url": self.url})


def _workloads(args: BooksappArgs) -> list[WorkloadArgs]:
    """Return the four parts of the app, as its authors publish them but for the failures of `authors`."""
    rate = args.get("authors_failure_rate", 0)
    failures = {"FAILURE_RATE": str(rate)} if rate else {}
    environments = {
        "webapp": DATABASE | AUTHORS_SITE | BOOKS_SITE,
        "authors": DATABASE | BOOKS_SITE | failures,
        "books": DATABASE | AUTHORS_SITE,
    }
    ports = {"webapp": WEBAPP, "authors": AUTHORS, "books": BOOKS}
    pod_annotations = args.get("pod_annotations", {})
    # As root, without a user of their own: their database belongs to it.
    services: list[WorkloadArgs] = [
        {
            "name": service,
            "namespace": args["namespace"],
            "part_of": PART_OF,
            "image": mirrored(args.get("booksapp_image", BOOKSAPP_IMAGE), args.get("image_registry")),
            "arguments": [f"prod:{service}"],
            "environment": environment,
            "port": ports[service],
            "readiness_path": "/ping",
            "replicas": args.get("webapp_replicas", 3) if service == "webapp" else 1,
            "pod_annotations": pod_annotations,
        }
        for service, environment in environments.items()
    ]
    return [*services, _traffic(args)]


def _traffic(args: BooksappArgs) -> WorkloadArgs:
    """Return the traffic generator."""
    return {
        "name": "traffic",
        "namespace": args["namespace"],
        "part_of": PART_OF,
        "image": mirrored(args.get("traffic_image", BOOKSAPP_TRAFFIC_IMAGE), args.get("image_registry")),
        "arguments": ["-initial-delay=30s", f"webapp:{WEBAPP}"],
        "user": NOBODY,
        "read_only": True,
        "pod_annotations": args.get("pod_annotations", {}),
    }
