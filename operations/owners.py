"""Whose the parts are that the cluster has already: two owners would work against each other."""

from collections.abc import Collection

from conventions import (
    ARGO_CD_RELEASE,
    ARGO_ROLLOUTS_RELEASE,
    GATEWAY_API_RELEASE,
    LOAD_BALANCER_CONTROLLER_RELEASE,
    OWNER,
    PROJECT,
)
from operations.chart_sources import Part
from operations.cluster_api import ClusterApi, text
from operations.problem import Problem

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
INJECTOR = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/linkerd-proxy-injector-webhook-config"
GATEWAY_API = "httproutes.gateway.networking.k8s.io"
OWNED = {
    Part.ARGO_ROLLOUTS: ("rollouts.argoproj.io", "Argo Rollouts", ARGO_ROLLOUTS_RELEASE, "delivery.argoRollouts"),
    Part.ARGO_CD: ("applications.argoproj.io", "Argo CD", ARGO_CD_RELEASE, "delivery.argoCd"),
    Part.LOAD_BALANCER_CONTROLLER: (
        "targetgroupbindings.elbv2.k8s.aws",
        "the AWS Load Balancer Controller",
        LOAD_BALANCER_CONTROLLER_RELEASE,
        "eks.loadBalancerController",
    ),
}
"""By part: a definition that it brings, what people call it, the release that holds it, and its settings."""


def check_foreign_parts(api: ClusterApi, parts: Collection[Part]) -> list[Problem]:
    """Return one problem for each of `parts` that somebody else has installed already."""
    return [problem for part in OWNED if part in parts for problem in _foreign_part(api, part)]


def check_kept(api: ClusterApi, stack: str, parts: Collection[Part]) -> list[Problem]:
    """Return one problem if the stack would remove the Gateway API's definitions from under its own mesh."""
    definition = api.find(f"{DEFINITIONS}/{GATEWAY_API}")
    if Part.GATEWAY_API_CRDS in parts or _release(definition) != GATEWAY_API_RELEASE or _owner(api, "linkerd") != stack:
        return []
    found = f"stack {stack} owns the Gateway API's definitions, and gatewayApi.install is false"
    rule = "they cannot be given away: removing them deletes every route in the cluster"
    cure = f"Set `{PROJECT}:gatewayApi.install` to true, or destroy the stack first."
    return [Problem(f"{api.address}, {GATEWAY_API}", found, rule, cure)]


def _release(definition: object) -> tuple[str, ...]:
    """Return namespace and name of the Helm release that holds a definition; empty texts if none does."""
    return tuple(
        text(definition, "metadata", "annotations", f"meta.helm.sh/release-{of}") for of in ("namespace", "name")
    )


def _foreign_part(api: ClusterApi, part: Part) -> list[Problem]:
    name, title, release, key = OWNED[part]
    definition = api.find(f"{DEFINITIONS}/{name}")
    found = _release(definition)
    if definition is None or found == release:
        return []
    by = f" by Helm release {'/'.join(found)}" if all(found) else ", by somebody else"
    rule = "this stack is going to install it, and a cluster holds one"
    cure = f"Uninstall it, or set `{PROJECT}:{key}.enabled` to false."
    return [Problem(f"{api.address}, {name}", f"{title} is installed{by}", rule, cure)]


def check_mesh(api: ClusterApi, stack: str) -> list[Problem]:
    """Return one problem if there is a control plane that is not the stack's."""
    injector = api.find(INJECTOR)
    if injector is None or _owner(api, "linkerd") == stack:
        return []
    namespace = text(injector, "metadata", "labels", "linkerd.io/control-plane-ns") or "linkerd"
    found = f"Linkerd is installed in namespace {namespace}, and not by stack {stack}"
    cure = "Uninstall it, destroy the stack that owns it, or choose another cluster."
    return [Problem(api.address, found, "a cluster holds one control plane", cure)]


def check_namespaces(api: ClusterApi, stack: str, namespaces: Collection[str]) -> list[Problem]:
    """Return one problem for each of `namespaces` that is there and not the stack's."""
    owners = {name: _owner(api, name) for name in namespaces}
    return [
        Problem(
            f"{api.address}, namespace {name}",
            f"it belongs to {f'stack {owner}' if owner else 'somebody else'}",
            f"stack {stack} is going to make it",
            f"Delete it if nobody needs it (`kubectl delete namespace {name}`), or choose another cluster.",
        )
        for name, owner in owners.items()
        if owner not in (None, stack)
    ]


def _owner(api: ClusterApi, namespace: str) -> str | None:
    """Return the stack that a namespace belongs to: empty if it is nobody's, None if there is no such namespace."""
    found = api.find(f"/api/v1/namespaces/{namespace}")
    return None if found is None else text(found, "metadata", "annotations", OWNER)
