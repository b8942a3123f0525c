"""All checks of the cluster before anything is registered, with those of `linkerd check --pre`."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from clients.cluster_api import ClusterApi, Snapshot, check_connection, items
from model.charts import Part
from model.json_values import text
from model.names import PROJECT, TrustPhase
from model.problem import Check, InputError, Problem, SilenceError
from preflight import helm_records, owners, site
from preflight.compatibility import check_kubernetes, check_pins
from preflight.permissions import ALWAYS, Kind, check_permissions
from preflight.trust import check_trust

ALB_CONTROLLER = "ingress.k8s.aws/alb"
"""The controller that the IngressClasses of the AWS Load Balancer Controller name."""
CLOCK_SKEW = 60
"""Seconds by which this machine's clock may differ from the cluster's: new certificates are valid from its time on."""


@dataclass(frozen=True)
class Expectations:
    """The demands of a stack on its cluster."""

    stack: str
    namespaces: Collection[str]
    """The namespaces that it creates."""
    parts: Collection[Part]
    """The parts that it installs by charts."""
    anchor: int = 1
    """The trust anchor's number."""
    phase: TrustPhase = TrustPhase.STABLE
    """The phase of its replacement."""
    kinds: Collection[Kind] = ALWAYS
    """The kinds of objects that it creates."""
    ingress_class: str | None = None
    """The IngressClass that has to be the AWS Load Balancer Controller's; None if nothing needs that."""
    brings_class: bool = True
    """False if it has to be there already."""
    high_availability: bool = False
    """Whether replicas need nodes of their own."""


@dataclass(frozen=True)
class Facts:
    """The facts of the cluster that are known before anything is created."""

    identity: str
    """The UID of the namespace kube-system."""
    ingress_classes: frozenset[str]


def inspect(api: ClusterApi, expected: Expectations) -> Facts:
    """Return the facts of a cluster that is ready.

    Raises InputError with everything that keeps it from being so.
    """
    api = Snapshot(api)
    found = [problem for check in checks(api, expected) for problem in check.problems]
    if found:
        raise InputError(found)
    identity = text(owners.namespaces_of(api).get("kube-system"), "metadata", "uid")
    if not identity:
        unknown, rule = "its namespace kube-system has no UID", "the cluster is known by it"
        raise InputError([Problem(api.address, unknown, rule, "Choose another context.")])
    return Facts(identity, frozenset(_ingress_classes(api)))


def checks(api: ClusterApi, expected: Expectations) -> Iterator[Check]:
    """Yield every check's result; after a check that gets no answer, there are no more."""
    api = Snapshot(api)
    try:
        check_connection(api)
    except InputError as error:
        yield Check("the cluster answers", error.problems)
        return
    yield Check("the cluster answers", ())
    for subject, check in _subjects(api, expected).items():
        try:
            yield Check(subject, tuple(check()))
        except InputError as error:  # after a refusal, the server still answers the other questions
            yield Check(subject, error.problems)
            if isinstance(error, SilenceError):
                return


def _subjects(api: ClusterApi, expected: Expectations) -> dict[str, Callable[[], list[Problem]]]:
    subjects: dict[str, Callable[[], list[Problem]]] = {
        "what is installed fits together": lambda: check_pins(expected.parts),
        "Kubernetes is new enough": lambda: check_kubernetes(api, expected.parts),
        "the clocks agree": lambda: _clock(api),
        "permissions": lambda: check_permissions(api, expected.kinds),
        "trust": lambda: check_trust(api, expected.anchor, expected.phase),
        "no other Linkerd": lambda: owners.check_mesh(api, expected.stack),
        "no other owner of its parts": lambda: owners.check_foreign_parts(api, expected.parts),
        "no definitions of others": lambda: owners.check_marks(api, expected.parts),
        "no release was cut off": lambda: helm_records.check(api, expected.parts),
        "the namespaces are free": lambda: owners.check_namespaces(api, expected.stack, expected.namespaces),
        "Gateway API": lambda: [
            *owners.check_kept(api, expected.stack, expected.parts),
            *owners.check_gateway_api(api, installs=Part.GATEWAY_API_CRDS in expected.parts, parts=expected.parts),
        ],
        "pods of a mesh may start": lambda: site.check_pod_security(api),
        "the cluster's domain": lambda: site.check_domain(api),
        "nodes that the images run on": lambda: site.check_nodes(api, expected.namespaces),
    }
    if expected.high_availability:
        subjects["enough nodes"] = lambda: site.check_node_count(api)
    if wanted := expected.ingress_class:
        subjects["the IngressClass"] = lambda: _ingress_class(api, wanted, brings_it=expected.brings_class)
    return subjects


def _ingress_classes(api: ClusterApi) -> dict[str, str]:
    """Return the controller of each IngressClass, by the class' name."""
    classes = items(api.find("/apis/networking.k8s.io/v1/ingressclasses"))
    return {text(each, "metadata", "name"): text(each, "spec", "controller") for each in classes}


def _ingress_class(api: ClusterApi, wanted: str, *, brings_it: bool) -> list[Problem]:
    classes, key = _ingress_classes(api), f"{PROJECT}:eks.loadBalancerController.enabled"
    if wanted in classes and classes[wanted] != ALB_CONTROLLER:
        # EKS Auto Mode's own knows neither: docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
        found = f"the controller of IngressClass '{wanted}' is {classes[wanted] or 'not named'}"
        rule = f"only the AWS Load Balancer Controller's ({ALB_CONTROLLER}) have groups of hosts and a login"
        fix = (
            f"Choose another name with `pulumi config set --path '{PROJECT}:ingressClass' {wanted}-workshop`; on EKS,"
            f" let this stack install its controller with `pulumi config set --path '{key}' true`."
        )
        return [Problem(api.address, found, rule, fix)]
    if wanted in classes or brings_it:
        return []
    found = f"it has no IngressClass '{wanted}'"
    rule = f"the stack's public hosts need one (there is {', '.join(sorted(classes)) or 'none'})"
    fix = f"Let this stack install it with `pulumi config set --path '{key}' true`, or correct ingressClass."
    return [Problem(api.address, found, rule, fix)]


def _clock(api: ClusterApi) -> list[Problem]:
    skew = abs((api.get("/version").time - datetime.now(UTC)).total_seconds())
    if skew <= CLOCK_SKEW:
        return []
    found = f"this machine's clock and the cluster's are {skew:.0f} s apart"
    rule = f"{CLOCK_SKEW} s are allowed, or new certificates would not be valid yet"
    return [Problem(api.address, found, rule, "Let NTP set the clocks.")]
