"""Where each demo's front end is asked: at its public name, or else at its pods' port."""

from collections.abc import Callable, Sequence
from functools import partial

from operations.cluster_api import entries, text
from operations.verify.asking import Door, HostDoor, PodDoor
from operations.verify.pods import Pod
from operations.verify.scene import Scene

LISTENERS = "alb.ingress.kubernetes.io/listen-ports"


def public_url(scene: Scene, namespace: str, ingress: str) -> str | None:
    """Return where a demo answers in the world; None if the cluster has no such Ingress."""
    found = scene.api.find(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{ingress}")
    host = next((text(rule, "host") for rule in entries(found, "spec", "rules")), "")
    encrypted = "HTTPS" in text(found, "metadata", "annotations", LISTENERS)
    return f"{'https' if encrypted else 'http'}://{host}" if host else None


def doors(scene: Scene, url: str | None, pods: Sequence[Pod], port: int) -> list[Callable[[], Door]]:
    """Return what opens a door to the front end."""
    if url:
        return [partial(HostDoor, url)]
    return [partial(PodDoor, scene.api, pod, port) for pod in pods]
