"""Fault injection: a share of a Service's requests is sent to a backend that answers 500."""

from hashlib import sha256

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap

from components.resources.http_route import HttpRoute, HttpRouteSpec, service_parent
from components.resources.workload import AppArgs, Workload, app_workload
from model.names import RouteApi
from versions import NGINX_IMAGE

PORT = 8080
WHOLE = 100
NGINX_USER = 101
NGINX_CONF = f"""\
pid /tmp/nginx.pid;
events {{}}
http {{
  client_body_temp_path /tmp/client;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {{
    listen {PORT};
    location / {{
      return 500;
    }}
  }}
}}
"""
"""Answers 500 to everything; its files lie in /tmp, because it runs without any capability."""


class FaultInjectionArgs(AppArgs):
    """Inputs of a FaultInjection, in the namespace of the Service."""

    service: Input[str]
    """The Service whose requests fail; only those of meshed clients do, since their proxies split the traffic."""
    port: int
    """Its port."""
    percent: int
    """The percentage of requests that fail."""
    part_of: str
    """The demo's name, as a label."""
    api: RouteApi


class FaultInjection(ComponentResource):
    """A backend that always fails, and the route that sends it its share."""

    def __init__(self, name: str, args: FaultInjectionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:FaultInjection", name, {}, opts)
        child = ResourceOptions(parent=self)
        namespace = args["namespace"]
        configuration = ConfigMap(
            f"{name}-configuration",
            metadata={"name": "error-injector", "namespace": namespace},
            data={"nginx.conf": NGINX_CONF},
            opts=child,
        )
        digest = sha256(NGINX_CONF.encode()).hexdigest()
        injector = Workload(
            f"{name}-injector",
            {
                **app_workload("error-injector", args["part_of"], NGINX_IMAGE, args),
                "port": PORT,
                "user": NGINX_USER,
                "config_file": {
                    "config_map": configuration.metadata["name"],
                    "key": "nginx.conf",
                    "path": "/etc/nginx/nginx.conf",
                },
                # A file mounted by subPath never changes in a running pod.
                "pod_annotations": {**args["pod_annotations"], "linkerd-workshop/configuration": digest},
            },
            child,
        )
        HttpRoute(
            f"{name}-route",
            {
                "name": "error-split",
                "namespace": namespace,
                "api": args["api"],
                "spec": _split(args, injector.service),
            },
            child,
        )
        self.register_outputs({})


def _split(args: FaultInjectionArgs, injector: Input[str]) -> HttpRouteSpec:
    """Return the route's spec: the Service keeps what the injector does not get."""
    return {
        "parentRefs": [service_parent(args["service"], args["port"])],
        "rules": [
            {
                "backendRefs": [
                    {"name": args["service"], "port": args["port"], "weight": WHOLE - args["percent"]},
                    {"name": injector, "port": PORT, "weight": args["percent"]},
                ]
            }
        ],
    }
