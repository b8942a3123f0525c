"""Arguments of the mesh."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pulumi import Output

from components.addons.gateway_api import GatewayApi
from components.delivery.argo_rollouts import SERVICE_ACCOUNT
from components.mesh import viz as dashboard
from components.mesh.control_plane import GENERATION
from components.mesh.linkerd import Linkerd, LinkerdArgs
from components.mesh.prometheus_access import PrometheusAccessArgs
from components.mesh.viz import Viz, VizArgs
from components.resources.host_ingress import Exposure
from components.resources.meshed_namespace import Namespaces
from components.traffic.protected_host import ProtectedHostArgs
from model.charts import Part
from preflight.startup import Start
from settings import parts
from settings.mesh import Dashboard

if TYPE_CHECKING:
    from components.addons.aws_add_ons import AwsAddOns


def linkerd(start: Start, namespaces: Namespaces, gateway_api: GatewayApi | None) -> LinkerdArgs:
    """Return those of the control plane."""
    trust = start.settings.trust
    return {
        "namespace": namespaces.names[parts.LINKERD],
        "crds_chart": start.charts[Part.LINKERD_CRDS],
        "control_plane_chart": start.charts[Part.LINKERD_CONTROL_PLANE],
        "lifetimes": {
            "anchor_days": trust.anchor_days,
            "issuer_days": trust.issuer_days,
            "renewal_days": trust.renewal_days,
        },
        "anchor": trust.anchor,
        "phase": trust.phase,
        "generation": trust.generation,
        "wait": start.wait_for_mesh,
        "gateway_api": gateway_api,
        "image_registry": start.settings.image_registry,
    }


def pod_annotations(linkerd: Linkerd) -> Mapping[str, Output[str]]:
    """Return what every meshed pod carries."""
    return {GENERATION: linkerd.restart_key}


def viz(start: Start, namespaces: Namespaces, linkerd: Linkerd) -> VizArgs:
    """Return those of viz."""
    settings = start.settings
    return {
        "namespace": namespaces.names[parts.VIZ],
        "chart": start.charts[Part.LINKERD_VIZ],
        "mesh": linkerd,
        "namespaces": namespaces,
        "renewal_days": settings.trust.renewal_days,
        "pod_annotations": pod_annotations(linkerd),
        "image_registry": settings.image_registry,
        "dashboard_host": settings.viz.dashboard.host if settings.viz.dashboard else None,
    }


def expires(linkerd: Linkerd, viz: Viz | None, add_ons: "AwsAddOns | None" = None) -> Output[Mapping[str, str]]:
    """Return when each certificate ends, with those of the add-ons' webhooks."""
    others = [each.expires for each in (viz, add_ons) if each]
    return Output.all(linkerd.expires, *others).apply(
        lambda ends: {name: end for each in ends for name, end in each.items()}
    )


def prometheus_access(namespaces: Namespaces) -> PrometheusAccessArgs:
    """Return those of the leave for Argo Rollouts' controller to ask viz's Prometheus."""
    return {
        "namespace": namespaces.names[parts.VIZ],
        "account": SERVICE_ACCOUNT,
        "account_namespace": namespaces.names[parts.ARGO_ROLLOUTS],
    }


def dashboard_host(namespaces: Namespaces, settings: Dashboard, exposure: Exposure) -> ProtectedHostArgs:
    """Return those of the dashboard's public host."""
    oidc = settings.oidc
    return {
        "name": dashboard.DASHBOARD,
        "namespace": namespaces.names[parts.VIZ],
        "service": dashboard.DASHBOARD,
        "port": dashboard.DASHBOARD_PORT,
        "health_port": dashboard.DASHBOARD_ADMIN_PORT,
        "host": settings.host,
        "exposure": exposure,
        "oidc": {
            "issuer": oidc.issuer,
            "authorization_endpoint": oidc.authorization_endpoint,
            "token_endpoint": oidc.token_endpoint,
            "user_info_endpoint": oidc.user_info_endpoint,
            "secret_name": oidc.secret_name,
        },
    }
