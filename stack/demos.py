"""The demo apps, with the URL or command of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output

from components.delivery.argo_rollouts import SERVICE_ACCOUNT
from components.demos.booksapp import Booksapp, BooksappArgs
from components.demos.circuit_breaking import CircuitBreaking, CircuitBreakingArgs
from components.demos.gitops_delivery import GitopsDelivery, GitopsDeliveryArgs
from components.demos.podinfo import Podinfo, PodinfoArgs
from components.demos.progressive_delivery import ProgressiveDelivery, ProgressiveDeliveryArgs
from components.mesh.prometheus_access import PrometheusAccess, PrometheusAccessArgs
from model.names import CanaryOwner
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
    analysis: PrometheusAccess | None
    """The permission to measure a canary's success; None without analysis."""


def install_demos(base: Base, add_ons: AddOns, mesh: Mesh, delivery: Delivery) -> Demos:
    """Install the demos that the settings ask for."""
    demos, outputs = base.settings.demos, dict[str, Output[str]]()
    # A pod that starts before the injectors answer runs unmeshed, or cannot be tapped, without an error.
    meshed = base.after(mesh.linkerd, mesh.viz)
    if demos.booksapp.enabled:
        outputs["booksapp"] = Booksapp("booksapp", booksapp_args(base, add_ons, mesh), meshed).url
    if demos.podinfo.enabled:
        outputs["podinfo"] = Podinfo("podinfo", podinfo_args(base, add_ons, mesh), meshed).url
    if demos.circuit_breaking.enabled:
        breaking = CircuitBreaking("circuit-breaking", circuit_breaking_args(base, mesh), meshed)
        outputs["circuitBreaking"] = breaking.command
    canary, name = demos.progressive_delivery, "progressive-delivery"
    if not canary.enabled:
        return Demos(outputs, None)
    # It is deleted before its controllers: without them its objects cannot be changed, nor, with a finalizer, deleted.
    delivered = base.after(mesh.linkerd, mesh.viz, delivery.argo_rollouts, delivery.argo_cd)
    if canary.owner is CanaryOwner.ARGO_CD:
        GitopsDelivery(name, gitops_delivery_args(base, mesh), delivered)
        return Demos(outputs, None)
    access = PrometheusAccess("analysis", prometheus_access_args(base), meshed) if canary.analysis else None
    demo = ProgressiveDelivery(name, progressive_delivery_args(base, add_ons, mesh, access), delivered)
    return Demos({**outputs, "progressiveDelivery": demo.url}, access)


def booksapp_args(base: Base, add_ons: AddOns, mesh: Mesh) -> BooksappArgs:
    """Return the arguments of booksapp."""
    chosen = base.settings.demos.booksapp
    return {
        "namespace": base.namespaces.names[parts.BOOKSAPP],
        "fault_percent": chosen.fault_percent,
        "authors_failure_rate": chosen.authors_failure_rate,
        "webapp_replicas": chosen.webapp_replicas,
        "route_api": chosen.route_api,
        "host": base.start.served(chosen.host),
        "exposure": add_ons.exposure,
        "pod_annotations": mesh.pod_annotations,
        "image_registry": base.settings.image_registry,
    }


def podinfo_args(base: Base, add_ons: AddOns, mesh: Mesh) -> PodinfoArgs:
    """Return the arguments of podinfo."""
    chosen = base.settings.demos.podinfo
    return {
        "namespace": base.namespaces.names[parts.PODINFO],
        "header": chosen.header_name,
        "header_value": chosen.header_value,
        "route_api": chosen.route_api,
        "host": base.start.served(chosen.host),
        "exposure": add_ons.exposure,
        "pod_annotations": mesh.pod_annotations,
        "image_registry": base.settings.image_registry,
    }


def circuit_breaking_args(base: Base, mesh: Mesh) -> CircuitBreakingArgs:
    """Return the arguments of the circuit breaker's demo."""
    breaker = base.settings.demos.circuit_breaking.breaker
    return {
        "namespace": base.namespaces.names[parts.CIRCUIT_BREAKING],
        "breaker": {
            "max_failures": breaker.max_failures,
            "min_penalty": breaker.min_penalty,
            "max_penalty": breaker.max_penalty,
            "jitter_ratio": breaker.jitter_ratio,
        }
        if breaker.enabled
        else None,
        "pod_annotations": mesh.pod_annotations,
        "image_registry": base.settings.image_registry,
    }


def prometheus_access_args(base: Base) -> PrometheusAccessArgs:
    """Return the arguments of the permission for Argo Rollouts' controller to query viz's Prometheus."""
    return {
        "namespace": base.namespaces.names[parts.VIZ],
        "account": SERVICE_ACCOUNT,
        "account_namespace": base.namespaces.names[parts.ARGO_ROLLOUTS],
    }


def progressive_delivery_args(
    base: Base, add_ons: AddOns, mesh: Mesh, access: PrometheusAccess | None
) -> ProgressiveDeliveryArgs:
    """Return the arguments of the canary; `access` is the permission to measure its success, None without analysis."""
    chosen = base.settings.demos.progressive_delivery
    return {
        "namespace": base.namespaces.names[parts.PROGRESSIVE_DELIVERY],
        "version": chosen.version,
        "random_errors": chosen.random_errors,
        "analysis": {"prometheus": access.url} if access else None,
        "host": base.start.served(chosen.host),
        "exposure": add_ons.exposure,
        "pod_annotations": mesh.pod_annotations,
        "image_registry": base.settings.image_registry,
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
        "pod_annotations": mesh.pod_annotations,
    }
