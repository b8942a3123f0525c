"""The cluster with its providers, and the stack's namespaces in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output, Resource, ResourceOptions

from components.addons import external_dns, load_balancer_controller
from components.attendees import boundary
from components.cluster import Cluster, ClusterArgs
from components.delivery import argo_cd
from components.mesh import linkerd, viz
from components.resources.meshed_namespace import (
    MESHED,
    MESHED_AND_RESTRICTED,
    NamespaceMetadata,
    Namespaces,
    NamespacesArgs,
    exempt,
)
from model.names import PROJECT
from preflight.startup import Start
from settings import Settings, parts

NAMESPACES: Mapping[str, NamespaceMetadata] = {
    parts.LOAD_BALANCER_CONTROLLER: load_balancer_controller.NAMESPACE_METADATA,
    parts.EXTERNAL_DNS: external_dns.NAMESPACE_METADATA,
    parts.LINKERD: linkerd.NAMESPACE_METADATA,
    parts.VIZ: viz.NAMESPACE_METADATA,
    parts.ARGO_CD: argo_cd.NAMESPACE_METADATA,
    # Not booksapp: its services run as root, so the API server would warn about them in every `up`.
    parts.PODINFO: MESHED_AND_RESTRICTED,
    parts.CIRCUIT_BREAKING: MESHED_AND_RESTRICTED,
    parts.PROGRESSIVE_DELIVERY: MESHED_AND_RESTRICTED,
    parts.GITOPS_DELIVERY: MESHED_AND_RESTRICTED,
}
"""The annotations and labels of the namespaces that are not simply meshed."""


@dataclass(frozen=True)
class Base:
    """The cluster and its namespaces, with the facts that every other stage reads."""

    start: Start
    stack: str
    cluster: Cluster
    namespaces: Namespaces

    @property
    def settings(self) -> Settings:
        """The stack's settings."""
        return self.start.settings

    def after(self, *needed: Resource | None) -> ResourceOptions:
        """Return the options of a component in the cluster that depends on those of `needed` that the stack has."""
        return ResourceOptions(providers=self.cluster.providers, depends_on=[each for each in needed if each])


def create_base(start: Start, stack: str) -> Base:
    """Register the cluster's providers, and create the namespaces."""
    cluster = Cluster("cluster", cluster_args(start, stack))
    options = ResourceOptions(providers=cluster.providers)
    return Base(start, stack, cluster, Namespaces("namespaces", namespaces_args(start, stack), options))


def cluster_args(start: Start, stack: str) -> ClusterArgs:
    """Return the arguments of the cluster."""
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
    """Return the tags of everything that a stack has in its AWS account, whether Pulumi or a controller creates it."""
    always = {"project": PROJECT, "stack": stack, "owner": settings.eks.owner if settings.eks else stack}
    return always | ({"expiry": settings.workshop_ends.isoformat()} if settings.workshop_ends else {})


def namespaces_args(start: Start, stack: str) -> NamespacesArgs:
    """Return the arguments of all namespaces."""
    settings = start.settings
    wanted = {name: NAMESPACES.get(name, MESHED) for name in parts.namespaces(settings)}
    wanted |= {name: boundary.namespace_metadata(name) for name in parts.attendees(settings)}
    if settings.high_availability:
        # The injector fails closed then. Pods in these namespaces get no proxy, so they start before the injector and
        # without it.
        wanted |= {name: exempt(wanted[name]) for name in wanted.keys() - parts.meshed_namespaces(settings)}
    return {"owner": stack, "namespaces": wanted}
