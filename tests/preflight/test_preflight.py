"""What the cluster has to fulfil, asked of a server with canned answers."""

from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi
from model.charts import Part
from model.json_values import mapping
from model.problem import InputError, Problem
from preflight import helm_records
from preflight.cluster import Expectations, Facts, inspect
from preflight.startup import expectations
from settings import Settings
from settings.loading import parse
from tests.doubles.api_server import GATEWAY, INJECTOR, Cluster, serving
from versions import GATEWAY_API, LINKERD_CHART

NAMELESS: dict[str, object] = {}
PARTS = [Part.GATEWAY_API_CRDS, Part.LINKERD_CONTROL_PLANE, Part.ARGO_ROLLOUTS]
STACK = Expectations("test", ["linkerd", "booksapp"], PARTS)
FOREIGN_GATEWAY = Expectations("test", ["linkerd"], [Part.LINKERD_CONTROL_PLANE])
WITHOUT_ROLLOUTS = Expectations("test", ["linkerd"], PARTS[:2])
DEFINED = Expectations("test", ["linkerd"], [Part.LINKERD_CRDS, Part.GATEWAY_API_CRDS])
WHOLE = Expectations("test", ["linkerd"], list(Part))
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
COREDNS = "/api/v1/namespaces/kube-system/configmaps/coredns"
COREFILE = ".:53 {{\n    errors\n    kubernetes {} in-addr.arpa ip6.arpa {{\n       pods insecure\n    }}\n}}\n"
BASELINE = (
    'pods "linkerd-workshop-preflight" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities '
    '(container "linkerd-init" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)'
)
NO_PODS = 'pods is forbidden: User "u" cannot create resource "pods"'


def asked(cluster: Cluster, folder: Path, expected: Expectations = STACK) -> Facts | list[Problem]:
    with serving(cluster, folder) as path:
        try:
            return inspect(ClusterApi(str(path), None), expected)
        except InputError as error:
            return list(error.problems)


def only(cluster: Cluster, folder: Path, expected: Expectations = STACK) -> Problem:
    found = asked(cluster, folder, expected)
    assert isinstance(found, list)
    assert len(found) == 1, found
    return found[0]


def with_answers(**answers: object) -> Cluster:
    cluster = Cluster()
    cluster.answers |= answers
    return cluster


def kubernetes(major: str, minor: str, version: str = "v1.30.1") -> Cluster:
    return with_answers(**{"/version": {"major": major, "minor": minor, "gitVersion": version}})


def owned(release: tuple[str, str] | None) -> dict[str, str]:
    """Return the annotations by which Helm marks what it owns."""
    keys = ("meta.helm.sh/release-namespace", "meta.helm.sh/release-name")
    return dict(zip(keys, release, strict=True)) if release else {}


def gateway_api(version: str, release: tuple[str, str] | None = None) -> Cluster:
    annotations = {"gateway.networking.k8s.io/bundle-version": version, **owned(release)}
    return with_answers(**{GATEWAY: {"metadata": {"annotations": annotations}}})


def defined(name: str, release: tuple[str, str] | None, manager: str = "Helm") -> Cluster:
    labels = {"app.kubernetes.io/managed-by": manager}
    return with_answers(**{f"{CRDS}/{name}": {"metadata": {"annotations": owned(release), "labels": labels}}})


def namespace(name: str, stack: str | None, **labels: str) -> dict[str, object]:
    annotations = {"linkerd-workshop/stack": stack} if stack else {}
    return {f"/api/v1/namespaces/{name}": {"metadata": {"name": name, "annotations": annotations, "labels": labels}}}


def records(*statuses: str) -> Cluster:
    """Return a cluster with Helm's records of linkerd-crds: one a revision, the last one tenth or later."""
    secrets = [
        {
            "metadata": {
                "namespace": "linkerd",
                "labels": {"name": "linkerd-crds", "version": str(number), "status": each},
            }
        }
        for number, each in enumerate(statuses, 9)
    ]
    return with_answers(**{helm_records.PATH: {"items": secrets}})


