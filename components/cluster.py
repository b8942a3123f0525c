"""The cluster that everything goes to: its provider, and what is known of it before anything is made."""

from typing import NotRequired, TypedDict

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes import Provider


class ClusterArgs(TypedDict):
    """Inputs of a Cluster; all of them known at preview, so that no plan is imprecise."""

    identity: str
    """What stays the same while kubeconfigs change: the UID of the namespace `kube-system`."""
    kubeconfig: NotRequired[str | None]
    """Path of the kubeconfig; what kubectl would take if left out."""
    context: NotRequired[str | None]
    """The kubeconfig's context; its current one if left out."""


class Cluster(ComponentResource):
    """A cluster by kubeconfig context."""

    kubernetes: Provider
    """The one provider of Kubernetes objects."""

    def __init__(self, name: str, args: ClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:index:Cluster", name, {}, opts)
        self.kubernetes = Provider(
            f"{name}-kubernetes",
            # A path and not the contents: these hold the user's private key.
            kubeconfig=args.get("kubeconfig"),
            context=args.get("context"),
            # Without it a changed kubeconfig plans the replacement of every object.
            cluster_identifier=args["identity"],
            # Otherwise a renewed certificate deletes its Secret before it makes the new one, and pods that start
            # in between find nothing.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})
