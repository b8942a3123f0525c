"""The stack's cluster, and the providers that create everything in it."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, ProviderResource, ResourceOptions
from pulumi_aws import Provider as AwsProvider
from pulumi_aws import ProviderAssumeRoleArgs, ProviderDefaultTagsArgs
from pulumi_kubernetes import Provider


class AwsAccess(TypedDict):
    """The access to an EKS cluster's AWS account; all known at preview."""

    region: str
    account: str
    """The account's number; nothing is created in any other."""
    profile: str | None
    """A profile of `~/.aws/config`; the AWS CLI's default if None."""
    role_arn: str | None
    """A role that is assumed for everything; none if None."""
    session_name: str
    """The name of the role's session in CloudTrail."""
    tags: Mapping[str, str]
    """Tags of everything that is created there."""


class ClusterArgs(TypedDict):
    """Inputs of a Cluster; all of them known at preview, so that no plan is imprecise."""

    identity: str
    """The cluster's identity, whichever kubeconfig leads to it, such as the UID of the namespace `kube-system`."""
    kubeconfig: NotRequired[Input[str] | None]
    """Path of the kubeconfig, or its contents, as a secret if they hold one; empty for kubectl's default."""
    context: NotRequired[str | None]
    """The kubeconfig's context; its current one if left out."""
    aws: NotRequired[AwsAccess | None]
    """Left out where the cluster is not on EKS."""


class Cluster(ComponentResource):
    """A cluster by kubeconfig, with the AWS account that it lies in if that is EKS."""

    kubernetes: Provider
    """The one provider of Kubernetes objects."""
    aws: AwsProvider | None
    """The one provider of resources in the AWS account; None where the cluster is not on EKS."""

    def __init__(self, name: str, args: ClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:index:Cluster", name, {}, opts)
        self.kubernetes = Provider(
            f"{name}-kubernetes",
            # Not None: the SDK would pass the text of KUBECONFIG, which may be a list, as one path.
            kubeconfig=args.get("kubeconfig") or "",
            context=args.get("context"),
            # Without it a changed kubeconfig plans the replacement of every object.
            cluster_identifier=args["identity"],
            # Otherwise a renewed certificate deletes its Secret before it creates the new one, and pods that start
            # in between find nothing.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=ResourceOptions(parent=self),
        )
        aws = args.get("aws")
        self.aws = _provider(f"{name}-aws", aws, ResourceOptions(parent=self)) if aws else None
        self.register_outputs({})

    @property
    def providers(self) -> list[ProviderResource]:
        """The providers that create the resources of the stack's components."""
        return [self.kubernetes, self.aws] if self.aws else [self.kubernetes]


def _provider(name: str, aws: AwsAccess, opts: ResourceOptions) -> AwsProvider:
    role = aws["role_arn"]
    return AwsProvider(
        name,
        region=aws["region"],
        profile=aws["profile"],
        # Not as a dict: when the SDK turns a provider's inputs into JSON, it keeps a dict's keys in Python's spelling.
        assume_roles=[ProviderAssumeRoleArgs(role_arn=role, session_name=aws["session_name"])] if role else None,
        # Credentials of another account are refused before they create anything there.
        allowed_account_ids=[aws["account"]],
        default_tags=ProviderDefaultTagsArgs(tags=aws["tags"]),
        opts=opts,
    )
