"""The operator's commands: what they print, and their exit status, which scripts use."""

import io
import json
from collections.abc import Callable, Mapping
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
NAMESPACES = "/api/v1/namespaces"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
OWNED = {"meta.helm.sh/release-namespace": "kube-system", "meta.helm.sh/release-name": "gateway-api-crds"}
KEPT = {**OWNED, "helm.sh/resource-policy": "keep"}
NONE: Mapping[str, str] = {}
Command = Callable[[Settings, str, Console], int]


def run(command: Command, cluster: Cluster, folder: Path) -> tuple[int, str]:
    printed = io.StringIO()
    with serving(cluster, folder) as path:
        status = command(Settings(kubeconfig=str(path)), "test", Console(file=printed, width=300))
    return status, printed.getvalue()


def named(name: str, labels: Mapping[str, str] = NONE, annotations: Mapping[str, str] = NONE) -> dict[str, object]:
    return {"metadata": {"name": name, "labels": dict(labels), "annotations": dict(annotations)}}


def definition(name: str, **annotations: str) -> dict[str, object]:
    return named(name, annotations=annotations) | {"spec": {"group": name.partition(".")[2]}}


def linkerd_in(namespace: str) -> dict[str, object]:
    return {INJECTOR: {"metadata": {"labels": {"linkerd.io/control-plane-ns": namespace}}}}


def test_a_ready_cluster_passes_every_check(tmp_path: Path) -> None:
    status, text = run(check_cluster.check_cluster, Cluster(), tmp_path)

    assert (status, text.count(" ok ")) == (0, 15)
    for subject in ("the cluster answers", "Kubernetes is new enough", "permissions", "Gateway API", "clocks agree"):
        assert subject in text


def test_a_cluster_that_is_not_ready_fails_with_what_to_do_and_interprets_no_markup(tmp_path: Path) -> None:
    cluster = Cluster(denied=lambda resource, _verb: resource == "secrets")
    cluster.answers |= linkerd_in("[red]x[/nothing]")
    status, text = run(check_cluster.check_cluster, cluster, tmp_path)

    assert (status, text.count(" ok ")) == (1, 13)
    assert "you may not get, create, patch, delete them" in text
    assert "Linkerd is installed in namespace [red]x[/nothing]" in text


def test_a_refused_question_is_no_finding_about_the_cluster(tmp_path: Path) -> None:
    cluster = Cluster(forbidden=("/api/v1/namespaces/linkerd", INJECTOR))
    status, text = run(check_cluster.check_cluster, cluster, tmp_path)

    assert status == 1
    assert "is forbidden" in text
    assert "Linkerd is installed" not in text
    assert "it belongs to" not in text


def list_leftovers(folder: Path, path: str, *objects: object) -> tuple[int, str]:
    """Return the exit status and the text of `leftovers` for a cluster with these objects at a path."""
    cluster = Cluster()
    cluster.answers[path] = {"items": list(objects)}
    return run(leftovers.report, cluster, folder)


ROUTES, STACK, PART_OF = "httproutes.gateway.networking.k8s.io", "linkerd-workshop/stack", "app.kubernetes.io/part-of"
CONTROL_PLANE = named("injector", {"linkerd.io/control-plane-ns": "linkerd"})


@pytest.mark.parametrize(
    ("path", "each", "shown"),
    [
        (DEFINITIONS, definition(ROUTES, **KEPT), f"crd/{ROUTES}"),
        (DEFINITIONS, definition(ROUTES, **OWNED), f"crd/{ROUTES}"),
        (DEFINITIONS, definition(ROUTES), ""),
        (DEFINITIONS, definition("servers.policy.linkerd.io"), "crd/servers.policy.linkerd.io"),
        (NAMESPACES, named("booksapp", annotations={STACK: "test"}), "namespace/booksapp"),
        (NAMESPACES, named("booksapp"), ""),
        (NAMESPACES, named("x", annotations={STACK: "other"}), ""),
        (HOOKS, CONTROL_PLANE, "mutatingwebhookconfigurations/injector"),
        (HOOKS, named("somebody-elses"), ""),
        (API_SERVICES, named("v1alpha1.tap.io", {"linkerd.io/extension": "viz"}), "apiservices/v1alpha1.tap.io"),
        (ROLES, named("rollouts", {PART_OF: "argo-rollouts"}), "clusterroles/rollouts"),
        (ROLES, named("argocd", {PART_OF: "argocd"}), ""),
    ],
)
def test_what_is_left_of_the_stack_is_named_and_fails_unless_its_chart_keeps_it(
    tmp_path: Path, path: str, each: dict[str, object], shown: str
) -> None:
    status, text = list_leftovers(tmp_path, path, each)

    if not shown:
        assert (status, text) == (0, "Nothing of the stack is left in the cluster.\n")
        return
    kept = "helm.sh/resource-policy" in str(each)
    assert status == (0 if kept else 1)
    assert f"kubectl delete {shown}" in text
    assert ("marks it to be kept" if kept else "run `make destroy STACK=test` again") in text


