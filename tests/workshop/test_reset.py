"""`reset`: settings return to their baseline, manual changes are found, and both are undone in order."""

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
BB = "/api/v1/namespaces/circuit-breaking-demo/services/bb"
WEIGHTS = ROUTES.format("progressive-delivery", "argo-rollouts-http-route")
ENCRYPTED = {"podinfo": {"headerValue": {"secure": "v1:ciphertext"}}}


def stack_file(folder: Path, demos: object, committed: object = None) -> Path:
    """Write a stack's file, in a repository whose last commit has other settings if there are `committed` ones."""
    path = folder / "Pulumi.x.yaml"
    if committed is not None:
        path.write_text(yaml.safe_dump({"config": {DEMOS: committed}}))
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        for command in (["init", "-q"], ["add", path.name], [*who, "commit", "-qm", "x"]):
            subprocess.run(["git", *command], cwd=folder, check=True)
    path.write_text(yaml.safe_dump({"config": {DEMOS: demos}}))
    return path


@pytest.mark.parametrize(
    ("demos", "committed", "changes"),
    [
        (
            {
                "booksapp": {"faultPercent": 25, "enabled": False, "host": "books.example.com"},
                "podinfo": {"headerValue": "x"},
                "circuitBreaking": {"breaker": {"enabled": False}},
                "progressiveDelivery": {"version": "1.7.1", "owner": "argo-cd"},
            },
            None,
            {
                "booksapp.faultPercent": (25, None),
                "circuitBreaking.breaker.enabled": (False, None),
                "podinfo.headerValue": ("x", None),
                "progressiveDelivery.version": ("1.7.1", None),
            },
        ),
        (
            {"booksapp": {"faultPercent": 50}, "circuitBreaking": {"breaker": {"maxFailures": 3}}},
            {"booksapp": {"faultPercent": 20, "host": "books.example.com"}, "podinfo": {"headerValue": "y"}},
            {
                "booksapp.faultPercent": (50, 20),
                "circuitBreaking.breaker.maxFailures": (3, None),
                "podinfo.headerValue": (None, "y"),
            },
        ),
        (json.dumps({"booksapp": {"faultPercent": 25}}), None, {"booksapp.faultPercent": (25, None)}),
        ({"podinfo": {"headerValue": "x"}}, ENCRYPTED, {}),
        (ENCRYPTED, None, {"podinfo.headerValue": ("[secret]", None)}),
    ],
    ids=["the defaults", "what is committed", "demos as JSON", "committed encrypted", "encrypted"],
)
def test_settings_that_a_workshop_changes_return_to_their_baseline(
    tmp_path: Path, demos: object, committed: object, changes: dict[str, tuple[object, object]]
) -> None:
    found = baseline.find_changes(stack_file(tmp_path, demos, committed))

    assert {each.key: (each.now, each.before) for each in found} == {f"demos.{k}": v for k, v in changes.items()}


DAY = "config: {'linkerd-workshop:workshopEnds': 2027-13-45}"


@pytest.mark.parametrize(
    "text", ["", "config: 3", "config: {'linkerd-workshop:demos': 3}", ":", DAY, "config: " + "[" * 5000]
)
def test_a_file_without_settings_of_the_demos_has_nothing_to_reset(tmp_path: Path, text: str) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(text)

    assert baseline.find_changes(path) == []


@pytest.mark.parametrize(
    ("before", "arguments"),
    [
        (None, ["rm", "--path", f"{DEMOS}.a.b"]),
        (20, ["set", "--path", "--type", "int", f"{DEMOS}.a.b", "20"]),
        ("20", ["set", "--path", "--type", "string", f"{DEMOS}.a.b", "20"]),
        (False, ["set", "--path", "--type", "bool", f"{DEMOS}.a.b", "false"]),
        (0.5, ["set", "--path", "--type", "float", f"{DEMOS}.a.b", "0.5"]),
    ],
)
def test_a_setting_is_set_again_with_its_type(before: object, arguments: list[str]) -> None:
    assert baseline.Change(("a", "b"), 3, before).arguments == ["config", *arguments]


