"""EKS Pod Identity's agent, which gives pods credentials of the role that is associated with their ServiceAccount."""

from typing import TypedDict

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws.eks import Addon

from model.names import POD_IDENTITY_AGENT


class PodIdentityAgentArgs(TypedDict):
    """Inputs of a PodIdentityAgent."""

    cluster: str
    """The EKS cluster's name."""


class PodIdentityAgent(ComponentResource):
    """The EKS add-on `eks-pod-identity-agent`."""

    def __init__(self, name: str, args: PodIdentityAgentArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:PodIdentityAgent", name, {}, opts)
        Addon(
            f"{name}-addon",
            cluster_name=args["cluster"],
            addon_name=POD_IDENTITY_AGENT,
            # No version: EKS takes its default for the cluster's Kubernetes, and a pinned one ends with that.
            # Another owner's agent stays: taken over, it would be deleted with this stack.
            resolve_conflicts_on_create="NONE",
            # What somebody sets by hand later is no reason for an `up` to fail.
            resolve_conflicts_on_update="PRESERVE",
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})
