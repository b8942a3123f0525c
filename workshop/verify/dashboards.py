"""Checks that no dashboard is open to the internet: anybody could see what runs, and promote or sync it."""

from collections.abc import Iterator
from http import HTTPStatus

from clients.cluster_api import items
from model.json_values import entries, text
from settings import parts
from workshop.verify.lines import REPAIR, Group, Line
from workshop.verify.scene import Scene
from workshop.verify.traffic import HostDoor, UnreachableError

GROUP = Group("dashboards")
NAMESPACES = (parts.LINKERD, parts.VIZ, parts.ARGO_ROLLOUTS, parts.ARGO_CD)
ALB = "alb.ingress.kubernetes.io"
ASKING = {f"{ALB}/auth-type": "oidc", f"{ALB}/auth-on-unauthenticated-request": "authenticate"}
"""The annotations of an Ingress whose load balancer requires a login."""
GATEWAY_ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes"


def check(scene: Scene) -> Iterator[Line]:
    """Yield lines on the ways in from the internet, and on the dashboard's answer to a request without a login."""
    namespaces = [name for name in NAMESPACES if name in parts.namespaces(scene.settings)]
    open_ones = sorted(each for name in namespaces for each in _find_open(scene, name))
    seen = f"open to the internet: {', '.join(open_ones)}" if open_ones else f"none in {', '.join(namespaces)}"
    fix = f"Delete each with `kubectl --namespace <namespace> delete …`. {REPAIR}"
    yield GROUP.judge("ways in from outside", seen, good=not open_ones, fix=fix, open=len(open_ones))
    dashboard = scene.settings.viz.dashboard if scene.settings.viz.enabled else None
    if dashboard is None:
        yield GROUP.skip("login", "no dashboard has a public name")
    else:
        yield _judge_login(dashboard.host)


def _find_open(scene: Scene, namespace: str) -> Iterator[str]:
    for service in items(scene.api.find(f"/api/v1/namespaces/{namespace}/services")):
        if text(service, "spec", "type") in ("LoadBalancer", "NodePort"):
            yield f"Service {namespace}/{text(service, 'metadata', 'name')}"
    for ingress in items(scene.api.find(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses")):
        if any(text(ingress, "metadata", "annotations", key) != value for key, value in ASKING.items()):
            yield f"Ingress {namespace}/{text(ingress, 'metadata', 'name')}"
    for route in items(scene.api.find(GATEWAY_ROUTES.format(namespace))):
        if any(text(parent, "kind") in ("", "Gateway") for parent in entries(route, "spec", "parentRefs")):
            yield f"HTTPRoute {namespace}/{text(route, 'metadata', 'name')}"


def _judge_login(host: str) -> Line:
    url = f"https://{host}"
    try:
        with HostDoor(url) as door:
            status = door.ask("/").status
    except UnreachableError as error:
        return GROUP.skip("login", str(error))
    fix = f"{REPAIR} The Ingress of {host} has to carry `{ALB}/auth-type: oidc`; delete it until then."
    good = not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return GROUP.judge(
        "login", f"{url} answers {status} to a request without a login", good=good, fix=fix, status=status
    )
