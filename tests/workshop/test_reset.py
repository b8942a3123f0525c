"""`make reset`: which settings go back, what was done by hand, and in which order all of it is undone."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typing_extensions import override

from clients.cluster_api import ClusterApi
from settings import Settings
from tests.doubles.api_server import READY, Cluster, serving
from tests.doubles.pulumi_double import play_pulumi
from tests.doubles.workshop_double import ROLLOUT, ROUTES, rollout, route
from workshop import cli
from workshop.reset import baseline
from workshop.reset.by_hand import find_manual_changes

DEMOS = "linkerd-workshop:demos"
SERVICES = "/api/v1/namespaces/{}/services"
WEIGHTS = ROUTES.format("progressive-delivery", "argo-rollouts-http-route")


def stack_file(folder: Path, demos: object, *, committed: object = None) -> Path:
    """Write a stack's file, in a repository whose last commit has other settings if there are `committed` ones."""
    path = folder / "Pulumi.x.yaml"
    if committed is not None:
        path.write_text(yaml.safe_dump({"config": {DEMOS: committed}}))
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        for command in (["init", "-q"], ["add", path.name], [*who, "commit", "-qm", "x"]):
            subprocess.run(["git", *command], cwd=folder, check=True)
    path.write_text(yaml.safe_dump({"config": {DEMOS: demos}}))
    return path


def told(path: Path) -> dict[str, tuple[object, object]]:
    return {change.key: (change.now, change.before) for change in baseline.find_changes(path)}


def test_what_a_workshop_changes_goes_back_to_the_defaults(tmp_path: Path) -> None:
    demos = {
        "booksapp": {"faultPercent": 25, "enabled": False, "host": "books.example.com"},
        "podinfo": {"headerValue": "x"},
        "circuitBreaking": {"breaker": {"enabled": False}},
        "progressiveDelivery": {"version": "1.7.1", "owner": "argo-cd"},
    }

    assert told(stack_file(tmp_path, demos)) == {
        "demos.booksapp.faultPercent": (25, None),
        "demos.circuitBreaking.breaker.enabled": (False, None),
        "demos.podinfo.headerValue": ("x", None),
        "demos.progressiveDelivery.version": ("1.7.1", None),
    }


def test_an_encrypted_setting_goes_back_whole_and_unseen(tmp_path: Path) -> None:
    path = stack_file(tmp_path, {"podinfo": {"headerValue": {"secure": "v1:ciphertext"}}})
    (change,) = baseline.find_changes(path)

    assert change.arguments == ["config", "rm", "--path", "linkerd-workshop:demos.podinfo.headerValue"]
    assert str(change.now) == "[secret]"


def test_a_setting_that_was_committed_encrypted_is_left_alone(tmp_path: Path) -> None:
    committed = {"podinfo": {"headerValue": {"secure": "v1:ciphertext"}}}

    assert baseline.find_changes(stack_file(tmp_path, {"podinfo": {"headerValue": "x"}}, committed=committed)) == []


def test_what_is_committed_is_the_baseline(tmp_path: Path) -> None:
    before = {"booksapp": {"faultPercent": 20, "host": "books.example.com"}, "podinfo": {"headerValue": "y"}}
    now = {"booksapp": {"faultPercent": 50}, "circuitBreaking": {"breaker": {"maxFailures": 3}}}

    assert told(stack_file(tmp_path, now, committed=before)) == {
        "demos.booksapp.faultPercent": (50, 20),
        "demos.circuitBreaking.breaker.maxFailures": (3, None),
        "demos.podinfo.headerValue": (None, "y"),
    }


DAY = "config: {'linkerd-workshop:workshopEnds': 2027-13-45}"


@pytest.mark.parametrize(
    "text", ["", "config: 3", "config: {'linkerd-workshop:demos': 3}", ":", DAY, "config: " + "[" * 5000]
)
def test_a_file_without_settings_of_the_demos_has_nothing_to_go_back(tmp_path: Path, text: str) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(text)

    assert baseline.find_changes(path) == []


def test_demos_that_stand_there_as_json_are_read_too(tmp_path: Path) -> None:
    path = stack_file(tmp_path, json.dumps({"booksapp": {"faultPercent": 25}}))

    assert told(path) == {"demos.booksapp.faultPercent": (25, None)}