def admitting(status: int, message: str, **labels: str) -> Cluster:
    """Return a cluster that answers so about a pod in the namespace `default`, which has these labels."""
    return replace(with_answers(**namespace("default", None, **labels)), admits=(status, message))


def resolving(zones: str) -> Cluster:
    return with_answers(**{COREDNS: {"data": {"Corefile": COREFILE.format(zones)}}})


def with_nodes(*architectures: str) -> Cluster:
    labels = [{"kubernetes.io/arch": each} for each in architectures]
    return with_answers(**{f"/api/v1/nodes/n{n}": {"metadata": {"labels": each}} for n, each in enumerate(labels)})


def test_a_cluster_that_is_ready_gives_its_facts_and_nothing_is_written(tmp_path: Path) -> None:
    cluster = Cluster()

    assert asked(cluster, tmp_path) == Facts("uid-1", frozenset({"alb"}))
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
        for each in (
            "links.multicluster.linkerd.io",
            "workflows.argoproj.io",
            "tcproutes.gateway.networking.k8s.io",
        )
    },
    "no right to create pods": (admitting(403, NO_PODS), STACK),
    "no dry run of pods": (admitting(400, "webhook does not support dry run"), STACK),
    "rules of one namespace alone": (admitting(403, BASELINE, **RESTRICTED), STACK),
    **{f"the domain {each}": (resolving(each), STACK) for each in ("cluster.local", "k8s.lan cluster.local.")},
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_cluster_that_fits_is_taken(tmp_path: Path, what: str) -> None:
    assert isinstance(asked(TAKEN[what][0], tmp_path, TAKEN[what][1]), Facts)


FOREIGN = {"metadata": {"labels": {"linkerd.io/control-plane-ns": "mesh"}}}
READ = f"Linkerd {LINKERD_CHART} reads 1.2.1 to 1.5.1"
CUT_OFF = "`kubectl --namespace linkerd delete secret --selector owner=helm,name=linkerd-crds`"
ROLLOUTS_KEY = "linkerd-workshop:delivery.argoRollouts.enabled"
TAKE, LEAVE = "gatewayApi.install` to true", "gatewayApi.install` to false"


