"""Settings of the mesh: who owns the Gateway API, how long certificates live, and whether there is a dashboard."""

from pydantic import Field

from model.names import TrustPhase
from settings.values import Days, Enabled, Generation, Hostname, Section, Text, Url, section, switch


class GatewayApi(Section):
    """The Gateway API's custom resource definitions."""

    install: bool = switch(
        "true (this stack owns them) or false (somebody else keeps them in the cluster)", default=True
    )
    """Whether this stack owns the Gateway API's CRDs."""


class Trust(Section):
    """The lives of the mesh's certificates, and the steps by which its trust anchor is replaced."""

    anchor: Generation = Field(default=1, description="the trust anchor's number, from 1", examples=[1])
    """Which trust anchor signs; its replacement has the next number."""
    phase: TrustPhase = Field(
        default=TrustPhase.STABLE, description="stable, bundled or reissued, in this order", examples=["stable"]
    )
    """The step of the anchor's replacement."""
    anchor_days: Days = Field(default=3650, description="whole days from 1 to 36500", examples=[3650])
    """The lifetime of the next trust anchor."""
    issuer_days: Days = Field(default=365, description="whole days from 1 to 36500", examples=[365])
    """The lifetime of the issuer."""
    renewal_days: Days = Field(default=90, description="whole days from 1 to 36500", examples=[90])
    """How many days before their end the issuer and the webhooks' certificates are renewed."""
    generation: Generation = Field(
        default=1, description="a whole number from 1 (a new one restarts every meshed pod)", examples=[1]
    )
    """A new number restarts the control plane and every meshed pod."""


class Oidc(Section):
    """The identity provider that a load balancer asks who somebody is."""

    issuer: Url = Field(description="an https URL", examples=["https://login.example.com"])
    """The identity provider's issuer."""
    authorization_endpoint: Url = Field(description="an https URL", examples=["https://login.example.com/authorize"])
    """The identity provider's authorization endpoint."""
    token_endpoint: Url = Field(description="an https URL", examples=["https://login.example.com/token"])
    """The identity provider's token endpoint."""
    user_info_endpoint: Url = Field(description="an https URL", examples=["https://login.example.com/userinfo"])
    """The identity provider's user info endpoint."""
    secret_name: Text = Field(
        description="the name of a Secret in linkerd-viz with clientID and clientSecret", examples=["dashboard-oidc"]
    )
    """The Secret with the client's credentials."""


class Dashboard(Section):
    """viz's dashboard on a public host, which asks everybody to log in."""

    host: Hostname = Field(examples=["viz.example.com"])
    """The dashboard's public name."""
    oidc: Oidc = Field(description="a mapping: the identity provider that decides who may see it", examples=[{}])


class Viz(Section):
    """The mesh's metrics, tap and dashboard."""

    enabled: Enabled = True
    """Whether the stack installs viz."""
    dashboard: Dashboard | None = section(None)
