"""A name in the world for a Service: an Ingress that the AWS Load Balancer Controller and ExternalDNS serve."""

from typing import TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.networking.v1 import Ingress, IngressBackendArgsDict


class PublicHostArgs(TypedDict):
    """Inputs of a PublicHost."""

    name: str
    """The Ingress's name."""
    namespace: Input[str]
    """The namespace of the Service."""
    service: Input[str]
    port: int
    """The Service's port."""
    host: str
    """The DNS name, for example `books.example.com`."""
    ingress_class: str
    """The IngressClass of the load balancer controller."""


class PublicHost(ComponentResource):
    """An Ingress, with its load balancer and its DNS record as those make them."""

    url: Output[str]
    """Where the app answers."""

    def __init__(self, name: str, args: PublicHostArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:PublicHost", name, {}, opts)
        backend: IngressBackendArgsDict = {"service": {"name": args["service"], "port": {"number": args["port"]}}}
        Ingress(
            f"{name}-ingress",
            metadata={
                "name": args["name"],
                "namespace": args["namespace"],
                "annotations": {
                    "external-dns.alpha.kubernetes.io/hostname": args["host"],
                    "alb.ingress.kubernetes.io/scheme": "internet-facing",
                    "alb.ingress.kubernetes.io/target-type": "ip",
                    "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 80}]',
                },
            },
            spec={
                "ingress_class_name": args["ingress_class"],
                "rules": [
                    {
                        "host": args["host"],
                        "http": {"paths": [{"path": "/", "path_type": "Prefix", "backend": backend}]},
                    }
                ],
            },
            opts=ResourceOptions(parent=self),
        )
        self.url = Output.from_input(f"http://{args['host']}/")
        self.register_outputs({"url": self.url})