def going(stack: str | None, *, is_marked: bool) -> Cluster:
    """Return a cluster with a namespace of a stack that is being deleted."""
    answers = namespace("booksapp", stack)
    body = dict(mapping(answers["/api/v1/namespaces/booksapp"]))
    marked = {"metadata": {**mapping(body["metadata"]), "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    return with_answers(**{"/api/v1/namespaces/booksapp": body | (marked if is_marked else {"status": PHASE})})


PHASE = {"phase": "Terminating"}
OLD = [("1", "30"), ("1", "9+"), ("0", "99"), ("", ""), ("1", "x")]
CUT = ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"]
UNREAD = ["v1.2.0", "v0.8.1", "v1.6.0", "v2.0.0", "main", ""]
LINKERDS = ("linkerd", "linkerd-crds")
DEFINITIONS: list[tuple[str, tuple[str, str] | None, str]] = [
    ("servers.policy.linkerd.io", None, "Helm"),
    ("servers.policy.linkerd.io", LINKERDS, "kubectl"),
    ("serviceprofiles.linkerd.io", ("mesh", "crds"), "Helm"),
    ("externalworkloads.workload.linkerd.io", None, "Helm"),
    ("gateways.gateway.networking.k8s.io", None, "Helm"),
    ("experiments.argoproj.io", None, "Helm"),
    ("appprojects.argoproj.io", ("argo", "argo-cd"), "Helm"),
    ("ingressclassparams.elbv2.k8s.aws", None, "Helm"),
]
IN_MESH, OF_HELM = "Linkerd is installed in namespace mesh, and not by stack test", "*Helm release linkerd/linkerd-crds"
UPGRADE, DELETE = "Upgrade the cluster, or choose another context.", "kubectl delete namespace booksapp"
BOOKS, SOMEBODY = "*namespace booksapp", ", owned by somebody else"
Row = tuple[Cluster, Expectations, str, str, str, str]
REFUSED: list[Row] = [
    *((kubernetes(*each), STACK, "*", "Kubernetes is v1.30.1", "1.31", UPGRADE) for each in OLD),
    (with_answers(**{INJECTOR: FOREIGN}), STACK, "*", IN_MESH, "", ""),
    *(
        (records("deployed", each), DEFINED, OF_HELM, f"a run was cut off in the middle of it ({each})", "", CUT_OFF)
        for each in CUT
    ),
    (records("pending-install"), DEFINED, "*", "*", "", "another run is at work"),
    *(
        (with_answers(**namespace("booksapp", stack)), STACK, BOOKS, f"it belongs to {owner}", "", DELETE)
        for stack, owner in ((None, "somebody else"), ("other", "stack other"))
    ),
    *(
        (going(stack, is_marked=each), STACK, BOOKS, "it is still being deleted", "", "kubectl get namespace booksapp")
        for stack in ("test", "other", None)
        for each in (True, False)
    ),
    (gateway_api("v1.5.1"), STACK, "*", f"Gateway API 1.5.1 is there{SOMEBODY}", "", LEAVE),
    (gateway_api("v1.4.0", ("l", "l")), STACK, "*", "Gateway API 1.4.0 is there by Helm release l/l", "", LEAVE),
    (gateway_api(""), STACK, "*", f"Gateway API of an unknown version is there{SOMEBODY}", "", ""),
    *((gateway_api(each), FOREIGN_GATEWAY, "*", "*", READ, GATEWAY_API) for each in UNREAD),
    (Cluster(), FOREIGN_GATEWAY, "*", "there is no Gateway API", "", TAKE),
    (defined(ROLLOUTS, None), STACK, "*", "Argo Rollouts is installed, by somebody else", "", ROLLOUTS_KEY),
    (defined(ROLLOUTS, ("a", "b")), STACK, "*", "Argo Rollouts is installed by Helm release a/b", "", ROLLOUTS_KEY),
    *((defined(*each), WHOLE, f"*{each[0]}*", "*", "", "app.kubernetes.io/managed-by=Helm") for each in DEFINITIONS),
    (admitting(403, BASELINE), STACK, "*", "*violates PodSecurity*", "NET_ADMIN", ""),
    *(
        (resolving(each), STACK, "*", f"its domain is {each}", "", "")
        for each in ("example.org", "cluster.localdomain")
    ),
]


@pytest.mark.parametrize(("cluster", "expected", "where", "found", "rule", "fix"), REFUSED)
def test_a_cluster_that_does_not_fit_is_reported_with_the_rule_and_the_fix(  # noqa: PLR0913, PLR0917
    tmp_path: Path, cluster: Cluster, expected: Expectations, where: str, found: str, rule: str, fix: str
) -> None:
    problem = only(cluster, tmp_path, expected)

    assert fnmatchcase(problem.where, where)
    assert fnmatchcase(problem.found, found)
    assert rule in problem.rule
    assert fix in problem.fix
    assert problem.fix


def test_the_fix_is_to_use_a_gateway_api_only_if_linkerd_can_read_it(tmp_path: Path) -> None:
    assert LEAVE not in only(gateway_api(""), tmp_path).fix


@pytest.mark.parametrize("seconds", [-3600, 75])
def test_clocks_that_disagree_are_reported_in_seconds(tmp_path: Path, seconds: float) -> None:
    problem = only(Cluster(seconds_ahead=seconds), tmp_path)

    assert "clock" in problem.found
    assert any(f"{abs(seconds) + error:.0f} s apart" in problem.found for error in (-2, -1, 0, 1, 2))
    assert "NTP" in problem.fix


def test_what_the_user_may_not_do_is_reported_kind_by_kind_with_the_verbs(tmp_path: Path) -> None:
    denied = {("deployments", "delete"), ("clusterroles", "create"), ("clusterroles", "patch")}
    every = expectations(Settings(), "test")
    found = asked(Cluster(denied=lambda resource, verb: (resource, verb) in denied), tmp_path, every)

    assert isinstance(found, list)
    assert [problem.where.split(", ")[1] for problem in found] == [
        "clusterroles.rbac.authorization.k8s.io",
        "deployments.apps",
    ]
    assert [problem.found for problem in found] == ["you may not create, patch them", "you may not delete them"]


def test_the_linkerd_of_another_stack_is_a_foreign_one(tmp_path: Path) -> None:
    found = asked(with_answers(**{INJECTOR: NAMELESS}, **namespace("linkerd", "other")), tmp_path)

    assert isinstance(found, list)
    assert len(found) == 2
    assert "it belongs to stack other" in str(found)


def test_namespaces_that_the_stack_does_not_make_are_nobodys_business() -> None:
    off = {"enabled": False}
    demos = {"podinfo": off, "circuitBreaking": off, "progressiveDelivery": off}
    settings = parse({"demos": demos, "viz": off, "delivery": {"argoRollouts": off}})
    assert expectations(settings, "test").namespaces == ["linkerd", "booksapp"]
    assert {"linkerd-viz", "argo-rollouts", "podinfo"} < set(expectations(Settings(), "test").namespaces)
    assert "argocd" not in expectations(Settings(), "test").namespaces


def test_everything_is_reported_at_once(tmp_path: Path) -> None:
    cluster = kubernetes("1", "20")
    cluster.answers[INJECTOR] = NAMELESS
    cluster.denied = lambda resource, _verb: resource == "secrets"
    cluster.seconds_ahead = 600
    found = asked(cluster, tmp_path)

    assert isinstance(found, list)
    assert len(found) == 4


def test_a_stack_never_removes_the_gateway_api_from_under_its_own_mesh(tmp_path: Path) -> None:
    cluster = gateway_api(f"v{GATEWAY_API}", ("kube-system", "gateway-api-crds"))
    mine, theirs = namespace("linkerd", "test"), namespace("linkerd", "other")
    elsewhere = Expectations("test", [], [Part.LINKERD_CONTROL_PLANE])
    cluster.answers |= mine
    problem = only(cluster, tmp_path, elsewhere)

    assert "gatewayApi.install is false" in problem.found
    assert "deletes every route" in problem.rule
    cluster.answers |= theirs
    assert isinstance(asked(cluster, tmp_path, elsewhere), Facts), "what is there was left by a stack that is gone"


def test_where_a_mesh_is_its_pods_run(tmp_path: Path) -> None:
    cluster = admitting(403, BASELINE)
    cluster.answers |= {INJECTOR: NAMELESS, **namespace("linkerd", "test")}
    assert isinstance(asked(cluster, tmp_path), Facts)


@pytest.mark.parametrize(
    ("architectures", "namespaces", "told"),
    [
        (["arm64"], ["circuit-breaking-demo"], ["demos.circuitBreaking.enabled"]),
        (
            ["arm64", "arm64"],
            ["circuit-breaking-demo", "progressive-delivery"],
            ["demos.circuitBreaking.enabled", "demos.progressiveDelivery.enabled"],
        ),
        (["arm64"], ["progressive-delivery-gitops"], ["demos.progressiveDelivery.enabled"]),
        (["arm64", "amd64"], ["circuit-breaking-demo"], []),
        (["arm64"], ["booksapp", "podinfo"], []),
        ([], ["circuit-breaking-demo"], []),
    ],
)
def test_demos_whose_images_run_on_no_node_are_reported(
    tmp_path: Path, architectures: list[str], namespaces: list[str], told: list[str]
) -> None:
    found = asked(with_nodes(*architectures), tmp_path, Expectations("test", namespaces, PARTS))

    assert isinstance(found, Facts) == (not told)
    assert all(f"linkerd-workshop:{key}' false" in str(found) for key in told)


AVAILABLE = Expectations("test", ["linkerd"], PARTS, high_availability=True)
CORDONED: dict[str, object] = {"unschedulable": True}
TAINTED: dict[str, object] = {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}
PREFERRED_NOT: dict[str, object] = {"taints": [{"key": "spot", "effect": "PreferNoSchedule"}]}
DESTINATION = "/apis/apps/v1/namespaces/linkerd/deployments/linkerd-destination"
AUTOSCALER = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status"


def node(spec: dict[str, object] | None = None, ready: str = "True", system: str = "linux") -> dict[str, object]:
    conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}]
    labels = {"kubernetes.io/os": system, "kubernetes.io/arch": "amd64"}
    return {"metadata": {"labels": labels}, "spec": spec or {}, "status": {"conditions": conditions}}