@pytest.mark.parametrize(
    ("before", "arguments"),
    [
        (None, ["config", "rm", "--path", "linkerd-workshop:demos.a.b"]),
        (20, ["config", "set", "--path", "--type", "int", "linkerd-workshop:demos.a.b", "20"]),
        ("20", ["config", "set", "--path", "--type", "string", "linkerd-workshop:demos.a.b", "20"]),
        (False, ["config", "set", "--path", "--type", "bool", "linkerd-workshop:demos.a.b", "false"]),
        (0.5, ["config", "set", "--path", "--type", "float", "linkerd-workshop:demos.a.b", "0.5"]),
    ],
)
def test_a_setting_goes_back_with_its_type(before: object, arguments: list[str]) -> None:
    assert baseline.Change(("a", "b"), 3, before).arguments == arguments


def written(name: str, *managers: str, subresource: str = "") -> dict[str, object]:
    fields = [{"manager": manager, "subresource": subresource} for manager in managers]
    return {"metadata": {"name": name, "managedFields": fields}}


def found(cluster: Cluster, folder: Path, settings: Settings | None = None) -> dict[str, str]:
    with serving(cluster, folder) as path:
        api = ClusterApi(str(path), None)
        return {each.name: each.why for each in find_manual_changes(api, settings or Settings(), "1.7.0")}


def test_what_people_have_written_is_found_and_nothing_else(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.answers[SERVICES.format("podinfo")] = {
        "items": [
            written("ours", "pulumi-kubernetes-1234"),
            written("controllers", "kube-controller-manager", "rollouts-controller"),
            written("annotated", "pulumi-kubernetes-1234", "kubectl-annotate"),
            written("status", "pulumi-kubernetes-1234", "kubectl-edit", subresource="status"),
        ]
    }
    cluster.answers[SERVICES.format("linkerd")] = {"items": [written("mesh", "kubectl-edit")]}

    assert found(cluster, tmp_path) == {"services podinfo/annotated": "written by kubectl-annotate"}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (rollout("1.7.0"), None),
        (rollout("1.7.1"), "the canary is Healthy at version 1.7.1"),
        (rollout("1.7.0", "Degraded"), "the canary is Degraded at version 1.7.0"),
        (rollout("1.7.1", "Paused", 3), "the canary is Paused at version 1.7.1"),
        ({"spec": rollout("1.7.0")["spec"]}, None),
    ],
    ids=["at rest", "other version", "taken back", "under way", "never looked at"],
)
def test_a_canary_that_is_not_at_rest_at_its_version_begins_anew(
    tmp_path: Path, state: dict[str, object], why: str | None
) -> None:
    cluster = Cluster()
    cluster.answers[ROLLOUT] = state

    assert found(cluster, tmp_path) == ({"rollouts progressive-delivery/rollouts-demo": why} if why else {})


