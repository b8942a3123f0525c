"""`verify` as a whole: the table, the JSON, the exit status, and what it does where nothing answers."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from settings import Settings
from tests.doubles.api_server import READY, Cluster, kubeconfig
from tests.doubles.pulumi_double import play_pulumi
from tests.doubles.workshop_double import IN_A_HURRY, SimulatedWorkshop, list_failed, list_of, pod
from workshop import cli
from workshop.verify import mesh, scene
from workshop.verify.lines import Group, Line, Status, build_table, format_json, report_progress, summarize
from workshop.verify.run import OBJECT_GROUPS, POD_GROUPS, run_checks
from workshop.verify.scene import Patience, Scene

A, B = Group("a"), Group("b")
LINES = [A.ok("one", "fine", requests=3), A.fail("two", "[red]x[/nothing]", "fix it"), B.skip("three", "off")]
OFF = {name: {"enabled": False} for name in ("booksapp", "podinfo", "circuitBreaking", "progressiveDelivery")}
SIMULATED = {"metadata": {"name": "node", "annotations": {scene.SIMULATED: "fake"}}}


def run_all(simulated: SimulatedWorkshop, folder: Path) -> list[Line]:
    with simulated.running(folder) as api:
        return run_checks(Scene(api, Settings(), IN_A_HURRY, 300))


def test_a_healthy_workshop_passes_every_check_without_being_changed(tmp_path: Path) -> None:
    simulated = SimulatedWorkshop()
    lines = run_all(simulated, tmp_path)

    assert list(dict.fromkeys(line.group for line in lines)) == [*OBJECT_GROUPS, *POD_GROUPS]
    assert list_failed(lines) == set()
    assert simulated.cluster.deleted == []
    assert all("dryRun=All" in path for path in simulated.cluster.posted)


def test_an_unreachable_object_is_one_line_and_the_other_groups_go_on(tmp_path: Path) -> None:
    simulated = SimulatedWorkshop()
    simulated.cluster.forbidden = ("/api/v1/namespaces/podinfo/pods",)
    lines = run_all(simulated, tmp_path)
    rest = {line.group: line for line in lines if line.name == "the rest"}

    assert set(rest) == {"podinfo", "data plane"}
    assert all("this is forbidden" in line.seen and line.fix for line in rest.values())
    assert any(line.name == "share of errors" and line.status is Status.OK for line in lines)


def test_on_a_cluster_that_only_simulates_pods_nothing_is_waited_for(tmp_path: Path) -> None:
    simulated = SimulatedWorkshop()
    simulated.cluster.answers["/api/v1/nodes"] = {"items": [SIMULATED]}
    start = time.monotonic()
    lines = run_all(simulated, tmp_path)

    assert time.monotonic() - start < 20
    assert [(line.name, line.seen) for line in lines if line.status is Status.FAILED] == [
        ("nodes", "pods are only simulated on this cluster")
    ]
    assert {line.group for line in lines if line.status is Status.SKIPPED} >= {*POD_GROUPS}


def test_pods_that_have_just_become_ready_are_waited_for(tmp_path: Path) -> None:
    simulated, progress, start = SimulatedWorkshop(), list[float](), time.monotonic()
    young = json.dumps([pod("circuit-breaking-demo", app) for app in ("good", "bad", "slow-cooker")])
    young = young.replace("2026-01-01T00:00:00Z", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    simulated.cluster.answers.update(list_of("circuit-breaking-demo", *json.loads(young)))
    patience = Patience(window=0.2, settled=2, most=5, pause=0.05)
    with simulated.running(tmp_path) as api:
        settings = Settings.model_validate({"demos": {**OFF, "circuitBreaking": {}}})
        run_checks(Scene(api, settings, patience, show_progress=lambda _group, done: progress.append(done)))

    assert time.monotonic() - start > 1
    assert progress


def test_the_table_names_a_group_once_and_interprets_no_markup() -> None:
    shown = io.StringIO()
    Console(file=shown, width=120).print(build_table("x", "https://there", LINES))

    assert shown.getvalue().count("│ a ") == 1
    assert "[red]x[/nothing]" in shown.getvalue()
    assert "→ fix it" in shown.getvalue()
    assert summarize(LINES, 61.4) == "1 ok, 1 failed, 1 skipped; it took 61 s."


def test_the_json_has_the_documented_shape() -> None:
    keys = ("group", "name", "status", "seen", "fix", "figures")
    rows: list[tuple[object, ...]] = [
        ("a", "one", "ok", "fine", "", {"requests": 3}),
        ("a", "two", "failed", "[red]x[/nothing]", "fix it", {}),
        ("b", "three", "skipped", "off", "", {}),
    ]
    found = json.loads(format_json("x", "https://there", LINES, 1.234))

    assert found == {
        "stack": "x",
        "cluster": "https://there",
        "seconds": 1.2,
        "passed": False,
        "summary": {"ok": 1, "failed": 1, "skipped": 1},
        "checks": [dict(zip(keys, row, strict=True)) for row in rows],
    }
    assert all(word in (format_json.__doc__ or "") for word in (*found, "figures", "fix"))


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(*, terminal: bool) -> None:
    shown = io.StringIO()
    with report_progress(Console(file=shown, force_terminal=terminal, width=80)) as show_progress:
        show_progress("booksapp", 0.5)

    assert ("booksapp" in shown.getvalue()) == terminal


Command = Callable[..., object]


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs `verify --stack x` without demos, and returns its exit status."""
    monkeypatch.chdir(tmp_path)
    play_pulumi(monkeypatch)

    def run(kubeconfig: Path, *arguments: str) -> object:
        config = {"linkerd-workshop:kubeconfig": str(kubeconfig), "linkerd-workshop:demos": OFF}
        (tmp_path / "Pulumi.x.yaml").write_text(json.dumps({"config": config}))
        return cli.main(["verify", "--stack", "x", *arguments])

    return run


@pytest.mark.parametrize("hours", [20, -1])
def test_the_exit_status_is_that_of_the_checks(
    tmp_path: Path, verify: Command, capsys: pytest.CaptureFixture[str], hours: float
) -> None:
    with SimulatedWorkshop(proxies_hours=hours, cluster=Cluster(answers=dict(READY))).running(tmp_path):
        status = verify(tmp_path / "kubeconfig", "--json")
        found = json.loads(capsys.readouterr().out)
        assert verify(tmp_path / "kubeconfig") == status

    assert status == (0 if hours > 0 else 1)
    assert (found["passed"], found["stack"]) == (hours > 0, "x")
    assert "Stack x on http://127.0.0.1" in capsys.readouterr().out


def test_a_fix_names_the_stack(tmp_path: Path, verify: Command, capsys: pytest.CaptureFixture[str]) -> None:
    simulated = SimulatedWorkshop(cluster=Cluster(answers=dict(READY)))
    del simulated.cluster.answers[mesh.CONFIG]
    with simulated.running(tmp_path):
        assert verify(tmp_path / "kubeconfig", "--json") == 1

    fixes = [each["fix"] for each in json.loads(capsys.readouterr().out)["checks"] if each["status"] == "failed"]
    assert fixes == ["Run `make refresh STACK=x`, then `make up STACK=x`."]


def test_a_cluster_that_does_not_answer_is_reported_in_a_sentence(
    tmp_path: Path, verify: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(kubeconfig(tmp_path, "http://127.0.0.1:1")) == 1
    assert "the cluster does not answer" in capsys.readouterr().err