def of_nodes(*nodes: dict[str, object], **more: object) -> Cluster:
    return with_answers(**{f"/api/v1/nodes/n{number}": each for number, each in enumerate(nodes)}, **more)


@pytest.mark.parametrize(
    "useless",
    [node(CORDONED), node(TAINTED), node(ready="False"), node(ready="Unknown"), node(system="windows")],
    ids=["cordoned", "tainted", "not ready", "unreachable", "windows"],
)
def test_high_availability_needs_three_nodes_that_take_pods(tmp_path: Path, useless: dict[str, object]) -> None:
    cluster = of_nodes(node(), node(), useless)
    problem = only(cluster, tmp_path, AVAILABLE)

    assert problem.found == "2 of its 3 nodes take pods (Ready, no taint)"
    assert "highAvailability" in problem.rule
    assert "kubectl uncordon" in problem.fix
    assert "`pulumi config set linkerd-workshop:highAvailability false`" in problem.fix
    assert isinstance(asked(cluster, tmp_path), Facts), "without it one node is enough"


@pytest.mark.parametrize(
    "cluster",
    [
        of_nodes(node(), node(), node()),
        of_nodes(node(), node(PREFERRED_NOT), node(), node(CORDONED)),
        of_nodes(),
        of_nodes(node(), **{"/apis/karpenter.sh": {"name": "karpenter.sh"}}),
        of_nodes(node(), **{AUTOSCALER: {"metadata": {"name": "cluster-autoscaler-status"}}}),
        of_nodes(node(), node(CORDONED), node(), **{DESTINATION: {"spec": {"replicas": 3}}}),
    ],
    ids=["three", "three of four", "nodes on demand", "Karpenter", "an autoscaler", "a drain after the installation"],
)
def test_nodes_that_are_enough_or_can_come_are_no_problem(tmp_path: Path, cluster: Cluster) -> None:
    assert isinstance(asked(cluster, tmp_path, AVAILABLE), Facts)


def test_a_control_plane_with_one_replica_is_no_proof_of_enough_nodes(tmp_path: Path) -> None:
    cluster = of_nodes(node(), **{DESTINATION: {"spec": {"replicas": 1}}})
    cluster.forbidden = (AUTOSCALER,)

    assert "1 of its 1 nodes" in only(cluster, tmp_path, AVAILABLE).found


def test_nodes_are_counted_only_where_the_settings_ask_for_high_availability() -> None:
    assert expectations(parse({"highAvailability": "true"}), "test").high_availability
    assert not expectations(Settings(), "test").high_availability


def test_a_cluster_that_is_ready_is_asked_few_questions(tmp_path: Path) -> None:
    cluster = with_nodes("amd64")
    cluster.answers |= namespace("default", None)
    asked(cluster, tmp_path, expectations(Settings(), "test"))

    assert len(cluster.asked) == len(set(cluster.asked)), "none twice"
    assert len(cluster.asked) + len(cluster.reviewed) <= 11
