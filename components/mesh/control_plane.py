"""The values of the control plane's chart, and the changes to the objects that it renders."""

from collections.abc import Mapping

from pulumi import Input, Output, ResourceTransform

from components.resources.rendered import PLACEHOLDER, with_annotations, with_webhook_authority
from components.resources.workload import SKIP_AWAIT
from model.names import TrustPhase

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
        # Its schedule is the minute of the render, so every preview would show it; and a workshop need not phone home.
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


def transforms(ca_bundle: Output[str], *, high_availability: bool = False) -> list[ResourceTransform]:
    """Return the changes to the rendered objects; `ca_bundle` is the webhooks' authority in base64."""
    # A webhook that fails closed refuses every pod and Service of the demos until there are endpoints behind it.
    services = [] if high_availability else [with_annotations("kubernetes:core/v1:Service", SKIP_AWAIT)]
    return [
        # In chart values it would be unknown in the first preview and whenever it is replaced; the chart would then
        # register nothing, and the preview show no control plane, or the deletion of all of it.
        with_webhook_authority(ca_bundle),
        *services,
    ]
