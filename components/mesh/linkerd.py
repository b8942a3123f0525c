"""Linkerd: its custom resource definitions, its certificates and its control plane."""

from collections.abc import Callable, Mapping
from typing import NotRequired

from pulumi import Alias, ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.core.v1 import NamespacePatch

from components.mesh.trust import CertificatesArgs, Trust
from components.resources.certificates import FORMER_TYPE, WebhookCertificates
from components.resources.charts import ChartWithDefinitionsArgs, release_definitions, render_chart
from components.resources.meshed_namespace import EXEMPT, NamespaceMetadata
from components.resources.rendered import PLACEHOLDER, known_after, with_annotations, with_webhook_authority
from components.resources.workload import SKIP_AWAIT
from model.images import with_registry
from model.names import LINKERD, LINKERD_RELEASE, TrustPhase

NAMESPACE_METADATA: NamespaceMetadata = {
    "annotations": {"linkerd.io/inject": "disabled"},
    "labels": {
        "linkerd.io/is-control-plane": "true",
        "linkerd.io/control-plane-ns": LINKERD,
        **EXEMPT,
        "pod-security.kubernetes.io/enforce": "privileged",
    },
}
"""The annotations and labels that Linkerd's own installer, but not its chart, puts on the namespace."""

WEBHOOK_SECRETS = {
    f"linkerd-{webhook}-k8s-tls": f"linkerd-{webhook}.{LINKERD}.svc"
    for webhook in ("proxy-injector", "sp-validator", "policy-validator")
}

GENERATION = "linkerd-workshop/generation"
"""Pod annotation; a new value restarts the pods."""

