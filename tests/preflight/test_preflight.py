"""The requirements on a cluster, checked against a server with canned answers."""

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from clients import cluster_faults
from clients.cluster_api import Answer, ClusterApi
from model.charts import Part
from model.json_values import mapping
from preflight import permissions
from preflight.cluster import Expectations, Facts
from preflight.startup import expectations
from preflight.trust import BUNDLE
from settings import Settings
from settings.loading import parse
from tests.doubles.api_server import INJECTOR, Cluster
from tests.doubles.clusters import (
    PARTS,
    STACK,
    admitting,
    defined,
    gateway_api,
    inspect_cluster,
    kubernetes,
    namespace,
    only,
    records,
    resolving,
    with_answers,
)
from versions import GATEWAY_API, LINKERD_CHART

NAMELESS: dict[str, object] = {}
FOREIGN_GATEWAY = Expectations("test", ["linkerd"], [Part.LINKERD_CONTROL_PLANE])
WITHOUT_ROLLOUTS = Expectations("test", ["linkerd"], PARTS[:2])
DEFINED = Expectations("test", ["linkerd"], [Part.LINKERD_CRDS, Part.GATEWAY_API_CRDS])
WHOLE = Expectations("test", ["linkerd"], list(Part))
BASELINE = (
    'pods "linkerd-workshop-preflight" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities '
    '(container "linkerd-init" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)'
)
NO_PODS = 'pods is forbidden: User "u" cannot create resource "pods"'


def test_a_cluster_that_is_ready_gives_its_facts_and_is_not_changed(tmp_path: Path) -> None:
    cluster = Cluster()

    assert inspect_cluster(cluster, tmp_path) == Facts("uid-1", frozenset({"alb"}))
    assert all("selfsubjectaccessreviews" not in path for path in cluster.asked), "only reviews are posted"


