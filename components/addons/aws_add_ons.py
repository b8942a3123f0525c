"""The add-ons that make an Ingress public: a load balancer, a record in Route 53, a certificate."""

from collections.abc import Mapping
from typing import TypedDict

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws.eks import Addon

from components.addons.external_dns import ExternalDns, ExternalDnsArgs
from components.addons.host_certificate import HostCertificate, HostCertificateArgs
from components.addons.load_balancer_controller import LoadBalancerController, LoadBalancerControllerArgs
from model.names import POD_IDENTITY_AGENT


class PodIdentityAgentArgs(TypedDict):
    """Inputs of a PodIdentityAgent."""

    cluster: str
    """The EKS cluster's name."""


class PodIdentityAgent(ComponentResource):
    """The EKS add-on that gives pods credentials of the role that is associated with their ServiceAccount."""

    def __init__(self, name: str, args: PodIdentityAgentArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:PodIdentityAgent", name, {}, opts)
        Addon(
            f"{name}-addon",
            cluster_name=args["cluster"],
            addon_name=POD_IDENTITY_AGENT,
            # No version: EKS chooses its default for the cluster's Kubernetes version; a pinned one would not fit the
            # next. Another owner's agent stays as it is: an adopted one would be deleted with this stack.
            resolve_conflicts_on_create="NONE",
            # Values that somebody sets by hand stay, and do not make an `up` fail.
            resolve_conflicts_on_update="PRESERVE",
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})


class AwsAddOnsArgs(TypedDict):
    """Inputs of an AwsAddOns."""

    pod_identity_agent: PodIdentityAgentArgs | None
    """None if the cluster has one already, or no pod needs it."""
    load_balancer_controller: LoadBalancerControllerArgs | None
    """None if the cluster has one already, or none is wanted."""
    external_dns: ExternalDnsArgs | None
    """None if somebody else keeps the records."""
    certificate: HostCertificateArgs | None
    """None if the hosts have one already, or need none."""


class AwsAddOns(ComponentResource):
    """The add-ons of an EKS cluster.

    Every Ingress has to depend on them. A destroy deletes in this order: Ingresses, load balancer controller,
    ExternalDNS, and each one's IAM role after it; the certificate after the last listener that uses it.
    """

    certificate_arn: Output[str]
    """The ARN of the hosts' certificate, once it is valid; empty if none is created."""
    expires: Output[Mapping[str, str]]
    """The end of each of their certificates, RFC 3339."""

    def __init__(self, name: str, args: AwsAddOnsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:AwsAddOns", name, {}, opts)
        child, none = ResourceOptions(parent=self), dict[str, str]()
        dns_args, controller_args = args["external_dns"], args["load_balancer_controller"]
        agent_args, certificate_args = args["pod_identity_agent"], args["certificate"]
        agent = PodIdentityAgent(f"{name}-pod-identity-agent", agent_args, child) if agent_args else None
        # A pod gets its credentials from the agent, when it is created.
        after_agent = ResourceOptions(parent=self, depends_on=[agent] if agent else [])
        dns = ExternalDns(f"{name}-external-dns", dns_args, after_agent) if dns_args else None
        controller = (
            LoadBalancerController(f"{name}-load-balancer-controller", {**controller_args, "dns": dns}, after_agent)
            if controller_args
            else None
        )
        certificate = HostCertificate(f"{name}-certificate", certificate_args, child) if certificate_args else None
        self.certificate_arn = certificate.arn if certificate else Output.from_input("")
        self.expires = controller.expires if controller else Output.from_input(none)
        self.register_outputs({"certificate_arn": self.certificate_arn, "expires": self.expires})
