"""Finds the owners of parts that the cluster already has: two owners would work against each other."""

import re
from collections.abc import Collection

from clients.cluster_api import ClusterApi, items
from model.charts import Part
from model.json_values import at, text
from model.names import (
    ARGO_CD_RELEASE,
    ARGO_ROLLOUTS_RELEASE,
    GATEWAY_API_RELEASE,
    LINKERD,
    LINKERD_RELEASE,
    LOAD_BALANCER_CONTROLLER_RELEASE,
    OWNER,
    PROJECT,
)
from model.problem import Problem
from preflight.compatibility import check_load_balancer_controller, unreadable
from versions import GATEWAY_API

NAMESPACES = "/api/v1/namespaces"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
INJECTOR = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/linkerd-proxy-injector-webhook-config"
GATEWAY_API_CRD = "httproutes.gateway.networking.k8s.io"
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
"""A definition of each part, the part's title, the release that holds it, and its settings."""


ADOPTED = {
    Part.LINKERD_CRDS: (LINKERD_RELEASE, re.compile(r"^[a-z]+\.(policy\.|workload\.)?linkerd\.io$")),
    Part.ARGO_ROLLOUTS_CRDS: (
        ARGO_ROLLOUTS_RELEASE,
        re.compile(r"^(analysisruns|(cluster)?analysistemplates|experiments)\.argoproj\.io$"),
    ),
    Part.ARGO_CD_CRDS: (ARGO_CD_RELEASE, re.compile(r"^(applicationsets|appprojects)\.argoproj\.io$")),
    Part.LOAD_BALANCER_CONTROLLER_CRDS: (
        LOAD_BALANCER_CONTROLLER_RELEASE,
        re.compile(r"^ingressclassparams\.elbv2\.k8s\.aws$"),
    ),
    Part.GATEWAY_API_CRDS: (
        GATEWAY_API_RELEASE,
        re.compile(
            r"^(backendtlspolicies|gatewayclasses|gateways|grpcroutes|listenersets|referencegrants|tlsroutes)"
            r"\.gateway\.networking\.k8s\.io$"
        ),
    ),
}
"""The release of each part's definitions, and their names; those of OWNED have a check of their own."""
MOST_NAMES = 3
UPGRADE_GATEWAY_API = f"Let its owner bring it to {GATEWAY_API}, or choose another cluster."


def check_foreign_parts(api: ClusterApi, parts: Collection[Part]) -> list[Problem]:
    """Return one problem for each of `parts` that somebody else has installed already."""
    return [problem for part in OWNED if part in parts for problem in _foreign_part(api, part)]


def check_kept(api: ClusterApi, stack: str, parts: Collection[Part]) -> list[Problem]:
    """Return one problem if the stack would remove the Gateway API's definitions from under its own mesh."""
    definition = definitions(api).get(GATEWAY_API_CRD)
    if Part.GATEWAY_API_CRDS in parts or _release(definition) != GATEWAY_API_RELEASE or _owner(api, LINKERD) != stack:
        return []
    found = f"stack {stack} owns the Gateway API's definitions, and gatewayApi.install is false"
    rule = "they cannot be given away: removing them deletes every route in the cluster"
    fix = f"Set `{PROJECT}:gatewayApi.install` to true, or destroy the stack first."
    return [Problem(f"{api.address}, {GATEWAY_API_CRD}", found, rule, fix)]


def _release(definition: object) -> tuple[str, ...]:
    """Return namespace and name of the Helm release that holds a definition; empty texts if none does."""
    return tuple(
        text(definition, "metadata", "annotations", f"meta.helm.sh/release-{of}") for of in ("namespace", "name")
    )


def _foreign_part(api: ClusterApi, part: Part) -> list[Problem]:
    name, title, release, key = OWNED[part]
    definition = definitions(api).get(name)
    found = _release(definition)
    if definition is None or found == release:
        return []
    by = f" by Helm release {'/'.join(found)}" if all(found) else ", by somebody else"
    rule = "this stack is going to install it, and a cluster can have only one"
    fix = f"Uninstall it, or set `{PROJECT}:{key}.enabled` to false."
    return [Problem(f"{api.address}, {name}", f"{title} is installed{by}", rule, fix)]


def check_marks(api: ClusterApi, parts: Collection[Part]) -> list[Problem]:
    """Return one problem for each release whose definitions exist without Helm's marks of that release.

    Helm refuses to adopt them, in the middle of an `up`.
    """
    return [problem for part in ADOPTED if part in parts for problem in _unmarked(api, part)]


