"""The mesh: Linkerd, viz, and viz's dashboard on a public host."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output

from components.mesh import viz as dashboard
from components.mesh.linkerd import Linkerd, LinkerdArgs
from components.mesh.viz import Viz, VizArgs
from components.traffic.hosts import ProtectedHost, ProtectedHostArgs
from model.charts import Part
from settings import parts
from settings.mesh import Dashboard
from stack.addons import AddOns
from stack.cluster import Base


@dataclass(frozen=True)
class Mesh:
    """The control plane, and viz where the stack has it."""

    linkerd: Linkerd
    viz: Viz | None
    outputs: Mapping[str, Output[str]]
    """The dashboard's URL, if it has a public host."""

    def expires(self, add_ons: AddOns) -> Output[Mapping[str, str]]:
        """Return the end of each certificate, with those of the add-ons' webhooks."""
        others = [each for each in (self.viz.expires if self.viz else None, add_ons.expires) if each]
        return Output.all(self.linkerd.expires, *others).apply(
            lambda ends: {name: end for each in ends for name, end in each.items()}
        )


def install_mesh(base: Base, add_ons: AddOns) -> Mesh:
    """Install Linkerd, and viz with its dashboard where the settings ask for it."""
    wanted = base.settings.viz
    linkerd = Linkerd("linkerd", linkerd_args(base, add_ons), base.after())
    if not wanted.enabled:
        return Mesh(linkerd, None, {})
    viz = Viz("viz", viz_args(base, linkerd), base.after())
    if not wanted.dashboard or not base.start.served(wanted.dashboard.host):
        return Mesh(linkerd, viz, {})
    host = ProtectedHost("viz-dashboard", dashboard_args(base, add_ons, wanted.dashboard), base.after(viz))
    return Mesh(linkerd, viz, {"viz": host.url})


def linkerd_args(base: Base, add_ons: AddOns) -> LinkerdArgs:
    """Return the arguments of the control plane."""
    trust, charts = base.settings.trust, base.start.charts
    return {
        "namespace": base.namespaces.names[parts.LINKERD],
        "crds_chart": charts[Part.LINKERD_CRDS],
        "chart": charts[Part.LINKERD_CONTROL_PLANE],
        "certificates": {
            "anchor": trust.anchor,
            "phase": trust.phase,
            "anchor_days": trust.anchor_days,
            "issuer_days": trust.issuer_days,
            "renewal_days": trust.renewal_days,
        },
        "generation": trust.generation,
        "wait": base.start.wait_for_mesh,
        "gateway_api": add_ons.gateway_api,
        "high_availability": base.settings.high_availability,
        "image_registry": base.settings.image_registry,
    }


def viz_args(base: Base, linkerd: Linkerd) -> VizArgs:
    """Return the arguments of viz."""
    settings = base.settings
    return {
        "namespace": base.namespaces.names[parts.VIZ],
        "chart": base.start.charts[Part.LINKERD_VIZ],
        "mesh": linkerd,
        "namespaces": base.namespaces,
        "renewal_days": settings.trust.renewal_days,
        "pod_annotations": linkerd.pod_annotations,
        "high_availability": settings.high_availability,
        "image_registry": settings.image_registry,
        "dashboard_host": settings.viz.dashboard.host if settings.viz.dashboard else None,
    }


def dashboard_args(base: Base, add_ons: AddOns, settings: Dashboard) -> ProtectedHostArgs:
    """Return the arguments of the dashboard's public host."""
    oidc = settings.oidc
    return {
        "name": dashboard.DASHBOARD,
        "namespace": base.namespaces.names[parts.VIZ],
        "service": dashboard.DASHBOARD,
        "port": dashboard.DASHBOARD_PORT,
        "health_port": dashboard.DASHBOARD_ADMIN_PORT,
        "host": settings.host,
        "exposure": add_ons.exposure,
        "oidc": {
            "issuer": oidc.issuer,
            "authorization_endpoint": oidc.authorization_endpoint,
            "token_endpoint": oidc.token_endpoint,
            "user_info_endpoint": oidc.user_info_endpoint,
            "secret_name": oidc.secret_name,
        },
    }