HIGH_AVAILABILITY: Mapping[str, object] = {
    "highAvailability": True,  # `linkerd check` then asks for the replicas
    "controllerReplicas": 3,
    "enablePodAntiAffinity": True,  # never two on a node, and in different zones if there are any
    "enablePodDisruptionBudget": True,
    # Otherwise a cluster of three nodes could never restart them: a fourth pod has no node.
    "deploymentStrategy": {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": "25%"}},
    "webhookFailurePolicy": "Fail",
}
"""The values of upstream's `values-ha.yaml`, without its requests.

Source: github.com/linkerd/linkerd2/blob/edge-26.8.3/charts/linkerd-control-plane/values-ha.yaml
"""


class LinkerdArgs(ChartWithDefinitionsArgs):
    """Inputs of a Linkerd."""

    certificates: CertificatesArgs
    generation: int
    """A known number; a new one restarts the control plane and every pod with `restart_key`."""
    wait: NotRequired[Callable[[], None]]
    """Returns once every pod of the control plane is a new one; not called in a preview."""
    high_availability: bool
    """Whether it survives the loss of a node, and its webhooks fail closed."""
    gateway_api: Resource | None
    """The component that installs the Gateway API's definitions; None if they are in the cluster already."""


class Linkerd(ComponentResource):
    """The mesh's control plane, ready to inject."""

    expires: Output[Mapping[str, str]]
    """The end of each certificate, RFC 3339."""
    restart_key: Output[str]
    """The annotation's value for every meshed pod; an `up` knows it once the control plane has rolled out."""

    def __init__(self, name: str, args: LinkerdArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:mesh:Linkerd", name, {}, opts)
        child = ResourceOptions(parent=self)
        target, certificates = args["namespace"], args["certificates"]
        key = restart_key(args["generation"], certificates["anchor"], certificates["phase"])
        trust = Trust(f"{name}-trust", {"namespace": target, **certificates}, child)
        webhooks = WebhookCertificates(
            f"{name}-webhooks",
            {
                "namespace": target,
                "secrets": WEBHOOK_SECRETS,
                "authority": "webhookAuthority",
                "renewal_days": certificates["renewal_days"],
            },
            ResourceOptions(parent=self, aliases=[Alias(type_=FORMER_TYPE)]),
        )
        off = {"installGatewayAPI": False}
        crds = release_definitions(f"{name}-crds", (target, LINKERD_RELEASE[1]), args["crds_chart"], child, off)
        high_availability = args["high_availability"]
        exempt = [_exempt_kube_system(name, child)] if high_availability else []
        # In chart values it would be unknown in the first preview and whenever it is replaced; the chart would then
        # register nothing, and the preview show no control plane, or the deletion of all of it.
        changes = [with_webhook_authority(webhooks.ca_bundle)]
        if not high_availability:
            # A webhook that fails closed refuses every pod and Service of the demos until it has endpoints.
            changes.append(with_annotations("kubernetes:core/v1:Service", SKIP_AWAIT))
        # The policy controller looks for definitions only when it starts, and pods wait minutes for missing Secrets.
        needed = [trust, webhooks, crds, args["gateway_api"], *exempt]
        control_plane = render_chart(
            f"{name}-control-plane",
            (LINKERD, "linkerd-control-plane"),
            args["chart"],
            with_registry(
                values(key, high_availability=high_availability), "linkerd-control-plane", args["image_registry"]
            ),
            ResourceOptions(
                parent=self,
                depends_on=[resource for resource in needed if resource],
                transforms=changes,
            ),
        )
        self.expires = Output.all(trust.expires, webhooks.expires).apply(lambda both: {**both[0], **both[1]})
        # The provider calls an updated Deployment ready before its new pods are. An app's pod that starts in between
        # gets the old bundle from the old injector, or a certificate below the old anchor from the old identity
        # service.
        self.restart_key = known_after(control_plane, args.get("wait"), key)
        self.register_outputs({"expires": self.expires, "restart_key": self.restart_key})

    @property
    def pod_annotations(self) -> Mapping[str, Output[str]]:
        """The annotations of every meshed pod."""
        return {GENERATION: self.restart_key}


def _exempt_kube_system(name: str, opts: ResourceOptions) -> NamespacePatch:
    """Label the cluster's own namespace: nothing that starts a node may wait for a webhook that fails closed.

    Source: linkerd.io/2/features/ha, "Exclude the kube-system namespace". A destroy removes the label, and keeps the
    namespace.
    """
    return NamespacePatch(f"{name}-kube-system", metadata={"name": "kube-system", "labels": EXEMPT}, opts=opts)


def restart_key(generation: int, anchor: int, phase: TrustPhase) -> str:
    """Return the text that differs wherever pods have to restart: a proxy reads the trust bundle once, at its start."""
    return f"{generation}-anchor-{anchor}-{phase}"


def values(key: str, *, high_availability: bool = False) -> Mapping[str, Input[object]]:
    """Return the chart's values: nothing secret, nothing unknown, nothing that differs between two renders."""
    webhook = {"externalSecret": True, "caBundle": PLACEHOLDER}
    identity_cpu, controller_cpu, proxy_cpu = ("100m",) * 3 if high_availability else ("10m", "20m", "10m")
    controller = bounded(controller_cpu, "50Mi", "250Mi")
    return {
        "identity": {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}},
        "proxyInjector": webhook,
        "profileValidator": webhook,
        "policyValidator": webhook,
        # Its schedule is the minute of the render, so every preview would show a change. A workshop need not report to
        # Linkerd.
        "disableHeartBeat": True,
        "podAnnotations": {GENERATION: key},
        "identityResources": bounded(identity_cpu, "10Mi", "250Mi"),
        "destinationResources": controller,
        "spValidatorResources": controller,
        "policyController": {"resources": controller},
        "proxyInjectorResources": controller,
        "proxy": {"resources": bounded(proxy_cpu, "20Mi", "250Mi")},  # of every meshed pod's, too
        **(HIGH_AVAILABILITY if high_availability else {}),
    }


def bounded(cpu: str, memory: str, most_memory: str) -> Mapping[str, Mapping[str, str]]:
    """Return the requests of a container of Linkerd's charts, and its memory limit.

    The limits are those of upstream's `values-ha.yaml`; its requests are for a cluster of three nodes and more.
    """
    return {"cpu": {"request": cpu}, "memory": {"request": memory, "limit": most_memory}}
