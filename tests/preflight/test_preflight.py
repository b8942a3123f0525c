"""What the cluster has to fulfil, asked of a server with canned answers."""

from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi
from model.charts import Part
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


def gateway_api(version: str, release: tuple[str, str] | None = None) -> Cluster:
    annotations = {"gateway.networking.k8s.io/bundle-version": version}
    if release:
        annotations |= dict(zip(("meta.helm.sh/release-namespace", "meta.helm.sh/release-name"), release, strict=True))
    return with_answers(**{GATEWAY: {"metadata": {"annotations": annotations}}})


def namespace(name: str, stack: str | None) -> dict[str, object]:
    annotations = {"linkerd-workshop/stack": stack} if stack else {}
    return {f"/api/v1/namespaces/{name}": {"metadata": {"name": name, "annotations": annotations}}}


def test_a_cluster_that_is_ready_gives_its_facts(tmp_path: Path) -> None:
    assert asked(Cluster(), tmp_path) == Facts("uid-1", frozenset({"alb"}))


def test_nothing_is_written_by_asking(tmp_path: Path) -> None:
    cluster = Cluster()
    asked(cluster, tmp_path)

    assert all("selfsubjectaccessreviews" not in path for path in cluster.asked), "only reviews are posted"


@pytest.mark.parametrize(("major", "minor"), [("1", "30"), ("1", "9+"), ("0", "99"), ("", ""), ("1", "x")])
def test_kubernetes_has_to_be_as_new_as_the_charts_want_it(tmp_path: Path, major: str, minor: str) -> None:
    version = {"major": major, "minor": minor, "gitVersion": "v1.30.1"}
    problem = only(with_answers(**{"/version": version}), tmp_path)

    assert problem.found == "Kubernetes is v1.30.1"
    assert "1.31" in problem.rule
    assert problem.fix == "Upgrade the cluster, or choose another context."


@pytest.mark.parametrize("minor", ["31", "31+", "40"])
def test_newer_kubernetes_is_taken_also_as_clouds_number_it(tmp_path: Path, minor: str) -> None:
    version = {"major": "1", "minor": minor, "gitVersion": f"v1.{minor}.0-eks"}
    assert isinstance(asked(with_answers(**{"/version": version}), tmp_path), Facts)


@pytest.mark.parametrize("seconds", [-3600, 75])
def test_clocks_that_disagree_are_told_in_seconds(tmp_path: Path, seconds: float) -> None:
    problem = only(Cluster(seconds_ahead=seconds), tmp_path)

    assert "clock" in problem.found
    assert any(f"{abs(seconds) + error:.0f} s apart" in problem.found for error in (-2, -1, 0, 1, 2))
    assert "NTP" in problem.fix


def test_clocks_that_nearly_agree_are_taken(tmp_path: Path) -> None:
    assert isinstance(asked(Cluster(seconds_ahead=-30), tmp_path), Facts)


def test_what_the_user_may_not_do_is_told_kind_by_kind_with_the_verbs(tmp_path: Path) -> None:
    denied = {("deployments", "delete"), ("clusterroles", "create"), ("clusterroles", "patch")}
    every = expectations(Settings(), "test")
    found = asked(Cluster(denied=lambda resource, verb: (resource, verb) in denied), tmp_path, every)

    assert isinstance(found, list)
    assert [problem.where.split(", ")[1] for problem in found] == [
        "clusterroles.rbac.authorization.k8s.io",
        "deployments.apps",
    ]
    assert [problem.found for problem in found] == ["you may not create, patch them", "you may not delete them"]


def test_a_foreign_linkerd_is_told_with_its_namespace(tmp_path: Path) -> None:
    labels = {"linkerd.io/control-plane-ns": "mesh"}
    problem = only(with_answers(**{INJECTOR: {"metadata": {"labels": labels}}}), tmp_path)

    assert problem.found == "Linkerd is installed in namespace mesh, and not by stack test"
    assert problem.fix


def test_the_stacks_own_linkerd_is_no_foreign_one(tmp_path: Path) -> None:
    cluster = with_answers(**{INJECTOR: NAMELESS}, **namespace("linkerd", "test"), **namespace("booksapp", "test"))

    assert isinstance(asked(cluster, tmp_path), Facts), "or the second up would be refused"


