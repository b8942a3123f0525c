"""The values of the control plane's chart, and the changes to the objects that it renders."""

from collections.abc import Mapping

from pulumi import Input, Output, ResourceTransform

from components.resources.rendered import PLACEHOLDER, with_annotations, with_webhook_authority
from components.resources.workload import SKIP_AWAIT
from model.names import TrustPhase

GENERATION = "linkerd-workshop/generation"
"""Pod annotation; a new value restarts the pods."""


def restart_key(generation: int, anchor: int, phase: TrustPhase) -> str:
    """Return the text that differs wherever pods have to restart: a proxy reads the trust bundle once, at its start."""
    return f"{generation}-anchor-{anchor}-{phase}"


def values(key: str) -> Mapping[str, Input[object]]:
    """Return the chart's values: nothing secret, nothing unknown, nothing that differs between two renders."""
    webhook = {"externalSecret": True, "caBundle": PLACEHOLDER}
    controller = bounded("20m", "50Mi", "250Mi")
    return {
        "identity": {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}},
        "proxyInjector": webhook,
        "profileValidator": webhook,
        "policyValidator": webhook,
        # Its schedule is the minute of the render, so every preview would show it; and a workshop need not phone home.
        "disableHeartBeat": True,
        "podAnnotations": {GENERATION: key},
        "identityResources": bounded("10m", "10Mi", "250Mi"),
        "destinationResources": controller,
        "spValidatorResources": controller,
        "policyController": {"resources": controller},
        "proxyInjectorResources": controller,
        "proxy": {"resources": bounded("10m", "20Mi", "250Mi")},  # of every meshed pod's, too
    }


def bounded(cpu: str, memory: str, most_memory: str) -> Mapping[str, Mapping[str, str]]:
    """Return the requests of a container of Linkerd's charts, and its memory limit.

    The limits are those of upstream's `values-ha.yaml`; its requests are for a cluster of more than one node.
    """
    return {"cpu": {"request": cpu}, "memory": {"request": memory, "limit": most_memory}}


def transforms(ca_bundle: Output[str]) -> list[ResourceTransform]:
    """Return the changes to the rendered objects; `ca_bundle` is the webhooks' authority in base64."""
    return [
        # In chart values it would be unknown in the first preview and whenever it is replaced; the chart would then
        # register nothing, and the preview show no control plane, or the deletion of all of it.
        with_webhook_authority(ca_bundle),
        with_annotations("kubernetes:core/v1:Service", SKIP_AWAIT),
    ]