def test_a_release_that_no_state_has_is_named_with_all_its_records(tmp_path: Path) -> None:
    names = [f"sh.helm.release.v1.gateway-api-crds.v{version}" for version in (1, 2, 7)]
    namespaces = ("kube-system", "kube-system", "somewhere")
    secrets = [
        {"metadata": {"namespace": namespace, "name": name, "labels": {"name": "gateway-api-crds"}}}
        for namespace, name in zip(namespaces, names, strict=True)
    ]
    status, text = list_leftovers(tmp_path, helm_records.PATH, *secrets)

    assert status == 1
    assert all(f"kubectl delete secret/{name} --namespace kube-system" in text for name in names[:2])
    assert names[2] not in text, "somebody else's release of that name"


def test_a_refused_question_about_leftovers_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="forbidden"):
        run(leftovers.report, Cluster(forbidden=(NAMESPACES,)), tmp_path)


NO_CLUSTER = {"linkerd-workshop:kubeconfig": "kubeconfig"}
BAD_SETTING = {"linkerd-workshop:demos": {"booksapp": {"faultPercent": 101}}}


@pytest.mark.parametrize(
    ("command", "config", "printed"),
    [
        (
            "check-cluster",
            BAD_SETTING,
            ["1 problem found; nothing was changed: 1. linkerd-workshop:demos.booksapp.faultPercent:"],
        ),
        ("check-cluster", NO_CLUSTER, ["http://127.0.0.1:1, for stack x", "VPN"]),
        ("leftovers", None, ["1. stack x: Pulumi.x.yaml: there is no such file", "`make init STACK=<name>`"]),
    ],
)
def test_a_command_reports_wrong_inputs_in_a_sentence_and_fails(  # noqa: PLR0913, PLR0917
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    config: dict[str, object] | None,
    printed: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    play_pulumi(monkeypatch)
    kubeconfig(tmp_path, "http://127.0.0.1:1")
    if config is not None:
        (tmp_path / "Pulumi.x.yaml").write_text(json.dumps({"config": config}))

    assert cli.main([command, "--stack", "x"]) == 1
    output = capsys.readouterr()
    words = " ".join((output.out + output.err).split())
    assert all(each in words for each in printed), words
    assert config is not BAD_SETTING or len(output.err.splitlines()) == 2


@pytest.mark.parametrize("option", ["--warn-days", "--unlock-hours"])
@pytest.mark.parametrize("value", ["99999999999", "-1", "1.5", "x", "²"])
def test_a_number_of_days_or_hours_out_of_range_is_refused(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["teardown", f"{option}={value}"]) == 2
    assert f"Invalid value for '{option}'" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["-5", "0", "1.5", "nan"])
@pytest.mark.parametrize(
    ("command", "option"),
    [("verify", "--requests"), ("verify", "--seconds"), ("handouts", "--hours"), ("destroy", "--seconds")],
)
def test_a_number_below_one_is_refused(
    command: str, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--stack=x", f"{option}={value}"]) == 2
    assert f"Invalid value for '{option}'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["record-preview --stack=x", "record-failure --log=log", "fill-mirror"])
@pytest.mark.parametrize(("folder", "reason"), [("file", "File exists"), ("file/below", "Not a directory")])
def test_a_folder_that_cannot_be_written_to_is_named_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, folder: str, reason: str
) -> None:
    (tmp_path / "file").write_text("as before")

    assert cli.main([*command.split(), f"--folder={tmp_path / folder}"]) == 1
    said = f"{tmp_path / folder}: {reason}, but the command has to use it. Choose another folder or file"
    assert said in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "as before"


def test_a_fault_that_names_no_file_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workshop.previews.recording.record_failure", fail)
    with pytest.raises(OSError, match="No space left"):
        cli.main(["record-failure", "--folder=x", "--log=x"])
