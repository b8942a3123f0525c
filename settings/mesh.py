"""Settings of the mesh: who owns the Gateway API, how long certificates live, and whether there is a dashboard."""

from pydantic import Field

from model.names import TrustPhase
from settings.values import Days, Enabled, Generation, Hostname, Section, Text, Url


class GatewayApi(Section):
    """The Gateway API's custom resource definitions."""

    install: bool = Field(
        default=True,
        description="true (this stack owns them) or false (somebody else keeps them in the cluster)",
        examples=[True],
    )


class Trust(Section):
    """The lives of the mesh's certificates, and the steps by which its trust anchor is replaced."""

    anchor: Generation = Field(default=1, description="the trust anchor's number, from 1", examples=[1])
    phase: TrustPhase = Field(
        default=TrustPhase.STABLE, description="stable, bundled or reissued, in this order", examples=["stable"]
    )
    anchor_days: Days = Field(default=3650, description="whole days from 1 to 36500", examples=[3650])
    issuer_days: Days = Field(default=365, description="whole days from 1 to 36500", examples=[365])
    renewal_days: Days = Field(default=90, description="whole days from 1 to 36500", examples=[90])
    generation: Generation = Field(
        default=1, description="a whole number from 1 (a new one restarts every meshed pod)", examples=[1]
    )


class Oidc(Section):
    """The identity provider that a load balancer asks who somebody is."""

    issuer: Url = Field(description="an https URL", examples=["https://login.example.com"])
    authorization_endpoint: Url = Field(description="an https URL", examples=["https://login.example.com/authorize"])
    token_endpoint: Url = Field(description="an https URL", examples=["https://login.example.com/token"])
    user_info_endpoint: Url = Field(description="an https URL", examples=["https://login.example.com/userinfo"])
    secret_name: Text = Field(
        description="the name of a Secret in linkerd-viz with clientID and clientSecret", examples=["dashboard-oidc"]
    )


class Dashboard(Section):
    """viz's dashboard on a public host, which asks everybody to log in."""

    host: Hostname = Field(examples=["viz.example.com"])
    oidc: Oidc = Field(description="a mapping: who may see it is asked of an identity provider", examples=[{}])


class Viz(Section):
    """The mesh's metrics, tap and dashboard."""

    enabled: Enabled = True
    dashboard: Dashboard | None = Field(default=None, description="a mapping of settings", examples=[{}])