OUR_LINKERD = with_answers(**{INJECTOR: NAMELESS}, **namespace("linkerd", "test"), **namespace("booksapp", "test"))
OUR_GATEWAY = ("kube-system", "gateway-api-crds")
ROLLOUTS = "rollouts.argoproj.io"
OUR_DEFINITIONS = defined("servers.policy.linkerd.io", ("linkerd", "linkerd-crds"))
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
TAKEN: dict[str, tuple[Cluster, Expectations]] = {
    **{f"Kubernetes 1.{minor}": (kubernetes("1", minor, f"v1.{minor}.0-eks"), STACK) for minor in ("31", "31+", "40")},
    "clocks that nearly agree": (Cluster(seconds_ahead=-30), STACK),
    "the stack's own Linkerd, or the second up would be refused": (OUR_LINKERD, STACK),
    "no record of a release": (records(), DEFINED),
    **{f"a release that is {each}": (records(each), DEFINED) for each in ("deployed", "failed")},
    "a release that Helm has gone on with": (records("pending-upgrade", "deployed"), DEFINED),
    "the stack's own Gateway API in any version": (gateway_api("v1.4.0", OUR_GATEWAY), STACK),
    **{
        f"somebody's Gateway API {each}": (gateway_api(each), FOREIGN_GATEWAY)
        for each in ("v1.2.1", "v1.4.0", "v1.5.1", "v1.5.1-rc.1")
    },
    "the stack's own Argo Rollouts": (defined(ROLLOUTS, ("argo-rollouts", "argo-rollouts-crds")), STACK),
    "somebody's Argo Rollouts beside a stack that needs none": (defined(ROLLOUTS, None), WITHOUT_ROLLOUTS),
    "the stack's own definitions": (OUR_DEFINITIONS, WHOLE),
    **{
        f"{each}, which no release of the stack holds": (defined(each, None), WHOLE)
        for each in ("links.multicluster.linkerd.io", "workflows.argoproj.io", "tcproutes.gateway.networking.k8s.io")
    },
    "no right to create pods": (admitting(403, NO_PODS), STACK),
    "no dry run of pods": (admitting(400, "webhook does not support dry run"), STACK),
    "rules of one namespace alone": (admitting(403, BASELINE, **RESTRICTED), STACK),
    "rules that the pods of a mesh obey": (replace(OUR_LINKERD, admits=(403, BASELINE)), STACK),
    **{f"the domain {each}": (resolving(each), STACK) for each in ("cluster.local", "k8s.lan cluster.local.")},
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_cluster_that_fits_is_taken(tmp_path: Path, what: str) -> None:
    assert isinstance(inspect_cluster(TAKEN[what][0], tmp_path, TAKEN[what][1]), Facts)


FOREIGN = {"metadata": {"labels": {"linkerd.io/control-plane-ns": "mesh"}}}
READ = f"*: *, but Linkerd {LINKERD_CHART} reads 1.2.1 to 1.5.1*. *{GATEWAY_API}*"
CUT_OFF = "`kubectl --namespace linkerd delete secret --selector owner=helm,name=linkerd-crds`"
ROLLOUTS_KEY = "linkerd-workshop:delivery.argoRollouts.enabled"
TAKE, LEAVE = "gatewayApi.install` to true", "gatewayApi.install` to false"


def being_deleted(stack: str | None, *, is_marked: bool) -> Cluster:
    """Return a cluster with a namespace of a stack that is being deleted."""
    answers = namespace("booksapp", stack)
    body = dict(mapping(answers["/api/v1/namespaces/booksapp"]))
    marked = {"metadata": {**mapping(body["metadata"]), "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    phase = {"status": {"phase": "Terminating"}}
    return with_answers(**{"/api/v1/namespaces/booksapp": body | (marked if is_marked else phase)})


OLD = [("1", "30"), ("1", "9+"), ("0", "99"), ("", ""), ("1", "x")]
CUT = ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"]
UNREAD = ["v1.2.0", "v0.8.1", "v1.6.0", "v2.0.0", "main", ""]
DEFINITIONS: list[tuple[str, tuple[str, str] | None, str]] = [
    ("servers.policy.linkerd.io", None, "Helm"),
    ("servers.policy.linkerd.io", ("linkerd", "linkerd-crds"), "kubectl"),
    ("serviceprofiles.linkerd.io", ("mesh", "crds"), "Helm"),
    ("externalworkloads.workload.linkerd.io", None, "Helm"),
    ("gateways.gateway.networking.k8s.io", None, "Helm"),
    ("experiments.argoproj.io", None, "Helm"),
    ("appprojects.argoproj.io", ("argo", "argo-cd"), "Helm"),
    ("ingressclassparams.elbv2.k8s.aws", None, "Helm"),
]
NEEDED = f"Linkerd {LINKERD_CHART} needs 1.31 or newer"
UPGRADE, DELETE = "Upgrade the cluster, or choose another context.*", "*kubectl delete namespace booksapp*"
BOOKS, ARGO = "*namespace booksapp", "*: Argo Rollouts is installed"
REFUSED: list[tuple[Cluster, Expectations, str]] = [
    *((kubernetes(*each), STACK, f"*: Kubernetes is v1.30.1, but {NEEDED}. {UPGRADE}") for each in OLD),
    (with_answers(**{INJECTOR: FOREIGN}), STACK, "*: Linkerd is installed in namespace mesh, and not by stack test,*"),
    *(
        (
            records("deployed", each),
            DEFINED,
            f"*Helm release linkerd/linkerd-crds: a run was cut off in the middle of it ({each}), *{CUT_OFF}*",
        )
        for each in CUT
    ),
    (records("pending-install"), DEFINED, "*. *another run is in progress*"),
    (with_answers(**namespace("booksapp", None)), STACK, f"{BOOKS}: it belongs to somebody else, {DELETE}"),
    (
        with_answers(**namespace("booksapp", "other")),
        STACK,
        f"{BOOKS}: it belongs to stack other, *. Destroy that stack (`make destroy STACK=other`), or *",
    ),
    *(
        (
            being_deleted(stack, is_marked=each),
            STACK,
            f"{BOOKS}: it is still being deleted, *kubectl get namespace booksapp*",
        )
        for stack in ("test", "other", None)
        for each in (True, False)
    ),
    (gateway_api("v1.5.1"), STACK, f"*: Gateway API 1.5.1 is there, owned by somebody else, *{LEAVE}*"),
    (gateway_api("v1.4.0", ("l", "l")), STACK, f"*: Gateway API 1.4.0 is there by Helm release l/l, *{LEAVE}*"),
    (
        gateway_api(""),
        STACK,
        "*: Gateway API of an unknown version is there, owned by *. Let its owner *",
    ),
    *((gateway_api(each), FOREIGN_GATEWAY, READ) for each in UNREAD),
    (Cluster(), FOREIGN_GATEWAY, f"*: there is no Gateway API, *{TAKE}*"),
    (defined(ROLLOUTS, None), STACK, f"{ARGO}, by somebody else, *{ROLLOUTS_KEY}*"),
    (defined(ROLLOUTS, ("a", "b")), STACK, f"{ARGO} by Helm release a/b, *{ROLLOUTS_KEY}*"),
    *((defined(*each), WHOLE, f"*{each[0]}*: *app.kubernetes.io/managed-by=Helm*") for each in DEFINITIONS),
    (admitting(403, BASELINE), STACK, "*: *violates PodSecurity*, but *NET_ADMIN*"),
    *((resolving(each), STACK, f"*: its domain is {each}, *") for each in ("example.org", "cluster.localdomain")),
]


@pytest.mark.parametrize(("cluster", "expected", "text"), REFUSED)
def test_a_cluster_that_does_not_fit_is_reported_with_the_rule_and_the_fix(
    tmp_path: Path, cluster: Cluster, expected: Expectations, text: str
) -> None:
    problem = only(cluster, tmp_path, expected)

    assert fnmatchcase(str(problem), text), problem
    assert problem.fix


@pytest.mark.parametrize("seconds", [-3600, 75])
def test_clocks_that_disagree_are_reported_in_seconds(tmp_path: Path, seconds: float) -> None:
    problem = only(Cluster(seconds_ahead=seconds), tmp_path)

    assert "clock" in problem.found
    assert any(f"{abs(seconds) + error:.0f} s apart" in problem.found for error in (-2, -1, 0, 1, 2))
    assert "NTP" in problem.fix


DENIED = {("deployments", "delete"), ("clusterroles", "create"), ("clusterroles", "patch")}
EVERY = expectations(Settings(), "test")
BAD = Cluster(
    {**kubernetes("1", "20").answers, INJECTOR: NAMELESS},
    denied=lambda resource, _verb: resource == "secrets",
    seconds_ahead=600,
)


@pytest.mark.parametrize(
    ("cluster", "expected", "texts"),
    [
        (
            Cluster(denied=lambda resource, verb: (resource, verb) in DENIED),
            EVERY,
            [
                "*, clusterroles.rbac.authorization.k8s.io: you may not create, patch them,*",
                "*, deployments.apps: you may not delete them,*",
            ],
        ),
        (
            with_answers(**{INJECTOR: NAMELESS}, **namespace("linkerd", "other")),
            STACK,
            ["*: Linkerd is installed*", "*: it belongs to stack other,*"],
        ),
        (BAD, STACK, ["*: Kubernetes is*", "*: *clock*", "*secrets: you may not*", "*: Linkerd is installed*"]),
    ],
    ids=["permissions by kind and verb", "the Linkerd of another stack", "several faults"],
)
def test_everything_is_reported_at_once(
    tmp_path: Path, cluster: Cluster, expected: Expectations, texts: list[str]
) -> None:
    found = inspect_cluster(cluster, tmp_path, expected)

    assert isinstance(found, list)
    assert len(found) == len(texts)
    assert all(any(fnmatchcase(str(each), text) for each in found) for text in texts), found


@pytest.mark.parametrize("status", [429, 500, 503, 504])
@pytest.mark.parametrize("path", ["/version", "/api/v1/namespaces", permissions.PATH])
def test_an_error_of_the_server_is_not_reported_as_a_missing_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, path: str
) -> None:
    monkeypatch.setattr(cluster_faults, "TRIES", 1)
    text = str(only(Cluster(unwell={path: status}), tmp_path))

    assert fnmatchcase(text, "*: *etcdserver: request timed out*, but *. Try again*")


def test_after_a_silence_nothing_else_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = ClusterApi.ask

    def hurried(api: ClusterApi, method: str, path: str, body: Mapping[str, object] | None, **more: str) -> Answer:
        monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.5 if path == BUNDLE else 60)
        return ask(api, method, path, body, **more)

    monkeypatch.setattr(ClusterApi, "ask", hurried)
    cluster = Cluster(silent=(BUNDLE,))

    assert "timed out" in only(cluster, tmp_path).found
    assert cluster.asked[-1] == BUNDLE


def test_only_the_namespaces_of_the_settings_are_looked_at() -> None:
    off = {"enabled": False}
    demos = {"podinfo": off, "circuitBreaking": off, "progressiveDelivery": off}
    settings = parse({"demos": demos, "viz": off, "delivery": {"argoRollouts": off}})

    assert expectations(settings, "test").namespaces == ["linkerd", "booksapp"]
    assert {"linkerd-viz", "argo-rollouts", "podinfo"} < set(EVERY.namespaces)
    assert "argocd" not in EVERY.namespaces


def test_a_stack_never_removes_the_gateway_api_of_its_own_mesh(tmp_path: Path) -> None:
    cluster = gateway_api(f"v{GATEWAY_API}", ("kube-system", "gateway-api-crds"))
    elsewhere = Expectations("test", [], [Part.LINKERD_CONTROL_PLANE])
    cluster.answers |= namespace("linkerd", "test")
    problem = only(cluster, tmp_path, elsewhere)

    assert "gatewayApi.install is false" in problem.found
    assert "deletes every route" in problem.rule
    cluster.answers |= namespace("linkerd", "other")
    assert isinstance(inspect_cluster(cluster, tmp_path, elsewhere), Facts), "a deleted stack has left it"


def test_a_cluster_that_is_ready_is_asked_few_questions(tmp_path: Path) -> None:
    cluster = with_answers(**{"/api/v1/nodes/n": {"metadata": {"labels": {"kubernetes.io/arch": "amd64"}}}})
    cluster.answers |= namespace("default", None)
    inspect_cluster(cluster, tmp_path, expectations(Settings(), "test"))

    assert len(cluster.asked) == len(set(cluster.asked)), "none twice"
    assert len(cluster.asked) + len(cluster.reviewed) <= 11
