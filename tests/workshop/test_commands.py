"""The operator's commands: what they print, and the exit status that scripts go by."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from model.problem import InputError
from preflight import helm_records
from settings import Settings
from tests.doubles.api_server import INJECTOR, Cluster, kubeconfig, serving
from tests.doubles.pulumi_double import play_pulumi
from workshop import check_cluster, cli, leftovers

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
HOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
OWNED = {"meta.helm.sh/release-namespace": "kube-system", "meta.helm.sh/release-name": "gateway-api-crds"}
Command = Callable[[Settings, str, Console], int]


def run(command: Command, cluster: Cluster, folder: Path) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=300)
    with serving(cluster, folder) as path:
        status = command(Settings(kubeconfig=str(path)), "test", console)
    assert isinstance(console.file, io.StringIO)
    return status, console.file.getvalue()


def listing(path: str, *objects: object) -> Cluster:
    cluster = Cluster()
    cluster.answers[path] = {"items": list(objects)}
    return cluster


def definition(name: str, group: str, **annotations: str) -> dict[str, object]:
    return {"metadata": {"name": name, "annotations": annotations}, "spec": {"group": group}}


def test_a_ready_cluster_passes_every_check(tmp_path: Path) -> None:
    status, text = run(check_cluster.check_cluster, Cluster(), tmp_path)

    assert status == 0
    assert text.count(" ok ") == 15
    for subject in (
        "the cluster answers",
        "Kubernetes is new enough",
        "permissions",
        "Gateway API",
        "the clocks agree",
    ):
        assert subject in text


def test_a_cluster_that_is_not_ready_fails_with_what_to_do(tmp_path: Path) -> None:
    cluster = Cluster(denied=lambda resource, _verb: resource == "secrets")
    cluster.answers[INJECTOR] = {"metadata": {"labels": {"linkerd.io/control-plane-ns": "mesh"}}}
    status, text = run(check_cluster.check_cluster, cluster, tmp_path)

    assert status == 1
    assert text.count(" ok ") == 13
    assert "you may not get, create, patch, delete them" in text
    assert "Linkerd is installed in namespace mesh" in text


def test_a_refused_question_is_no_finding_about_the_cluster(tmp_path: Path) -> None:
    cluster = Cluster(forbidden=("/api/v1/namespaces/linkerd", INJECTOR))
    status, text = run(check_cluster.check_cluster, cluster, tmp_path)

    assert status == 1
    assert "is forbidden" in text
    assert "Linkerd is installed" not in text
    assert "it belongs to" not in text


def test_what_a_table_shows_is_not_taken_for_markup(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.answers[INJECTOR] = {"metadata": {"labels": {"linkerd.io/control-plane-ns": "[red]x[/nothing]"}}}

    assert "[red]x[/nothing]" in run(check_cluster.check_cluster, cluster, tmp_path)[1]


def test_an_empty_cluster_has_nothing_left(tmp_path: Path) -> None:
    assert run(leftovers.report, Cluster(), tmp_path) == (0, "Nothing of the stack is left in the cluster.\n")


def test_what_a_chart_marks_to_keep_is_named_and_is_no_failure(tmp_path: Path) -> None:
    kept = definition("httproutes.gateway", "gateway.networking.k8s.io", **{**OWNED, "helm.sh/resource-policy": "keep"})
    status, text = run(leftovers.report, listing(DEFINITIONS, kept), tmp_path)

    assert status == 0
    assert "kubectl delete crd/httproutes.gateway" in text
    assert "marks it to be kept" in text


@pytest.mark.parametrize(
    ("path", "each", "shown"),
    [
        (DEFINITIONS, definition("servers.policy.linkerd.io", "policy.linkerd.io"), "crd/servers.policy.linkerd.io"),
        (DEFINITIONS, definition("httproutes.gateway", "gateway.networking.k8s.io", **OWNED), "crd/httproutes.gateway"),
        (
            "/api/v1/namespaces",
            {"metadata": {"name": "booksapp", "annotations": {"linkerd-workshop/stack": "test"}}},
            "namespace/booksapp",
        ),
        (
            HOOKS,
            {"metadata": {"name": "injector", "labels": {"linkerd.io/control-plane-ns": "linkerd"}}},
            "mutatingwebhookconfigurations/injector",
        ),
        (
            "/apis/apiregistration.k8s.io/v1/apiservices",
            {"metadata": {"name": "v1alpha1.tap.linkerd.io", "labels": {"linkerd.io/extension": "viz"}}},
            "apiservices/v1alpha1.tap.linkerd.io",
        ),
        (
            ROLES,
            {"metadata": {"name": "argo-rollouts", "labels": {"app.kubernetes.io/part-of": "argo-rollouts"}}},
            "clusterroles/argo-rollouts",
        ),
    ],
)
def test_what_should_be_gone_is_named_and_fails(tmp_path: Path, path: str, each: dict[str, object], shown: str) -> None:
    status, text = run(leftovers.report, listing(path, each), tmp_path)

    assert status == 1
    assert f"kubectl delete {shown}" in text
    assert "make destroy" in text


def test_a_release_that_no_state_knows_is_named_with_all_its_records(tmp_path: Path) -> None:
    labels = {"name": "gateway-api-crds"}
    names = [f"sh.helm.release.v1.gateway-api-crds.v{version}" for version in (1, 2)]
    secrets = [{"metadata": {"namespace": "kube-system", "name": name, "labels": labels}} for name in names]
    other = {"metadata": {"namespace": "somewhere", "name": "sh.helm.release.v1.gateway-api-crds.v7", "labels": labels}}
    cluster = listing(helm_records.PATH, *secrets, other)
    status, text = run(leftovers.report, cluster, tmp_path)

    assert status == 1
    for name in names:
        assert f"kubectl delete secret/{name} --namespace kube-system" in text
    assert "v7" not in text, "somebody else's release of that name"


@pytest.mark.parametrize(
    ("path", "each"),
    [
        (DEFINITIONS, definition("httproutes.gateway", "gateway.networking.k8s.io")),
        ("/api/v1/namespaces", {"metadata": {"name": "booksapp"}}),
        ("/api/v1/namespaces", {"metadata": {"name": "x", "annotations": {"linkerd-workshop/stack": "other"}}}),
        (HOOKS, {"metadata": {"name": "somebody-elses"}}),
        (ROLES, {"metadata": {"name": "argocd", "labels": {"app.kubernetes.io/part-of": "argocd"}}}),
    ],
)
def test_what_belongs_to_others_is_not_left_by_the_stack(tmp_path: Path, path: str, each: dict[str, object]) -> None:
    assert run(leftovers.report, listing(path, each), tmp_path)[0] == 0


def test_what_may_not_be_seen_is_not_said_to_be_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="forbidden"):
        run(leftovers.report, Cluster(forbidden=("/api/v1/namespaces",)), tmp_path)


@pytest.fixture
def in_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], object]:
    """Give what runs `python -m workshop <command> --stack <stack>` in an empty project, and its exit status."""
    monkeypatch.chdir(tmp_path)
    play_pulumi(monkeypatch)

    def run_command(command: str, stack: str) -> object:
        return cli.main([command, "--stack", stack])

    return run_command


def test_a_command_tells_a_wrong_setting_in_a_sentence_and_fails(
    tmp_path: Path, in_project: Callable[[str, str], object], capsys: pytest.CaptureFixture[str]
) -> None:
    stack = {"config": {"linkerd-workshop:demos": {"booksapp": {"faultPercent": 101}}}}
    (tmp_path / "Pulumi.x.yaml").write_text(json.dumps(stack))

    assert in_project("check-cluster", "x") == 1
    told = capsys.readouterr().err
    assert told.startswith("1 problem found; nothing was changed:\n  1. linkerd-workshop:demos.booksapp.faultPercent:")
    assert len(told.splitlines()) == 2


def test_a_command_tells_a_cluster_that_does_not_answer(
    tmp_path: Path, in_project: Callable[[str, str], object], capsys: pytest.CaptureFixture[str]
) -> None:
    path = kubeconfig(tmp_path, "http://127.0.0.1:1")
    (tmp_path / "Pulumi.x.yaml").write_text(json.dumps({"config": {"linkerd-workshop:kubeconfig": str(path)}}))

    assert in_project("check-cluster", "x") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "http://127.0.0.1:1, for stack x" in told
    assert "VPN" in told


def test_a_stack_that_is_not_there_is_told_in_a_sentence(
    in_project: Callable[[str, str], object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert in_project("leftovers", "nowhere") == 1
    told = capsys.readouterr().err
    assert "1. stack nowhere: Pulumi.nowhere.yaml: there is no such file" in told
    assert "`make init STACK=<name>`" in told
