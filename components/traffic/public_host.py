"""A public host for a Service: an Ingress that the AWS Load Balancer Controller and ExternalDNS serve."""

from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.resources.host_ingress import DEFAULT_EXPOSURE, Exposure, host_ingress


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
    health_path: NotRequired[str]
    """The path that answers 200 while a pod can take requests; `/` if left out."""
    exposure: NotRequired[Exposure]
    """The host's exposure; over plain HTTP, by a load balancer of its own, if left out."""


class PublicHost(ComponentResource):
    """An Ingress, with its load balancer and its DNS record as those make them."""

    url: Output[str]
    """The app's URL."""

    def __init__(self, name: str, args: PublicHostArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:PublicHost", name, {}, opts)
        exposure = args.get("exposure", DEFAULT_EXPOSURE)
        https = exposure.get("https", False)
        host_ingress(
            f"{name}-ingress",
            {
                "name": args["name"],
                "namespace": args["namespace"],
                "service": args["service"],
                "port": args["port"],
                "host": args["host"],
                "health_path": args.get("health_path", "/"),
                "http": True,
                "https": https,
                "exposure": exposure,
            },
            self,
        )
        self.url = Output.from_input(f"{'https' if https else 'http'}://{args['host']}/")
        self.register_outputs({"url": self.url})
