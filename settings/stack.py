"""Everything that a stack can choose."""

from datetime import date
from typing import Annotated

from pydantic import Field

from settings.attendees import Attendees
from settings.delivery import Delivery
from settings.demos import Demos
from settings.eks import Dns, Eks, PublicHosts
from settings.mesh import GatewayApi, Trust, Viz
from settings.values import (
    OptionalDate,
    OptionalDays,
    OptionalPath,
    OptionalRegistry,
    OptionalText,
    Section,
    Text,
    section,
    switch,
    unset_if,
)


class Settings(Section):
    """A stack's settings; none has to be given."""

    kubeconfig: OptionalPath = Field(
        default=None, description="the path of a file, not what is in it", examples=["~/.kube/config"]
    )
    """Path of the kubeconfig; what kubectl would take if it is not set: `KUBECONFIG` or `~/.kube/config`."""
    context: OptionalText = Field(default=None, description="the name of a kubeconfig context", examples=["kind-kind"])
    """Context of the kubeconfig; its current one if it is not set."""
    chart_mirror: OptionalPath = Field(default=None, description="a folder of chart archives", examples=["./mirror"])
    """Where charts come from on a closed network (also `CHART_MIRROR`); their repositories if it is not set."""
    image_registry: OptionalRegistry = Field(
        default=None,
        description="a registry that mirrors all images under their paths, without a scheme",
        examples=["registry.example.com/mirror"],
    )
    """Where images come from on a closed network; each image's own registry if it is not set."""
    ingress_class: Text = Field(default="alb", description="the name of an IngressClass", examples=["alb"])
    """The class of the public hosts' Ingresses; on a cluster without a class of this name no Ingress is created."""
    eks: Annotated[Eks | None, unset_if({})] = section(None)
    dns: Annotated[Dns | None, unset_if({})] = section(None)
    public_hosts: PublicHosts = section(PublicHosts())
    workshop_ends: OptionalDate = Field(
        default=None,
        description="the workshop's last day, YYYY-MM-DD; it ends at 24:00 UTC",
        examples=[date(2027, 1, 31)],
    )
    """Its last day; `make expiry` fails if a certificate ends earlier, and `make teardown` destroys it afterwards."""
    workshop_days: OptionalDays = Field(
        default=None, description="whole days from 1 to 366, or 0 for a workshop without an end", examples=[14]
    )
    """How many days after its last `up` the workshop ends, instead of a last day."""
    high_availability: bool = switch("true (the cluster needs three nodes) or false")
    """Whether Linkerd, viz and the controllers survive the loss of a node, by the charts' high-availability values."""
    gateway_api: GatewayApi = section(GatewayApi())
    trust: Trust = section(Trust())
    viz: Viz = section(Viz())
    delivery: Delivery = section(Delivery())
    demos: Demos = Field(default=Demos(), description="a mapping of demos", examples=[{}])
    attendees: Annotated[Attendees | None, unset_if({})] = section(None)
