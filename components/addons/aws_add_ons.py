"""What turns an Ingress into a host that the world reaches: a load balancer, and a record in Route 53."""

from collections.abc import Mapping
from typing import TypedDict

from pulumi import ComponentResource, Output, ResourceOptions

from components.addons.external_dns import ExternalDns, ExternalDnsArgs
from components.addons.load_balancer_controller import LoadBalancerController, LoadBalancerControllerArgs


class AwsAddOnsArgs(TypedDict):
    """Inputs of an AwsAddOns."""

    load_balancer_controller: LoadBalancerControllerArgs | None
    """None if the cluster has one already, or none is wanted."""
    external_dns: ExternalDnsArgs | None
    """None if somebody else keeps the records."""


class AwsAddOns(ComponentResource):
    """The add-ons of an EKS cluster.

    Every Ingress has to depend on them. On destroy they go in this order: Ingresses, load balancer controller,
    ExternalDNS, and each one's IAM role after it.
    """

    expires: Output[Mapping[str, str]]
    """When each certificate of theirs ends, RFC 3339."""

    def __init__(self, name: str, args: AwsAddOnsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:AwsAddOns", name, {}, opts)
        child, none = ResourceOptions(parent=self), dict[str, str]()
        wanted, balancers = args["external_dns"], args["load_balancer_controller"]
        dns = ExternalDns(f"{name}-external-dns", wanted, child) if wanted else None
        controller = (
            LoadBalancerController(f"{name}-load-balancer-controller", {**balancers, "dns": dns}, child)
            if balancers
            else None
        )
        self.expires = controller.expires if controller else Output.from_input(none)
        self.register_outputs({"expires": self.expires})