def written_by(name: str, *managers: str, subresource: str = "") -> dict[str, object]:
    """Return an object whose fields these managers have set."""
    fields = [{"manager": manager, "subresource": subresource} for manager in managers]
    return {"metadata": {"name": name, "managedFields": fields}}


OURS = "pulumi-kubernetes-1234"
IN_PODINFO = [
    written_by("ours", OURS),
    written_by("controllers", "kube-controller-manager", "rollouts-controller"),
    written_by("annotated", OURS, "kubectl-annotate"),
    written_by("status", OURS, "kubectl-edit", subresource="status"),
]
EDITED: dict[str, object] = {
    SERVICES.format("podinfo"): {"items": IN_PODINFO},
    SERVICES.format("linkerd"): {"items": [written_by("mesh", "kubectl-edit")]},
}
HALF_WAY = {WEIGHTS: route(("podinfo-stable", 70), ("podinfo-canary", 30))}
CANARY = "rollouts progressive-delivery/rollouts-demo"
REPOSITORY = {"repository": "https://example.com/x.git"}
ARGO_CD = {
    "demos": {"progressiveDelivery": {"owner": "argo-cd"}},
    "delivery": {"argoCd": {"enabled": True, "application": REPOSITORY}},
}


@pytest.mark.parametrize(
    ("answers", "settings", "changes"),
    [
        (EDITED, {}, {"services podinfo/annotated": "written by kubectl-annotate"}),
        ({ROLLOUT: rollout("1.7.0")}, {}, {}),
        ({ROLLOUT: rollout("1.7.1")}, {}, {CANARY: "the canary is Healthy at version 1.7.1"}),
        ({ROLLOUT: rollout("1.7.0", "Degraded")}, {}, {CANARY: "the canary is Degraded at version 1.7.0"}),
        ({ROLLOUT: rollout("1.7.1", "Paused", 3)}, {}, {CANARY: "the canary is Paused at version 1.7.1"}),
        ({ROLLOUT: {"spec": rollout("1.7.0")["spec"]}}, {}, {}),
        ({ROLLOUT: rollout("1.7.1", "Degraded")}, ARGO_CD, {}),
        (HALF_WAY, {}, {"httproutes progressive-delivery/argo-rollouts-http-route": "the canary has 30 %"}),
    ],
    ids=[
        *("edited by people", "canary at rest", "canary at another version", "canary taken back", "canary under way"),
        *("canary that nothing has processed", "canary that Argo CD owns", "weights of an ended canary"),
    ],
)
def test_manual_changes_of_the_demos_are_found_and_nothing_else(
    tmp_path: Path, answers: dict[str, object], settings: dict[str, object], changes: dict[str, str]
) -> None:
    with serving(Cluster({**READY, **answers}), tmp_path) as path:
        found = find_manual_changes(ClusterApi(str(path), None), Settings.model_validate(settings), "1.7.0")
        assert {each.name: each.why for each in found} == changes


class Interrupted(io.StringIO):
    """A terminal at which a person presses Ctrl-C."""

    @override
    def readline(self, size: int | None = -1, /) -> str:
        raise KeyboardInterrupt


Reset = Callable[..., tuple[object, list[list[str]]]]