def test_the_linkerd_of_another_stack_is_a_foreign_one(tmp_path: Path) -> None:
    found = asked(with_answers(**{INJECTOR: NAMELESS}, **namespace("linkerd", "other")), tmp_path)

    assert isinstance(found, list)
    assert len(found) == 2
    assert "it belongs to stack other" in str(found)


def records(*statuses: str) -> Cluster:
    """Return a cluster with Helm's records of linkerd-crds: one a revision, the last one tenth or later."""
    secrets = [
        {
            "metadata": {
                "namespace": "linkerd",
                "labels": {"name": "linkerd-crds", "version": str(version), "status": status},
            }
        }
        for version, status in enumerate(statuses, 9)
    ]
    return with_answers(**{helm_records.PATH: {"items": secrets}})


DEFINED = Expectations("test", ["linkerd"], [Part.LINKERD_CRDS, Part.GATEWAY_API_CRDS])


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_release_that_was_cut_off_is_told_with_the_way_on(tmp_path: Path, status: str) -> None:
    problem = only(records("deployed", status), tmp_path, DEFINED)

    assert problem.where.endswith("Helm release linkerd/linkerd-crds")
    assert problem.found == f"a run was cut off in the middle of it ({status})"
    assert "`kubectl --namespace linkerd delete secret --selector owner=helm,name=linkerd-crds`" in problem.fix
    assert "another run is at work" in problem.fix


@pytest.mark.parametrize("statuses", [(), ("deployed",), ("failed",), ("pending-upgrade", "deployed")])
def test_a_release_that_helm_goes_on_with_is_no_problem(tmp_path: Path, statuses: tuple[str, ...]) -> None:
    assert isinstance(asked(records(*statuses), tmp_path, DEFINED), Facts)


@pytest.mark.parametrize(("stack", "owner"), [(None, "somebody else"), ("other", "stack other")])
def test_a_namespace_that_is_not_the_stacks_is_told_with_its_owner(
    tmp_path: Path, stack: str | None, owner: str
) -> None:
    problem = only(with_answers(**namespace("booksapp", stack)), tmp_path)

    assert problem.where.endswith("namespace booksapp")
    assert problem.found == f"it belongs to {owner}"
    assert "kubectl delete namespace booksapp" in problem.fix


def test_namespaces_that_the_stack_does_not_make_are_nobodys_business() -> None:
    off = {"enabled": False}
    demos = {"podinfo": off, "circuitBreaking": off, "progressiveDelivery": off}
    settings = parse({"demos": demos, "viz": off, "delivery": {"argoRollouts": off}})
    assert expectations(settings, "test").namespaces == ["linkerd", "booksapp"]
    assert {"linkerd-viz", "argo-rollouts", "podinfo"} < set(expectations(Settings(), "test").namespaces)
    assert "argocd" not in expectations(Settings(), "test").namespaces


def test_the_gateway_api_of_the_stack_itself_is_fine_in_any_version(tmp_path: Path) -> None:
    assert isinstance(asked(gateway_api("v1.4.0", ("kube-system", "gateway-api-crds")), tmp_path), Facts)


@pytest.mark.parametrize(
    ("version", "release", "found"),
    [
        ("v1.5.1", None, "Gateway API 1.5.1 is there, owned by somebody else"),
        ("v1.4.0", ("lbc", "lbc"), "Gateway API 1.4.0 is there by Helm release lbc/lbc"),
        ("", None, "Gateway API of an unknown version is there, owned by somebody else"),
    ],
)
def test_two_owners_of_the_gateway_api_are_one_too_many(
    tmp_path: Path, version: str, release: tuple[str, str] | None, found: str
) -> None:
    problem = only(gateway_api(version, release), tmp_path)

    assert problem.found == found
    assert ("gatewayApi.install` to false" in problem.fix) == bool(version), "only if Linkerd can read it"


@pytest.mark.parametrize("version", ["v1.2.1", "v1.4.0", "v1.5.1", "v1.5.1-rc.1"])
def test_a_gateway_api_of_somebody_else_is_used_where_linkerd_reads_it(tmp_path: Path, version: str) -> None:
    assert isinstance(asked(gateway_api(version), tmp_path, FOREIGN_GATEWAY), Facts)