def test_weights_of_a_canary_that_stopped_half_way_begin_anew(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.answers[WEIGHTS] = route(("podinfo-stable", 70), ("podinfo-canary", 30))
    why = {"httproutes progressive-delivery/argo-rollouts-http-route": "the canary has 30 %"}

    assert found(cluster, tmp_path) == why


def test_a_canary_in_argo_cds_hands_is_left_to_it(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.answers[ROLLOUT] = rollout("1.7.1", "Degraded")
    application = {"application": {"repository": "https://example.com/x.git"}}
    document = {
        "demos": {"progressiveDelivery": {"owner": "argo-cd"}},
        "delivery": {"argoCd": {"enabled": True, **application}},
    }

    assert found(cluster, tmp_path, Settings.model_validate(document)) == {}


class Interrupted(io.StringIO):
    """A terminal at which somebody presses Ctrl-C."""

    @override
    def readline(self, size: int | None = -1, /) -> str:
        raise KeyboardInterrupt


Reset = Callable[..., tuple[object, list[list[str]]]]


@pytest.fixture
def reset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reset:
    """Give what runs `python -m workshop reset` against a played cluster; its status, and what Pulumi was told."""
    monkeypatch.chdir(tmp_path)
    play_pulumi(monkeypatch)
    asked = list[list[str]]()

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        if command[0] == "pulumi":
            assert command[-2:] == ["--stack", "x"]
            asked.append(command[1:-2])
        return subprocess.CompletedProcess(command, 0, "", "")

    def call(cluster: Cluster, demos: object, *arguments: str) -> tuple[object, list[list[str]]]:
        with serving(cluster, tmp_path) as path:
            config = {"linkerd-workshop:kubeconfig": str(path), DEMOS: demos}
            (tmp_path / "Pulumi.x.yaml").write_text(yaml.safe_dump({"config": config}))
            monkeypatch.setattr(subprocess, "run", run)
            status = cli.main(["reset", "--stack", "x", *arguments])
        return status, asked

    return call


def workshop(owner: str = "x") -> Cluster:
    cluster = Cluster(answers=dict(READY))
    for namespace in ("booksapp", "podinfo", "circuit-breaking-demo", "progressive-delivery"):
        annotations = {"linkerd-workshop/stack": owner}
        cluster.answers[f"/api/v1/namespaces/{namespace}"] = {"metadata": {"annotations": annotations}}
    service = written("bb", "kubectl-annotate")
    cluster.answers[SERVICES.format("circuit-breaking-demo")] = {"items": [service]}
    cluster.answers["/api/v1/namespaces/circuit-breaking-demo/services/bb"] = service
    return cluster


def test_settings_go_back_then_hand_work_goes_and_then_the_demos_alone_are_brought_up(reset: Reset) -> None:
    cluster = workshop()
    status, asked = reset(cluster, {"booksapp": {"faultPercent": 25}}, "--yes")

    assert status == 0
    assert cluster.deleted == ["/api/v1/namespaces/circuit-breaking-demo/services/bb"]
    assert asked[0] == ["config", "rm", "--path", "linkerd-workshop:demos.booksapp.faultPercent"]
    assert asked[1][:2] == ["up", "--refresh"]
    targets = [asked[1][index + 1] for index, each in enumerate(asked[1]) if each == "--target"]
    assert targets[0] == "**linkerd-workshop:demos:**"
    assert "**::booksapp-namespace" in targets
    assert not any("linkerd-namespace" in each or "viz" in each for each in targets), "the mesh is left alone"


def test_a_namespace_that_people_wrote_is_taken_back_and_the_leave_for_it_given_up_again(reset: Reset) -> None:
    cluster = workshop()
    metadata = {"annotations": {"linkerd-workshop/stack": "x"}, "managedFields": [{"manager": "kubectl-annotate"}]}
    cluster.answers["/api/v1/namespaces/podinfo"] = {"metadata": metadata}

    assert [each[0] for each in reset(cluster, {}, "--yes")[1]] == ["up", "up"]


def test_without_a_yes_nothing_is_changed(reset: Reset, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = workshop()
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    status, asked = reset(cluster, {"booksapp": {"faultPercent": 25}})

    assert (status, asked, cluster.deleted) == (1, [], [])


@pytest.mark.parametrize("answers", [io.StringIO(""), io.StringIO("perhaps\n"), None, Interrupted()])
def test_where_nobody_answers_nothing_is_changed_and_that_is_said(
    reset: Reset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answers: io.TextIOBase | None
) -> None:
    cluster = workshop()
    monkeypatch.setattr(sys, "stdin", answers)
    status, asked = reset(cluster, {"booksapp": {"faultPercent": 25}})

    assert (status, asked, cluster.deleted) == (1, [], [])
    said = capsys.readouterr().out
    assert (
        "Nothing was changed." if isinstance(answers, Interrupted) else "Confirm beforehand with YES=--yes."
    ) in said


def test_the_plan_tells_everything_before_it_is_done(
    reset: Reset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    reset(workshop(), {"booksapp": {"faultPercent": 25}}, "--yes")
    shown = " ".join(capsys.readouterr().out.split())

    for part in ("demos.booksapp.faultPercent", "25", "the default", "services", "kubectl-annotate"):
        assert part in shown


def test_the_demos_of_another_stack_are_not_touched(reset: Reset, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = workshop(owner="other")
    status, asked = reset(cluster, {}, "--yes")

    assert (status, asked, cluster.deleted) == (1, [], [])
    assert "namespace booksapp: it is not the stack's" in capsys.readouterr().err


def test_a_cluster_that_fails_half_way_does_not_unmake_what_was_changed(
    reset: Reset, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = workshop()
    cluster.unwell = {"/api/v1/namespaces/circuit-breaking-demo/services/bb": 500}

    assert reset(cluster, {"booksapp": {"faultPercent": 25}}, "--yes")[0] == 1
    told = capsys.readouterr().err
    assert "the reset ended early, run it again" in told
    assert "nothing was changed" not in told
