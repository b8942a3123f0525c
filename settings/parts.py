"""The parts of a stack: the namespaces that it creates, and the charts that it installs."""

from model.charts import Part
from model.names import (
    ARGO_CD,
    ARGO_ROLLOUTS,
    BOOKSAPP,
    CIRCUIT_BREAKING,
    DEMOS,
    EXTERNAL_DNS,
    GITOPS_DELIVERY,
    LINKERD,
    LOAD_BALANCER_CONTROLLER,
    PODINFO,
    PROGRESSIVE_DELIVERY,
    VIZ,
    CanaryOwner,
)
from settings import Settings

DASHBOARD_HOST = "viz.dashboard.host"
"""The key of the host that is behind a login."""


def namespaces(settings: Settings) -> list[str]:
    """Return the namespaces that a stack with these settings creates."""
    demos, delivery = settings.demos, settings.delivery
    canary = demos.progressive_delivery
    parts = {
        LOAD_BALANCER_CONTROLLER: has_load_balancer_controller(settings),
        EXTERNAL_DNS: has_external_dns(settings),
        LINKERD: True,
        VIZ: settings.viz.enabled,
        ARGO_ROLLOUTS: delivery.argo_rollouts.enabled,
        ARGO_CD: delivery.argo_cd.enabled,
        BOOKSAPP: demos.booksapp.enabled,
        PODINFO: demos.podinfo.enabled,
        CIRCUIT_BREAKING: demos.circuit_breaking.enabled,
        PROGRESSIVE_DELIVERY: canary.enabled and canary.owner is CanaryOwner.PULUMI,
        GITOPS_DELIVERY: canary.enabled and canary.owner is CanaryOwner.ARGO_CD,
    }
    return [*(name for name, wanted in parts.items() if wanted), *attendees(settings)]


def attendees(settings: Settings) -> list[str]:
    """Return the names of the attendees, which are those of their namespaces."""
    return settings.attendees.all_names if settings.attendees else []


def demo_namespaces(settings: Settings) -> list[str]:
    """Return the namespaces of a stack that hold nothing but a demo, without those of attendees."""
    return [name for name in namespaces(settings) if name in DEMOS]


def meshed_namespaces(settings: Settings) -> list[str]:
    """Return the namespaces of a stack whose pods have proxies."""
    meshed = {LINKERD, VIZ, ARGO_ROLLOUTS, *demo_namespaces(settings), *attendees(settings)}
    return [name for name in namespaces(settings) if name in meshed]


def charts(settings: Settings) -> list[Part]:
    """Return the parts of a stack with these settings that are installed by charts."""
    delivery = settings.delivery
    parts = {
        Part.GATEWAY_API_CRDS: settings.gateway_api.install,
        Part.LINKERD_CRDS: True,
        Part.LINKERD_CONTROL_PLANE: True,
        Part.LINKERD_VIZ: settings.viz.enabled,
        Part.ARGO_ROLLOUTS_CRDS: delivery.argo_rollouts.enabled,
        Part.ARGO_ROLLOUTS: delivery.argo_rollouts.enabled,
        Part.ARGO_CD_CRDS: delivery.argo_cd.enabled,
        Part.ARGO_CD: delivery.argo_cd.enabled,
        Part.LOAD_BALANCER_CONTROLLER_CRDS: has_load_balancer_controller(settings),
        Part.LOAD_BALANCER_CONTROLLER: has_load_balancer_controller(settings),
        Part.EXTERNAL_DNS: has_external_dns(settings),
    }
    return [part for part, wanted in parts.items() if wanted]


def has_load_balancer_controller(settings: Settings) -> bool:
    """Return whether a stack with these settings installs the AWS Load Balancer Controller."""
    return settings.eks is not None and settings.eks.load_balancer_controller.enabled


def has_external_dns(settings: Settings) -> bool:
    """Return whether a stack with these settings installs ExternalDNS: it needs a zone."""
    return settings.eks is not None and settings.eks.external_dns.enabled and settings.dns is not None


def needs_certificate(settings: Settings) -> bool:
    """Return whether a public host of the stack answers over HTTPS, as the dashboard always does."""
    wanted = hosts(settings)
    return bool(wanted) and (settings.public_hosts.https or DASHBOARD_HOST in wanted)


def hosts(settings: Settings) -> dict[str, str]:
    """Return each public host that the settings ask for, by its key."""
    demos, dashboard = settings.demos, settings.viz.dashboard
    wanted = {
        DASHBOARD_HOST: dashboard.host if settings.viz.enabled and dashboard else None,
        "demos.booksapp.host": demos.booksapp.host if demos.booksapp.enabled else None,
        "demos.podinfo.host": demos.podinfo.host if demos.podinfo.enabled else None,
        "demos.progressiveDelivery.host": (
            demos.progressive_delivery.host if demos.progressive_delivery.enabled else None
        ),
    }
    return {key: host for key, host in wanted.items() if host}


def attendee_host(settings: Settings, attendee: str, host: str | None) -> str | None:
    """Return the host of an attendee's demo, derived from the stack's own `host`; None if there is none."""
    if not host or not settings.attendees or not settings.attendees.hosts:
        return None
    return f"{attendee}-{host}"


def attendee_hosts(settings: Settings) -> dict[str, str]:
    """Return each public host of an attendee, with the attendee's name."""
    own = [host for key, host in hosts(settings).items() if key != DASHBOARD_HOST]
    found = {attendee_host(settings, attendee, host): attendee for attendee in attendees(settings) for host in own}
    return {host: attendee for host, attendee in found.items() if host}