@pytest.mark.parametrize("version", ["v1.2.0", "v0.8.1", "v1.6.0", "v2.0.0", "main", ""])
def test_a_gateway_api_that_linkerd_does_not_read_is_told(tmp_path: Path, version: str) -> None:
    problem = only(gateway_api(version), tmp_path, FOREIGN_GATEWAY)

    assert problem.rule.startswith(f"Linkerd {LINKERD_CHART} reads 1.2.1 to 1.5.1")
    assert GATEWAY_API in problem.fix


def test_without_any_gateway_api_somebody_has_to_install_it(tmp_path: Path) -> None:
    problem = only(Cluster(), tmp_path, FOREIGN_GATEWAY)

    assert problem.found == "there is no Gateway API"
    assert "gatewayApi.install` to true" in problem.fix


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    cluster = with_answers(
        **{"/version": {"major": "1", "minor": "20", "gitVersion": "v1.20.0"}}, **{INJECTOR: NAMELESS}
    )
    cluster.denied = lambda resource, _verb: resource == "secrets"
    cluster.seconds_ahead = 600
    found = asked(cluster, tmp_path)

    assert isinstance(found, list)
    assert len(found) == 4


ROLLOUTS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rollouts.argoproj.io"


def definition(release: tuple[str, str] | None) -> dict[str, object]:
    keys = ("meta.helm.sh/release-namespace", "meta.helm.sh/release-name")
    return {ROLLOUTS: {"metadata": {"annotations": dict(zip(keys, release, strict=True)) if release else {}}}}


@pytest.mark.parametrize(
    ("release", "by"), [(None, ", by somebody else"), (("argo", "rollouts"), " by Helm release argo/rollouts")]
)
def test_argo_rollouts_of_somebody_else_is_let_alone(tmp_path: Path, release: tuple[str, str] | None, by: str) -> None:
    problem = only(with_answers(**definition(release)), tmp_path)

    assert problem.found == f"Argo Rollouts is installed{by}"
    assert "linkerd-workshop:delivery.argoRollouts.enabled" in problem.fix


def test_argo_rollouts_of_the_stack_itself_is_fine_and_of_others_where_it_needs_none(tmp_path: Path) -> None:
    assert isinstance(asked(with_answers(**definition(("argo-rollouts", "argo-rollouts-crds"))), tmp_path), Facts)
    without = Expectations("test", ["linkerd"], PARTS[:2])
    assert isinstance(asked(with_answers(**definition(None)), tmp_path, without), Facts)


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