@pytest.fixture
def reset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reset:
    """Return a function that resets a stack on a cluster; its exit status, and the arguments of each `pulumi`."""
    monkeypatch.chdir(tmp_path)
    play_pulumi(monkeypatch)
    asked = list[list[str]]()

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        if command[0] == "pulumi":
            assert command[-2:] == ["--stack", "x"]
            asked.append(command[1:-2])
        return subprocess.CompletedProcess(command, 0, "", "")

    def call(cluster: Cluster, *arguments: str) -> tuple[object, list[list[str]]]:
        with serving(cluster, tmp_path) as path:
            config = {"linkerd-workshop:kubeconfig": str(path), DEMOS: {"booksapp": {"faultPercent": 25}}}
            (tmp_path / "Pulumi.x.yaml").write_text(yaml.safe_dump({"config": config}))
            monkeypatch.setattr(subprocess, "run", run)
            status = cli.main(["reset", "--stack", "x", *arguments])
        return status, asked

    return call


def workshop(owner: str = "x") -> Cluster:
    """Return a cluster with the demos of a stack, in which a person has annotated the Service bb."""
    cluster, service = Cluster(), written_by("bb", "kubectl-annotate")
    for namespace in ("booksapp", "podinfo", "circuit-breaking-demo", "progressive-delivery"):
        metadata = {"annotations": {"linkerd-workshop/stack": owner}}
        cluster.answers[f"/api/v1/namespaces/{namespace}"] = {"metadata": metadata}
    cluster.answers |= {SERVICES.format("circuit-breaking-demo"): {"items": [service]}, BB: service}
    return cluster


def test_a_reset_returns_settings_then_deletes_manual_changes_and_brings_up_the_demos_alone(
    reset: Reset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    cluster = workshop()
    status, asked = reset(cluster, "--yes")
    plan = " ".join(capsys.readouterr().out.split())

    assert status == 0
    assert all(
        part in plan for part in ("demos.booksapp.faultPercent", "25", "default", "services", "kubectl-annotate")
    )
    assert cluster.deleted == [BB]
    assert asked[0] == ["config", "rm", "--path", f"{DEMOS}.booksapp.faultPercent"]
    assert asked[1][:2] == ["up", "--refresh"]
    targets = [asked[1][index + 1] for index, each in enumerate(asked[1]) if each == "--target"]
    assert targets[0] == "**::linkerd-workshop:demos:**"
    assert "**::booksapp-namespace" in targets
    assert not any("linkerd-namespace" in each or "viz" in each for each in targets), "the mesh is left alone"


def test_a_namespace_that_people_edited_is_restored_by_a_second_up(reset: Reset) -> None:
    cluster = workshop()
    metadata = {"annotations": {"linkerd-workshop/stack": "x"}, "managedFields": [{"manager": "kubectl-annotate"}]}
    cluster.answers["/api/v1/namespaces/podinfo"] = {"metadata": metadata}

    assert [each[0] for each in reset(cluster, "--yes")[1]] == ["config", "up", "up"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (io.StringIO("n\n"), "Nothing was changed."),
        (io.StringIO(""), "Confirm beforehand with YES=--yes."),
        (io.StringIO("perhaps\n"), "Confirm beforehand with YES=--yes."),
        (None, "Confirm beforehand with YES=--yes."),
        (Interrupted(), "Nothing was changed."),
    ],
)
def test_nothing_is_changed_without_a_yes(
    reset: Reset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: io.TextIOBase | None,
    said: str,
) -> None:
    cluster = workshop()
    monkeypatch.setattr(sys, "stdin", answers)

    assert (*reset(cluster), cluster.deleted) == (1, [], [])
    assert said in capsys.readouterr().out.splitlines()[-1]


def test_the_demos_of_another_stack_are_not_touched(reset: Reset, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = workshop(owner="other")

    assert (*reset(cluster, "--yes"), cluster.deleted) == (1, [], [])
    assert "namespace booksapp: it is not the stack's" in capsys.readouterr().err


def test_an_error_after_the_first_change_does_not_say_that_nothing_was_changed(
    reset: Reset, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = workshop()
    cluster.unwell = {BB: 500}

    assert reset(cluster, "--yes")[0] == 1
    printed = capsys.readouterr().err
    assert "the reset ended early, run it again" in printed
    assert "nothing was changed" not in printed
