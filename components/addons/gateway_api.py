"""The Gateway API's custom resource definitions, in the one version that suits everything that reads them."""

from typing import TypedDict

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.helm.v3 import Release

from model.names import GATEWAY_API_RELEASE


class GatewayApiArgs(TypedDict):
    """Inputs of a GatewayApi."""

    chart: str
    """Path of a chart archive whose templates are the published definitions of the standard channel, unchanged."""


class GatewayApi(ComponentResource):
    """The definitions of HTTPRoute and the other kinds, installed as one Helm release.

    A release and not single objects: the definitions are 0.9 MB, which would lie in the state three times and be
    compared in every preview.
    """

    def __init__(self, name: str, args: GatewayApiArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:GatewayApi", name, {}, opts)
        namespace, release = GATEWAY_API_RELEASE
        Release(
            f"{name}-crds",
            name=release,  # a release without a name gets a random one, and nobody can see that it is this stack's
            namespace=namespace,
            chart=args["chart"],
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})