@pytest.mark.parametrize(
    "state", [{"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, {"status": {"phase": "Terminating"}}]
)
@pytest.mark.parametrize("stack", ["test", "other", None])
def test_a_namespace_that_is_still_being_deleted_is_waited_for(
    tmp_path: Path, stack: str | None, state: dict[str, dict[str, str]]
) -> None:
    annotations = {"annotations": {"linkerd-workshop/stack": stack}} if stack else {}
    going = {**state, "metadata": {**annotations, **state.get("metadata", {})}}
    problem = only(with_answers(**{"/api/v1/namespaces/booksapp": going}), tmp_path)

    assert problem.where.endswith("namespace booksapp")
    assert problem.found == "it is still being deleted"
    assert "kubectl get namespace booksapp" in problem.fix


CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WHOLE = Expectations("test", ["linkerd"], list(Part))


def marked(name: str, release: tuple[str, str] | None, manager: str = "Helm") -> dict[str, object]:
    annotations = (
        {"meta.helm.sh/release-namespace": release[0], "meta.helm.sh/release-name": release[1]} if release else {}
    )
    return {
        f"{CRDS}/{name}": {
            "metadata": {"annotations": annotations, "labels": {"app.kubernetes.io/managed-by": manager}}
        }
    }


LINKERDS = ("linkerd", "linkerd-crds")


@pytest.mark.parametrize(
    "definition",
    [
        marked("servers.policy.linkerd.io", None),
        marked("servers.policy.linkerd.io", LINKERDS, "kubectl"),
        marked("serviceprofiles.linkerd.io", ("mesh", "crds")),
        marked("externalworkloads.workload.linkerd.io", None),
        marked("gateways.gateway.networking.k8s.io", None),
        marked("experiments.argoproj.io", None),
        marked("appprojects.argoproj.io", ("argo", "argo-cd")),
        marked("ingressclassparams.elbv2.k8s.aws", None),
    ],
)
def test_definitions_that_helm_would_refuse_to_adopt_are_told(tmp_path: Path, definition: dict[str, object]) -> None:
    problem = only(with_answers(**definition), tmp_path, WHOLE)

    assert next(iter(definition)).rpartition("/")[2] in problem.where
    assert "app.kubernetes.io/managed-by=Helm" in problem.fix


@pytest.mark.parametrize(
    "definition",
    [
        marked("servers.policy.linkerd.io", LINKERDS),
        marked("links.multicluster.linkerd.io", None),
        marked("workflows.argoproj.io", None),
        marked("tcproutes.gateway.networking.k8s.io", None),
    ],
)
def test_definitions_that_no_release_of_the_stack_holds_are_let_alone(
    tmp_path: Path, definition: dict[str, object]
) -> None:
    assert isinstance(asked(with_answers(**definition), tmp_path, WHOLE), Facts)


BASELINE = (
    'pods "linkerd-workshop-preflight" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities '
    '(container "linkerd-init" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)'
)


def plain(name: str, **labels: str) -> dict[str, object]:
    return {f"/api/v1/namespaces/{name}": {"metadata": {"labels": labels}}}


def test_a_cluster_that_refuses_meshed_pods_is_told(tmp_path: Path) -> None:
    cluster = with_answers(**plain("default"))
    cluster.admits = (403, BASELINE)
    problem = only(cluster, tmp_path)

    assert "violates PodSecurity" in problem.found
    assert "NET_ADMIN" in problem.rule
    cluster.answers |= {INJECTOR: NAMELESS, **namespace("linkerd", "test")}
    assert isinstance(asked(cluster, tmp_path), Facts), "where a mesh is, its pods run"


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, 'pods is forbidden: User "u" cannot create resource "pods"'), (400, "webhook does not support dry run")],
)
def test_a_cluster_that_does_not_answer_about_pods_is_taken(tmp_path: Path, status: int, message: str) -> None:
    cluster = with_answers(**plain("default"))
    cluster.admits = (status, message)

    assert isinstance(asked(cluster, tmp_path), Facts)


def test_rules_of_one_namespace_are_not_taken_for_the_clusters(tmp_path: Path) -> None:
    cluster = with_answers(**plain("default", **{"pod-security.kubernetes.io/enforce": "restricted"}))
    cluster.admits = (403, BASELINE)

    assert isinstance(asked(cluster, tmp_path), Facts)


COREFILE = ".:53 {{\n    errors\n    kubernetes {} in-addr.arpa ip6.arpa {{\n       pods insecure\n    }}\n}}\n"


@pytest.mark.parametrize(
    ("zones", "fits"),
    [("cluster.local", True), ("example.org", False), ("k8s.lan cluster.local.", True), ("cluster.localdomain", False)],
)
def test_a_cluster_of_another_domain_is_told(tmp_path: Path, zones: str, fits: bool) -> None:  # noqa: FBT001
    path = "/api/v1/namespaces/kube-system/configmaps/coredns"
    cluster = with_answers(**{path: {"data": {"Corefile": COREFILE.format(zones)}}})
    if fits:
        assert isinstance(asked(cluster, tmp_path), Facts)
    else:
        assert only(cluster, tmp_path).found == f"its domain is {zones}"


def nodes(*architectures: str) -> dict[str, object]:
    return {
        f"/api/v1/nodes/n{number}": {"metadata": {"labels": {"kubernetes.io/arch": each}}}
        for number, each in enumerate(architectures)
    }


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
def test_demos_whose_images_run_on_no_node_are_told(
    tmp_path: Path, architectures: list[str], namespaces: list[str], told: list[str]
) -> None:
    found = asked(with_answers(**nodes(*architectures)), tmp_path, Expectations("test", namespaces, PARTS))

    assert isinstance(found, Facts) == (not told)
    assert all(f"linkerd-workshop:{key}' false" in str(found) for key in told)


def test_a_cluster_that_is_ready_is_asked_few_questions(tmp_path: Path) -> None:
    cluster = with_answers(**nodes("amd64"), **plain("default"))
    asked(cluster, tmp_path, expectations(Settings(), "test"))

    assert len(cluster.asked) == len(set(cluster.asked)), "none twice"
    assert len(cluster.asked) + len(cluster.reviewed) <= 11
