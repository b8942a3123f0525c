"""Whether no dashboard is open to the world: anybody could see what runs, and promote or sync it."""

from collections.abc import Iterator
from http import HTTPStatus

from clients.cluster_api import items
from model.json_values import entries, text
from settings import parts
from workshop.verify.asking import HostDoor, UnreachableError
from workshop.verify.line import FIX, Group, Line
from workshop.verify.scene import Scene

GROUP = Group("dashboards")
NAMESPACES = (parts.LINKERD, parts.VIZ, parts.ARGO_ROLLOUTS, parts.ARGO_CD)
ALB = "alb.ingress.kubernetes.io"
ASKING = {f"{ALB}/auth-type": "oidc", f"{ALB}/auth-on-unauthenticated-request": "authenticate"}
"""The annotations of an Ingress whose load balancer asks everybody to log in."""
GATEWAY_ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes"


def check(scene: Scene) -> Iterator[Line]:
    """Yield what would let the world in, and what the dashboard answers to somebody who has not logged in."""
    namespaces = [name for name in NAMESPACES if name in parts.namespaces(scene.settings)]
    open_ones = sorted(each for name in namespaces for each in _open(scene, name))
    seen = f"open to the world: {', '.join(open_ones)}" if open_ones else f"none in {', '.join(namespaces)}"
    cure = f"Delete each with `kubectl --namespace <namespace> delete …`. {FIX}"
    yield GROUP.judged("ways in from outside", seen, good=not open_ones, cure=cure, open=len(open_ones))
    dashboard = scene.settings.viz.dashboard if scene.settings.viz.enabled else None
    if dashboard is None:
        yield GROUP.skipped("login", "no dashboard has a public name")
    else:
        yield _login(dashboard.host)


def _open(scene: Scene, namespace: str) -> Iterator[str]:
    for service in items(scene.api.find(f"/api/v1/namespaces/{namespace}/services")):
        if text(service, "spec", "type") in ("LoadBalancer", "NodePort"):
            yield f"Service {namespace}/{text(service, 'metadata', 'name')}"
    for ingress in items(scene.api.find(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses")):
        if any(text(ingress, "metadata", "annotations", key) != value for key, value in ASKING.items()):
            yield f"Ingress {namespace}/{text(ingress, 'metadata', 'name')}"
    for route in items(scene.api.find(GATEWAY_ROUTES.format(namespace))):
        if any(text(parent, "kind") in ("", "Gateway") for parent in entries(route, "spec", "parentRefs")):
            yield f"HTTPRoute {namespace}/{text(route, 'metadata', 'name')}"


def _login(host: str) -> Line:
    url = f"https://{host}"
    try:
        with HostDoor(url) as door:
            status = door.ask("/").status
    except UnreachableError as error:
        return GROUP.skipped("login", str(error))
    cure = f"{FIX} The Ingress of {host} has to carry `{ALB}/auth-type: oidc`; delete it until then."
    good = not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return GROUP.judged("login", f"{url} answers {status} to somebody unknown", good=good, cure=cure, status=status)
