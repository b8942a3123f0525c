"""What the cluster has to fulfil before anything is registered, as `linkerd check --pre` would ask it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from conventions import OWNER
from operations import gateway_api_check
from operations.chart_sources import Part
from operations.cluster_api import ClusterApi, items, text
from operations.compatibility_check import check_kubernetes, check_pins
from operations.first_contact import greet
from operations.permissions import check_permissions
from operations.problem import InputError, Problem

CLOCK_SKEW = 60
"""Seconds by which this machine's clock may differ: certificates begin with the moment that it shows."""

INJECTOR = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/linkerd-proxy-injector-webhook-config"


@dataclass(frozen=True)
class Expectations:
    """What the stack is going to do with the cluster."""

    stack: str
    namespaces: Collection[str]
    """The namespaces that it makes."""
    installs_gateway_api: bool


@dataclass(frozen=True)
class Facts:
    """What is known of the cluster before anything is made."""

    identity: str
    """The UID of the namespace kube-system."""
    kubernetes: str
    """The server's version, e.g. `v1.36.3`."""
    ingress_classes: frozenset[str]


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    subject: str
    problems: tuple[Problem, ...]


def inspect(api: ClusterApi, expected: Expectations) -> Facts:
    """Return the facts of a cluster that is ready.

    Raises InputError with everything that keeps it from being so.
    """
    found = [problem for check in checks(api, expected) for problem in check.problems]
    if found:
        raise InputError(found)
    return facts(api)


def checks(api: ClusterApi, expected: Expectations) -> Iterator[Check]:
    """Yield every check's result; a cluster that does not answer yields one and ends."""
    try:
        greet(api)
    except InputError as error:
        yield Check("the cluster answers", error.problems)
        return
    yield Check("the cluster answers", ())
    subjects: dict[str, Callable[[], list[Problem]]] = {
        "what is installed fits together": lambda: check_pins(tuple(Part)),
        "Kubernetes is new enough": lambda: check_kubernetes(api, tuple(Part)),
        "the clocks agree": lambda: _clock(api),
        "permissions": lambda: check_permissions(api),
        "no other Linkerd": lambda: _foreign_mesh(api, expected),
        "the namespaces are free": lambda: _foreign_namespaces(api, expected),
        "Gateway API": lambda: gateway_api_check.check(api, installs=expected.installs_gateway_api, parts=tuple(Part)),
    }
    for subject, check in subjects.items():
        yield Check(subject, _result(check))


def _result(check: Callable[[], list[Problem]]) -> tuple[Problem, ...]:
    try:
        return tuple(check())
    except InputError as refused:  # the server answers, but not this question
        return refused.problems


def facts(api: ClusterApi) -> Facts:
    """Return what the program needs to know of the cluster."""
    identity = text(api.find("/api/v1/namespaces/kube-system"), "metadata", "uid")
    if not identity:
        found, rule = "its namespace kube-system has no UID", "the cluster is known by it"
        raise InputError([Problem(api.address, found, rule, "Choose another context.")])
    classes = items(api.find("/apis/networking.k8s.io/v1/ingressclasses"))
    return Facts(
        identity=identity,
        kubernetes=text(api.get("/version").body, "gitVersion"),
        ingress_classes=frozenset(text(each, "metadata", "name") for each in classes),
    )


def _clock(api: ClusterApi) -> list[Problem]:
    skew = abs((api.get("/version").time - datetime.now(UTC)).total_seconds())
    if skew <= CLOCK_SKEW:
        return []
    found = f"this machine's clock and the cluster's are {skew:.0f} s apart"
    rule = f"{CLOCK_SKEW} s are allowed, or new certificates would not be valid yet"
    return [Problem(api.address, found, rule, "Let NTP set the clocks.")]


def _foreign_mesh(api: ClusterApi, expected: Expectations) -> list[Problem]:
    injector = api.find(INJECTOR)
    if injector is None or _owner(api, "linkerd") == expected.stack:
        return []
    namespace = text(injector, "metadata", "labels", "linkerd.io/control-plane-ns") or "linkerd"
    found = f"Linkerd is installed in namespace {namespace}, and not by stack {expected.stack}"
    cure = "Uninstall it, destroy the stack that owns it, or choose another cluster."
    return [Problem(api.address, found, "a cluster holds one control plane", cure)]


def _foreign_namespaces(api: ClusterApi, expected: Expectations) -> list[Problem]:
    owners = {name: _owner(api, name) for name in expected.namespaces}
    return [
        Problem(
            f"{api.address}, namespace {name}",
            f"it belongs to {f'stack {owner}' if owner else 'somebody else'}",
            f"stack {expected.stack} is going to make it",
            f"Delete it if nobody needs it (`kubectl delete namespace {name}`), or choose another cluster.",
        )
        for name, owner in owners.items()
        if owner not in (None, expected.stack)
    ]


def _owner(api: ClusterApi, namespace: str) -> str | None:
    """Return the stack that a namespace belongs to: empty if it is nobody's, None if there is no such namespace."""
    found = api.find(f"/api/v1/namespaces/{namespace}")
    return None if found is None else text(found, "metadata", "annotations", OWNER)
