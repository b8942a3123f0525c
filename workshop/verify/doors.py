"""Where each demo's front end is asked: at its public name, or else at its pods' port."""

from collections.abc import Callable, Sequence
from functools import partial

from model.json_values import entries, text
from workshop.verify.asking import Door, HostDoor, PodDoor, UnreachableError
from workshop.verify.line import Group, Line
from workshop.verify.pods import Pod
from workshop.verify.scene import Scene

ALB = "alb.ingress.kubernetes.io"
NAME = "public host"


def public_host(scene: Scene, lines: Group, namespace: str, ingress: str) -> tuple[Line, str | None]:
    """Return whether a demo answers at its public name, and its URL if it does."""
    found = scene.api.find(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{ingress}")
    host = next((text(rule, "host") for rule in entries(found, "spec", "rules")), "")
    if not host:
        return lines.skipped(NAME, "it has none; its pods are asked through port-forward"), None
    annotations = ("metadata", "annotations")
    encrypted = "HTTPS" in text(found, *annotations, f"{ALB}/listen-ports")
    url = f"{'https' if encrypted else 'http'}://{host}"
    try:
        with HostDoor(url) as door:
            door.ask("/")
    except UnreachableError as error:
        if text(found, *annotations, f"{ALB}/scheme") == "internal" or text(
            found, *annotations, f"{ALB}/inbound-cidrs"
        ):
            return lines.skipped(NAME, f"{error}, and not everybody may"), None
        fix = (
            f"A new name takes minutes. Then look at `kubectl --namespace {namespace} describe ingress {ingress}`: "
            "has it an address, and does the name lead there?"
        )
        return lines.failed(NAME, str(error), fix), None
    return lines.ok(NAME, f"{url} answers"), url


def doors(scene: Scene, url: str | None, pods: Sequence[Pod], port: int) -> list[Callable[[], Door]]:
    """Return what opens a door to the front end."""
    if url:
        return [partial(HostDoor, url)]
    return [partial(PodDoor, scene.api, pod, port) for pod in pods]