def _unmarked(api: ClusterApi, part: Part) -> list[Problem]:
    release, names = ADOPTED[part]
    found = {name: each for name, each in definitions(api).items() if names.search(name)}
    foreign = sorted(
        name
        for name, each in found.items()
        if _release(each) != release or text(each, "metadata", "labels", "app.kubernetes.io/managed-by") != "Helm"
    )
    if not foreign:
        return []
    more = f" and {len(foreign) - MOST_NAMES} more" if len(foreign) > MOST_NAMES else ""
    namespace, name = release
    rule = f"Helm release {namespace}/{name} is going to install them, and does not adopt what others created"
    marks = f"meta.helm.sh/release-name={name} meta.helm.sh/release-namespace={namespace}"
    adopt = f"`kubectl annotate --overwrite crd <name> {marks}` and `kubectl label --overwrite crd <name> "
    fix = f"If nobody else needs them, delete them, or hand each over with {adopt}app.kubernetes.io/managed-by=Helm`."
    return [Problem(f"{api.address}, {', '.join(foreign[:MOST_NAMES])}{more}", "they are there already", rule, fix)]


def definitions(api: ClusterApi) -> dict[str, object]:
    """Return the metadata of every custom resource definition by its name."""
    return {text(each, "metadata", "name"): each for each in api.metadata(DEFINITIONS)}


def check_gateway_api(api: ClusterApi, *, installs: bool, parts: Collection[Part]) -> list[Problem]:
    """Return the problems of `parts` with the definitions that they need: none, another owner's, or another version."""
    definition = definitions(api).get(GATEWAY_API_CRD)
    if installs:
        foreign = [] if definition is None else _foreign_gateway_api(api, definition, parts)
        return foreign or check_load_balancer_controller(api, GATEWAY_API)
    where = f"{api.address}, {GATEWAY_API_CRD}"
    if definition is None:
        fix = f"Install them, or set `{PROJECT}:gatewayApi.install` to true."
        return [Problem(where, "there is no Gateway API", "with gatewayApi.install false it has to be there", fix)]
    version = _gateway_api_version(definition)
    if rules := unreadable(version, parts):
        found = f"Gateway API is {version or 'of an unknown version'}"
        return [Problem(where, found, " and ".join(rules), UPGRADE_GATEWAY_API)]
    return []


def _gateway_api_version(definition: object) -> str:
    return text(definition, "metadata", "annotations", "gateway.networking.k8s.io/bundle-version").removeprefix("v")


def _foreign_gateway_api(api: ClusterApi, definition: object, parts: Collection[Part]) -> list[Problem]:
    release = _release(definition)
    if release == GATEWAY_API_RELEASE:
        return []
    version = _gateway_api_version(definition)
    found = f"Gateway API {version or 'of an unknown version'} is there"
    found += f" by Helm release {'/'.join(release)}" if all(release) else ", owned by somebody else"
    rule = f"this stack is going to install {GATEWAY_API}, and two owners would delete each other's routes"
    fits = f"Set `{PROJECT}:gatewayApi.install` to false to use what is there."
    fix = UPGRADE_GATEWAY_API if unreadable(version, parts) else fits
    return [Problem(f"{api.address}, {GATEWAY_API_CRD}", found, rule, fix)]


def check_mesh(api: ClusterApi, stack: str) -> list[Problem]:
    """Return one problem if there is a control plane that is not the stack's."""
    injector = api.find(INJECTOR)
    if injector is None or _owner(api, LINKERD) == stack:
        return []
    namespace = text(injector, "metadata", "labels", "linkerd.io/control-plane-ns") or "linkerd"
    found = f"Linkerd is installed in namespace {namespace}, and not by stack {stack}"
    fix = "Uninstall it, destroy the stack that owns it, or choose another cluster."
    return [Problem(api.address, found, "a cluster can have only one control plane", fix)]


def check_namespaces(api: ClusterApi, stack: str, namespaces: Collection[str]) -> list[Problem]:
    """Return one problem for each of `namespaces` that is there and not the stack's."""
    problems: list[Problem] = []
    for name, each in namespaces_of(api).items():
        owner = text(each, "metadata", "annotations", OWNER)
        if name not in namespaces:
            continue
        if at(each, "metadata", "deletionTimestamp") is not None or text(each, "status", "phase") == "Terminating":
            found, rule = "it is still being deleted", "the stack needs it, and nothing can be created in it any more"
            fix = f"Wait until it is deleted; if it stays, `kubectl get namespace {name} --output yaml` shows why."
        elif owner != stack:
            found = f"it belongs to {f'stack {owner}' if owner else 'somebody else'}"
            rule = f"stack {stack} is going to create it"
            way = f"Delete it if nobody needs it (`kubectl delete namespace {name}`)"
            if owner:
                way = f"Destroy that stack (`make destroy STACK={owner}`)"
            fix = f"{way}, or choose another cluster."
        else:
            continue
        problems.append(Problem(f"{api.address}, namespace {name}", found, rule, fix))
    return problems


def namespaces_of(api: ClusterApi) -> dict[str, object]:
    """Return every namespace by its name."""
    return {text(each, "metadata", "name"): each for each in items(api.find(NAMESPACES))}


def _owner(api: ClusterApi, namespace: str) -> str | None:
    """Return the stack that a namespace belongs to: empty if it is nobody's, None if there is no such namespace."""
    found = namespaces_of(api).get(namespace)
    return None if found is None else text(found, "metadata", "annotations", OWNER)
