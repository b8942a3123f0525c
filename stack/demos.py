"""The demo apps, with the URL or command of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output

from components.attendees.attendee import DemosArgs, create_demos
from components.delivery.argo_rollouts import SERVICE_ACCOUNT
from components.demos.booksapp import BooksappArgs
from components.demos.circuit_breaking import CircuitBreakingArgs
from components.demos.gitops_delivery import GitopsDelivery, GitopsDeliveryArgs
from components.demos.hosted import HostedDemoArgs
from components.demos.podinfo import PodinfoArgs
from components.demos.progressive_delivery import ProgressiveDeliveryArgs
from components.mesh.viz import PrometheusAccess, PrometheusAccessArgs
from components.resources.workload import AppArgs
from settings import parts
from stack.addons import AddOns
from stack.cluster import Base
from stack.delivery import Delivery
from stack.mesh import Mesh


@dataclass(frozen=True)
class Demos:
    """The stack's own demos."""

    outputs: Mapping[str, Output[str]]
    """The URL or the command of each demo."""
    args: DemosArgs
    """The arguments of each; not of the canary that Argo CD owns, whose repository names one namespace."""


def install_demos(base: Base, add_ons: AddOns, mesh: Mesh, delivery: Delivery) -> Demos:
    """Install the demos that the settings ask for."""
    wanted, name = parts.demo_namespaces(base.settings), "progressive-delivery"
    # A pod that starts before the injectors answer runs unmeshed, or cannot be tapped, without an error.
    meshed = base.after(mesh.linkerd, mesh.viz)
    args = demos_args(base, add_ons, mesh)
    outputs = create_demos("", args, meshed)
    # The canary is deleted before its controllers: without them its objects cannot be changed or, with a finalizer,
    # deleted.
    delivered = base.after(mesh.linkerd, mesh.viz, delivery.argo_rollouts, delivery.argo_cd)
    if parts.GITOPS_DELIVERY in wanted:
        GitopsDelivery(name, gitops_delivery_args(base, mesh), delivered)
    if parts.PROGRESSIVE_DELIVERY not in wanted:
        return Demos(outputs, args)
    access = None
    if base.settings.demos.progressive_delivery.analysis:
        controller: PrometheusAccessArgs = {
            "namespace": base.namespaces.names[parts.VIZ],
            "account": SERVICE_ACCOUNT,
            "account_namespace": base.namespaces.names[parts.ARGO_ROLLOUTS],
        }
        access = PrometheusAccess("analysis", controller, meshed)
    canary: DemosArgs = {"progressive_delivery": progressive_delivery_args(base, add_ons, mesh, access)}
    return Demos({**outputs, **create_demos("", canary, delivered)}, {**args, **canary})


def demos_args(base: Base, add_ons: AddOns, mesh: Mesh) -> DemosArgs:
    """Return the arguments of the demos that need no controller but the mesh's."""
    wanted, args = parts.demo_namespaces(base.settings), DemosArgs()
    if parts.BOOKSAPP in wanted:
        args["booksapp"] = booksapp_args(base, add_ons, mesh)
    if parts.PODINFO in wanted:
        args["podinfo"] = podinfo_args(base, add_ons, mesh)
    if parts.CIRCUIT_BREAKING in wanted:
        args["circuit_breaking"] = circuit_breaking_args(base, mesh)
    return args


def booksapp_args(base: Base, add_ons: AddOns, mesh: Mesh) -> BooksappArgs:
    """Return the arguments of booksapp."""
    chosen = base.settings.demos.booksapp
    return {
        **_hosted_args(base, add_ons, mesh, parts.BOOKSAPP, chosen.host),
        "fault_percent": chosen.fault_percent,
        "authors_failure_rate": chosen.authors_failure_rate,
        "webapp_replicas": chosen.webapp_replicas,
        "route_api": chosen.route_api,
    }


def podinfo_args(base: Base, add_ons: AddOns, mesh: Mesh) -> PodinfoArgs:
    """Return the arguments of podinfo."""
    chosen = base.settings.demos.podinfo
    return {
        **_hosted_args(base, add_ons, mesh, parts.PODINFO, chosen.host),
        "header": chosen.header_name,
        "header_value": chosen.header_value,
        "route_api": chosen.route_api,
    }


def circuit_breaking_args(base: Base, mesh: Mesh) -> CircuitBreakingArgs:
    """Return the arguments of the circuit breaker's demo."""
    chosen = base.settings.demos.circuit_breaking.breaker
    return {
        **_app_args(base, mesh, parts.CIRCUIT_BREAKING),
        "breaker": {
            "max_failures": chosen.max_failures,
            "min_penalty": chosen.min_penalty,
            "max_penalty": chosen.max_penalty,
            "jitter_ratio": chosen.jitter_ratio,
        }
        if chosen.enabled
        else None,
    }


def progressive_delivery_args(
    base: Base, add_ons: AddOns, mesh: Mesh, access: PrometheusAccess | None
) -> ProgressiveDeliveryArgs:
    """Return the arguments of the canary; `access` is the permission to measure its success, None without analysis."""
    chosen = base.settings.demos.progressive_delivery
    return {
        **_hosted_args(base, add_ons, mesh, parts.PROGRESSIVE_DELIVERY, chosen.host),
        "version": chosen.version,
        "random_errors": chosen.random_errors,
        "prometheus": access.url if access else None,
    }


def gitops_delivery_args(base: Base, mesh: Mesh) -> GitopsDeliveryArgs:
    """Return the arguments of the canary that Argo CD owns."""
    application = base.settings.delivery.argo_cd.application
    return {
        "argo_cd_namespace": base.namespaces.names[parts.ARGO_CD],
        "namespace": base.namespaces.names[parts.GITOPS_DELIVERY],
        "repository": application.repository or "",
        "path": application.path,
        "revision": application.revision,
        "pod_annotations": mesh.linkerd.pod_annotations,
    }


def _app_args(base: Base, mesh: Mesh, namespace: str) -> AppArgs:
    return {
        "namespace": base.namespaces.names[namespace],
        "image_registry": base.settings.image_registry,
        "pod_annotations": mesh.linkerd.pod_annotations,
    }


def _hosted_args(base: Base, add_ons: AddOns, mesh: Mesh, namespace: str, host: str | None) -> HostedDemoArgs:
    return {**_app_args(base, mesh, namespace), "host": base.start.served(host), "exposure": add_ons.exposure}
