"""Arguments of the demo apps."""

from components.demos.booksapp import BooksappArgs
from components.demos.circuit_breaking import CircuitBreakingArgs
from components.demos.gitops_delivery import GitopsDeliveryArgs
from components.demos.podinfo import PodinfoArgs
from components.demos.progressive_delivery import ProgressiveDeliveryArgs
from components.mesh.linkerd import Linkerd
from components.mesh.prometheus_access import PrometheusAccess
from components.resources.host_ingress import Exposure
from components.resources.meshed_namespace import Namespaces
from preflight.startup import Start
from settings import parts
from stack.mesh import pod_annotations


def booksapp(start: Start, namespaces: Namespaces, linkerd: Linkerd, exposure: Exposure) -> BooksappArgs:
    """Return those of booksapp."""
    chosen = start.settings.demos.booksapp
    return {
        "namespace": namespaces.names[parts.BOOKSAPP],
        "fault_percent": chosen.fault_percent,
        "authors_failure_rate": chosen.authors_failure_rate,
        "webapp_replicas": chosen.webapp_replicas,
        "route_api": chosen.route_api,
        "host": start.served(chosen.host),
        "exposure": exposure,
        "pod_annotations": pod_annotations(linkerd),
        "image_registry": start.settings.image_registry,
    }


def podinfo(start: Start, namespaces: Namespaces, linkerd: Linkerd, exposure: Exposure) -> PodinfoArgs:
    """Return those of podinfo."""
    chosen = start.settings.demos.podinfo
    return {
        "namespace": namespaces.names[parts.PODINFO],
        "header": chosen.header_name,
        "header_value": chosen.header_value,
        "route_api": chosen.route_api,
        "host": start.served(chosen.host),
        "exposure": exposure,
        "pod_annotations": pod_annotations(linkerd),
        "image_registry": start.settings.image_registry,
    }


def circuit_breaking(start: Start, namespaces: Namespaces, linkerd: Linkerd) -> CircuitBreakingArgs:
    """Return those of the circuit breaker's demo."""
    breaker = start.settings.demos.circuit_breaking.breaker
    return {
        "namespace": namespaces.names[parts.CIRCUIT_BREAKING],
        "breaker": {
            "max_failures": breaker.max_failures,
            "min_penalty": breaker.min_penalty,
            "max_penalty": breaker.max_penalty,
            "jitter_ratio": breaker.jitter_ratio,
        }
        if breaker.enabled
        else None,
        "pod_annotations": pod_annotations(linkerd),
        "image_registry": start.settings.image_registry,
    }


def progressive_delivery(
    start: Start, namespaces: Namespaces, linkerd: Linkerd, exposure: Exposure, leave: PrometheusAccess | None
) -> ProgressiveDeliveryArgs:
    """Return those of the canary; `leave` is that to ask Prometheus for its success rate, None if nobody asks."""
    chosen = start.settings.demos.progressive_delivery
    return {
        "namespace": namespaces.names[parts.PROGRESSIVE_DELIVERY],
        "version": chosen.version,
        "random_errors": chosen.random_errors,
        "analysis": {"prometheus": leave.url} if leave else None,
        "host": start.served(chosen.host),
        "exposure": exposure,
        "pod_annotations": pod_annotations(linkerd),
        "image_registry": start.settings.image_registry,
    }


def gitops_delivery(start: Start, namespaces: Namespaces, linkerd: Linkerd) -> GitopsDeliveryArgs:
    """Return those of the canary in Argo CD's hands."""
    application = start.settings.delivery.argo_cd.application
    return {
        "argo_cd_namespace": namespaces.names[parts.ARGO_CD],
        "namespace": namespaces.names[parts.GITOPS_DELIVERY],
        "repository": application.repository or "",
        "path": application.path,
        "revision": application.revision,
        "pod_annotations": pod_annotations(linkerd),
    }
