"""Arguments of what is there before the mesh."""

from collections.abc import Mapping

from pulumi import Output, Resource, ResourceOptions

from components.addons import external_dns, load_balancer_controller
from components.addons.gateway_api import GatewayApiArgs
from components.addons.pod_identity_agent import PodIdentityAgentArgs
from components.cluster import Cluster, ClusterArgs
from components.delivery import argo_cd
from components.mesh import linkerd, viz
from components.resources.meshed_namespace import MESHED, MESHED_AND_RESTRICTED, NamespaceMetadata, NamespacesArgs
from model.charts import Part
from model.eks import EksCluster
from model.names import PROJECT
from preflight.startup import Start
from settings import Settings, parts

NAMESPACES: Mapping[str, NamespaceMetadata] = {
    parts.LOAD_BALANCER_CONTROLLER: load_balancer_controller.NAMESPACE_METADATA,
    parts.EXTERNAL_DNS: external_dns.NAMESPACE_METADATA,
    parts.LINKERD: linkerd.NAMESPACE_METADATA,
    parts.VIZ: viz.NAMESPACE_METADATA,
    parts.ARGO_CD: argo_cd.NAMESPACE_METADATA,
    # Not booksapp: its services run as root, and every `up` would be warned of them.
    parts.PODINFO: MESHED_AND_RESTRICTED,
    parts.CIRCUIT_BREAKING: MESHED_AND_RESTRICTED,
    parts.PROGRESSIVE_DELIVERY: MESHED_AND_RESTRICTED,
    parts.GITOPS_DELIVERY: MESHED_AND_RESTRICTED,
}
"""What those namespaces carry that are not simply meshed."""


def cluster(start: Start, stack: str) -> ClusterArgs:
    """Return those of the cluster."""
    settings, read = start.settings, start.kubeconfig
    kubeconfig = Output.secret(read.contents) if read.provider is None else read.provider
    if not start.eks or not settings.eks:
        return {"identity": start.facts.identity, "kubeconfig": kubeconfig, "context": settings.context}
    found, login = start.eks.cluster, settings.eks
    return {
        "identity": f"{found.arn}@{found.created_at}",
        "kubeconfig": kubeconfig,
        "aws": {
            "region": found.region,
            "account": found.account,
            "profile": login.profile,
            "role_arn": login.role_arn,
            "session_name": PROJECT,
            "tags": tags(settings, stack),
        },
    }


def tags(settings: Settings, stack: str) -> Mapping[str, str]:
    """Return the tags of everything that a stack has in its AWS account, whoever makes it."""
    always = {"project": PROJECT, "stack": stack, "owner": settings.eks.owner if settings.eks else stack}
    return always | ({"expiry": settings.workshop_ends.isoformat()} if settings.workshop_ends else {})


def eks_cluster(start: Start) -> EksCluster:
    """Return the cluster that the add-ons are for. Raises LookupError where it is not on EKS."""
    if not start.eks:
        raise LookupError("this stack is not on EKS")
    return start.eks.cluster


def pod_identity_agent(start: Start) -> PodIdentityAgentArgs:
    """Return those of the agent that hands pods their rights."""
    return {"cluster": eks_cluster(start).name}


def namespaces(start: Start, stack: str) -> NamespacesArgs:
    """Return those of all namespaces."""
    wanted = {name: NAMESPACES.get(name, MESHED) for name in parts.namespaces(start.settings)}
    return {"owner": stack, "namespaces": wanted}


def gateway_api(start: Start) -> GatewayApiArgs:
    """Return those of the Gateway API."""
    return {"chart": start.charts[Part.GATEWAY_API_CRDS]["chart"]}


def after(cluster: Cluster, *needed: Resource | None) -> ResourceOptions:
    """Return the options of what is made by the cluster's providers, after those of `needed` that the stack has."""
    return ResourceOptions(providers=cluster.providers, depends_on=[each for each in needed if each])
