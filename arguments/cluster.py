"""Arguments of what is there before the mesh."""

from collections.abc import Mapping

from pulumi import ProviderResource, Resource, ResourceOptions

from components.addons import external_dns, load_balancer_controller
from components.addons.gateway_api import GatewayApiArgs
from components.cluster import ClusterArgs
from components.delivery import argo_cd
from components.mesh import linkerd, viz
from components.resources.meshed_namespace import MESHED, NamespaceMetadata, NamespacesArgs
from operations import parts
from operations.chart_sources import Part
from operations.startup import Start

NAMESPACES: Mapping[str, NamespaceMetadata] = {
    parts.LOAD_BALANCER_CONTROLLER: load_balancer_controller.NAMESPACE_METADATA,
    parts.EXTERNAL_DNS: external_dns.NAMESPACE_METADATA,
    parts.LINKERD: linkerd.NAMESPACE_METADATA,
    parts.VIZ: viz.NAMESPACE_METADATA,
    parts.ARGO_CD: argo_cd.NAMESPACE_METADATA,
}
"""What those namespaces carry that are not simply meshed."""


def cluster(start: Start) -> ClusterArgs:
    """Return those of the cluster."""
    settings = start.settings
    return {"identity": start.facts.identity, "kubeconfig": settings.kubeconfig, "context": settings.context}


def namespaces(start: Start, stack: str) -> NamespacesArgs:
    """Return those of all namespaces."""
    wanted = {name: NAMESPACES.get(name, MESHED) for name in parts.namespaces(start.settings)}
    return {"owner": stack, "namespaces": wanted}


def gateway_api(start: Start) -> GatewayApiArgs:
    """Return those of the Gateway API."""
    return {"chart": start.charts[Part.GATEWAY_API_CRDS]["chart"]}


def after(provider: ProviderResource, *needed: Resource | None) -> ResourceOptions:
    """Return the options of what is made by `provider`, after those of `needed` that the stack has."""
    return ResourceOptions(providers=[provider], depends_on=[each for each in needed if each])
