"""What can be reached from outside the cluster: apps through an Ingress, dashboards only after a login."""

import json
from collections.abc import Iterator

from model.json_values import Json, mapping, mappings
from policies.judged import Finding, Judged, namespace_of

DASHBOARDS = {
    ("linkerd-viz", "web"): "viz's dashboard",
    ("argocd", "argocd-server"): "Argo CD",
    ("argo-rollouts", "argo-rollouts-dashboard"): "the dashboard of Argo Rollouts",
}
"""Services that show or change what is in the cluster; none has a login of its own that is safe in public."""
ALB = "alb.ingress.kubernetes.io"


def find_public_dashboards(judged: Judged) -> Iterator[Finding]:
    """Yield what opens a dashboard to the internet, or bypasses the load balancer that all apps share."""
    if judged.kind == "Service":
        yield from _service(judged)
    elif judged.kind == "Ingress":
        yield from _ingress(judged)
    elif judged.kind == "HTTPRoute":
        yield from _route(judged)


def _service(judged: Judged) -> Iterator[Finding]:
    spec = mapping(judged.content.get("spec"))
    kind = spec.get("type", "ClusterIP")
    if kind in {"LoadBalancer", "NodePort"}:
        yield Finding(str(judged), f"its type is {kind}: it is reached from outside without an Ingress")
    if spec.get("externalIPs"):
        yield Finding(str(judged), "externalIPs make it reachable from outside")


def _ingress(judged: Judged) -> Iterator[Finding]:
    shown = {name for name in _backends(judged) if (namespace_of(judged), name) in DASHBOARDS}
    if not shown:
        return
    annotations = mapping(mapping(judged.content.get("metadata")).get("annotations"))
    for name in sorted(shown):
        for what in _open_doors(annotations):
            yield Finding(str(judged), f"{DASHBOARDS[namespace_of(judged), name]} {what}")


def _open_doors(annotations: Json) -> Iterator[str]:
    """Yield the ways around the login."""
    if annotations.get(f"{ALB}/auth-type") != "oidc":
        yield f"is public without a login ({ALB}/auth-type is not oidc)"
    if annotations.get(f"{ALB}/auth-on-unauthenticated-request", "authenticate") != "authenticate":
        yield f"lets in who has not logged in ({ALB}/auth-on-unauthenticated-request)"
    if not _https_only(str(annotations.get(f"{ALB}/listen-ports", ""))):
        yield f"is reached by HTTP, which asks for no login ({ALB}/listen-ports)"


def _https_only(listen: str) -> bool:
    try:
        ports: object = json.loads(listen)
    except ValueError:
        return False
    protocols = {protocol for port in mappings(ports) for protocol in port}
    return protocols == {"HTTPS"}


def _backends(judged: Judged) -> Iterator[str]:
    spec = mapping(judged.content.get("spec"))
    paths = [path for rule in mappings(spec.get("rules")) for path in mappings(mapping(rule.get("http")).get("paths"))]
    backends = [spec.get("defaultBackend"), *(path.get("backend") for path in paths)]
    for backend in backends:
        yield str(mapping(mapping(backend).get("service")).get("name", ""))


def _route(judged: Judged) -> Iterator[Finding]:
    spec = mapping(judged.content.get("spec"))
    parents = {str(parent.get("kind", "Gateway")) for parent in mappings(spec.get("parentRefs"))}
    if "Gateway" not in parents:
        return  # a route of the mesh
    for backend in (each for rule in mappings(spec.get("rules")) for each in mappings(rule.get("backendRefs"))):
        service = str(backend.get("namespace", namespace_of(judged))), str(backend.get("name"))
        if service in DASHBOARDS:
            yield Finding(str(judged), f"{DASHBOARDS[service]} is reached through a Gateway, which asks for no login")
