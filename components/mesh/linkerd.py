"""Linkerd: its custom resource definitions, its certificates and its control plane."""

from collections.abc import Mapping
from typing import TypedDict

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.helm import v3, v4

from components.mesh.control_plane import transforms, values
from components.mesh.trust import Trust
from components.mesh.webhook_certificates import WebhookCertificates
from components.resources.chart_source import ChartSource
from components.resources.meshed_namespace import NamespaceMetadata

NAMESPACE = "linkerd"

NAMESPACE_METADATA: NamespaceMetadata = {
    "annotations": {"linkerd.io/inject": "disabled"},
    "labels": {
        "linkerd.io/is-control-plane": "true",
        "linkerd.io/control-plane-ns": NAMESPACE,
        "config.linkerd.io/admission-webhooks": "disabled",
        "pod-security.kubernetes.io/enforce": "privileged",
    },
}
"""What Linkerd's own installer, but not its chart, puts on the namespace."""

WEBHOOK_SECRETS = {
    f"linkerd-{webhook}-k8s-tls": f"linkerd-{webhook}.{NAMESPACE}.svc"
    for webhook in ("proxy-injector", "sp-validator", "policy-validator")
}


class Lifetimes(TypedDict):
    """How long certificates live, in days."""

    anchor_days: int
    issuer_days: int
    renewal_days: int
    """From so many days before its end an `up` replaces the issuer or a webhook's leaf."""


class LinkerdArgs(TypedDict):
    """Inputs of a Linkerd."""

    namespace: Input[str]
    """The namespace `linkerd`, with NAMESPACE_METADATA."""
    crds_chart: ChartSource
    control_plane_chart: ChartSource
    lifetimes: Lifetimes
    generation: int
    """A known number; a new one restarts the control plane."""
    gateway_api: Resource | None
    """What installs the Gateway API's definitions; None if they are in the cluster already."""


class Linkerd(ComponentResource):
    """The mesh's control plane, ready to inject."""

    expires: Output[Mapping[str, str]]
    """When each certificate ends, RFC 3339."""

    def __init__(self, name: str, args: LinkerdArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:mesh:Linkerd", name, {}, opts)
        child = ResourceOptions(parent=self)
        target, lifetimes = args["namespace"], args["lifetimes"]
        crds_chart, chart = args["crds_chart"], args["control_plane_chart"]
        trust = Trust(f"{name}-trust", {"namespace": target, **lifetimes}, child)
        webhooks = WebhookCertificates(
            f"{name}-webhooks",
            {"namespace": target, "secrets": WEBHOOK_SECRETS, "renewal_days": lifetimes["renewal_days"]},
            child,
        )
        crds = v3.Release(
            f"{name}-crds",
            name="linkerd-crds",
            namespace=target,
            chart=crds_chart["chart"],
            version=crds_chart.get("version"),
            repository_opts={"repo": crds_chart["repository"]} if "repository" in crds_chart else None,
            values={"installGatewayAPI": False},
            opts=child,
        )
        # The policy controller looks for definitions only when it starts, and pods wait minutes for missing Secrets.
        needed = [trust, webhooks, crds, args["gateway_api"]]
        v4.Chart(
            f"{name}-control-plane",
            name="linkerd-control-plane",
            namespace=NAMESPACE,
            chart=chart["chart"],
            version=chart.get("version"),
            repository_opts={"repo": chart["repository"]} if "repository" in chart else None,
            values=values(args["generation"]),
            opts=ResourceOptions(
                parent=self,
                depends_on=[resource for resource in needed if resource],
                transforms=transforms(webhooks.ca_bundle),
            ),
        )
        own = Output.all(trustAnchor=trust.anchor_expires, issuer=trust.issuer_expires)
        self.expires = Output.all(own, webhooks.expires).apply(lambda both: {**both[0], **both[1]})
        self.register_outputs({"expires": self.expires})
