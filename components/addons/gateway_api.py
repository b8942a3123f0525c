"""The Gateway API's custom resource definitions, in the one version that suits everything that reads them."""

from typing import TypedDict

from pulumi import ComponentResource, ResourceOptions

from components.resources.charts import release_definitions
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
        child = ResourceOptions(parent=self)
        release_definitions(f"{name}-crds", GATEWAY_API_RELEASE, {"chart": args["chart"]}, child)
        self.register_outputs({})
