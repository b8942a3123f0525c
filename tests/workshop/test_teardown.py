"""Which stacks a teardown takes away, and above all which it leaves alone."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from clients.pulumi_cli import Done, StackCli
from settings.ending import Stage
from tests.doubles.pulumi_double import Answer, play_pulumi
from workshop import cli, teardown
from workshop.teardown import Order, Outcome, tear_down_stacks

Values = Mapping[str, object]
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PAST, FUTURE = "2026-11-20", "2027-01-31"
OVER: Values = {"workshopEnds": PAST}
DESTROYED = "taken away; nothing is left"
DESTROY = "make --no-print-directory destroy STACK=over YES=--yes"
UNLOCK = "pulumi cancel --yes --stack over"
REMOVE = "pulumi stack rm --yes --preserve-config --stack over"
pytestmark = pytest.mark.usefixtures("pulumi")
LOCKED = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
    "lock file with `pulumi cancel`.\n  s3://bucket/.pulumi/locks/x.json: created by runner@host (pid 42) at {}\n"
)


@pytest.fixture
def pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    play_pulumi(monkeypatch)


@dataclass
class Backend:
    """A Pulumi CLI and a Makefile that only record what they are asked."""

    history: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    destroys: list[Done] = field(default_factory=list[Done])
    """How the next destroys end; well if there are none."""
    asked: list[str] = field(default_factory=list[str])
    broken: tuple[str, ...] = ()
    crashes: str = ""
    """The part of a command for which there is no program."""

    def run(self, command: Sequence[str], shown: bool) -> Done:  # noqa: FBT001  as the real one
        """Record a command, and answer."""
        line = " ".join(command)
        self.asked.append(line)
        if self.crashes and self.crashes in line:
            raise FileNotFoundError(2, "No such file", "make")
        if any(each in line for each in self.broken):
            return Done(255, "error: no")
        if "stack history" in line:
            return Done(0, json.dumps(self.history if " --page 1 " in line else []))
        if line.startswith("make") and self.destroys:
            return self.destroys.pop(0)
        assert shown, "what changes something is shown"
        return Done(0, "")

    @property
    def changes(self) -> list[str]:
        """The commands that change something."""
        return [each for each in self.asked if not any(harmless in each for harmless in ("history", "preview-only"))]


def order(*, destroy: bool = True) -> Order:
    return Order(NOW, warn_days=3, unlock_hours=6, destroy=destroy)


def write(folder: Path, **endings: Values) -> list[str]:
    """Write the files of stacks with these settings; return their names."""
    for name, values in endings.items():
        content = {"config": {f"linkerd-workshop:{key}": value for key, value in values.items()}}
        (folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(content))
    return list(endings)


def tear_down(folder: Path, backend: Backend, *, destroy: bool = True, **endings: Values) -> list[Outcome]:
    names = write(folder, **endings)
    return list(tear_down_stacks(names, folder, order(destroy=destroy), lambda name: StackCli(name, backend.run)))


def test_only_a_workshop_that_is_over_is_taken_away(tmp_path: Path) -> None:
    backend = Backend()
    outcomes = tear_down(tmp_path, backend, over=OVER, later={"workshopEnds": FUTURE}, plain={})

    assert [each.stage for each in outcomes] == [Stage.OVER, Stage.RUNNING, Stage.ENDLESS]
    assert backend.changes == [DESTROY, REMOVE]
    assert not any(each.failed for each in outcomes)
    assert not any("plain" in each for each in backend.asked), "its settings say that it has no end"


def test_a_stack_that_its_backend_does_not_have_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_pulumi(monkeypatch, (6, "", "error: no stack named 'over' found"))
    backend = Backend()
    (outcome,) = tear_down(tmp_path, backend, over=OVER)

    assert (outcome.done, outcome.failed, backend.changes) == ("nothing to do", False, [])


def ups(*moments: str, kind: str = "update") -> list[dict[str, str]]:
    return [{"kind": kind, "startTime": each, "endTime": each} for each in moments]


@pytest.mark.parametrize(
    ("history", "is_over"),
    [
        (ups("2026-11-10T12:00:00.000Z"), True),
        (ups("2026-11-24T12:00:00.000Z"), False),
        (ups("2026-11-25T12:00:00.000Z", kind="refresh") + ups("2026-11-10T12:00:00.000Z"), True),
        (ups("2026-11-25T12:00:00.000Z", kind="destroy"), False),
        ([], False),
        (ups("0001-01-01T00:00:00+14:00"), True),
        (ups("9999-12-31T23:59:59-12:00"), False),
        (ups("2026-11-10T12:00:00"), True),
    ],
)
def test_a_time_to_live_counts_from_the_last_up_alone(
    tmp_path: Path, history: list[dict[str, str]], *, is_over: bool
) -> None:
    backend = Backend(history)
    (outcome,) = tear_down(tmp_path, backend, short={"workshopDays": 7})

    assert bool(backend.changes) is is_over
    assert outcome.stage in (Stage.OVER, Stage.RUNNING)
    assert not outcome.failed


LEFT = "something is left, see above; the next run continues"
HELD = "locked by runner@host; the next run continues"


def locked(since: str, *more: Done) -> Backend:
    return Backend(destroys=[Done(2, LOCKED.format(since)), *more])


@pytest.mark.parametrize(
    ("backend", "done", "changes"),
    [
        (Backend(), DESTROYED, [DESTROY, REMOVE]),
        (Backend(destroys=[Done(2, "Left in the cluster")]), LEFT, [DESTROY]),
        (Backend(broken=("stack rm",)), "empty but not removed; the next run continues", [DESTROY, REMOVE]),
        (locked("2026-11-26T05:00:00Z"), DESTROYED, [DESTROY, UNLOCK, DESTROY, REMOVE]),
        (locked("0001-01-01T00:00:00+14:00", Done(2, "")), LEFT, [DESTROY, UNLOCK, DESTROY]),
        (locked("2026-11-26T08:00:00Z"), HELD, [DESTROY]),
        (locked("2026-11-26T08:00:00"), HELD, [DESTROY]),
        (locked("yesterday"), LEFT, [DESTROY]),
    ],
    ids=["empty", "not empty", "not removed", "old lock", "ancient lock", "lock", "lock without a zone", "odd lock"],
)
def test_a_workshop_that_is_over_is_taken_away_by_this_run_or_the_next(
    tmp_path: Path, backend: Backend, done: str, changes: list[str]
) -> None:
    (outcome,) = tear_down(tmp_path, backend, over=OVER)
    assert (outcome.done, outcome.failed, backend.changes) == (done, done != DESTROYED, changes)

    backend.broken = ()
    (outcome,) = tear_down(tmp_path, backend, over=OVER)
    assert (outcome.done, outcome.failed) == (DESTROYED, False)


def test_a_dry_run_changes_nothing_and_shows_what_would_be_deleted(tmp_path: Path) -> None:
    backend = Backend()
    (outcome,) = tear_down(tmp_path, backend, destroy=False, over=OVER)

    assert (outcome.done, backend.changes) == ("would be taken away", [])
    assert "pulumi destroy --preview-only --non-interactive --stack over" in backend.asked


def test_a_stack_that_cannot_be_judged_is_left_alone_and_does_not_stop_the_others(tmp_path: Path) -> None:
    backend = Backend(crashes="crash", broken=("stack history",))
    (tmp_path / "Pulumi.torn.yaml").write_text("config: {")
    endings = {"soon": {"workshopEnds": "soon"}, "silent": {"workshopDays": 1}, "crash": OVER, "over": OVER}
    names = ["torn", *write(tmp_path, **endings)]
    *left, crash, over = tear_down_stacks(names, tmp_path, order(), lambda name: StackCli(name, backend.run))

    assert [(each.failed, each.done) for each in left] == [(True, "left as it is")] * 3
    assert "the workshop's last day, YYYY-MM-DD" in left[1].sentence
    assert (crash.failed, crash.sentence) == (True, "it cannot be judged (FileNotFoundError)")
    assert over.done == DESTROYED
    assert {each for each in backend.changes if "crash" not in each} == {DESTROY, REMOVE}


ENDING, FAILED, INJECTING = (
    Outcome("soon", Stage.ENDING, "over in 2 days: its last day is 2026-11-27", "left alone"),
    Outcome("bad", None, "50% of it, `|`", "left as it is", failed=True),
    Outcome("x\n::set-env::", Stage.ENDING, "a\nb", ""),
)


def test_github_shows_a_table_and_a_workshop_that_ends_as_a_warning_and_a_failure_as_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    printed = io.StringIO()
    outcomes = [ENDING, FAILED, INJECTING]
    assert teardown.report_outcomes(outcomes, Console(file=printed, width=200), destroyed=False) == 1

    title, _, header, _, ending, failed, *_ = (tmp_path / "summary").read_text().splitlines()
    assert title == "#### Workshops (a dry run: nothing was changed)"
    assert header == "| stack | workshop | teardown |"
    assert ending == "| `soon` | `over in 2 days: its last day is 2026-11-27` | `left alone` |"
    assert failed == "| `bad` | `` 50% of it, `\\|` `` | `left as it is` |"
    # A fourth one would be a name that gives GitHub another command.
    warning, error, _ = (line for line in printed.getvalue().splitlines() if line.startswith("::"))
    assert warning.startswith("::warning title=Workshop soon ends::over in 2 days%3A its last day is 2026-11-27.")
    assert error == "::error title=Stack bad::50%25 of it%2C `|`; left as it is"


Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Return a function that runs `teardown --check` in a workflow; its status, and all that it writes."""
    outputs = tmp_path / "outputs"
    outputs.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    def run(*names: str, answer: Answer | None = None) -> tuple[int, str]:
        play_pulumi(monkeypatch, answer)
        status = cli.main(["teardown", "--check", *(part for name in names for part in ("--stack", name))])
        return status, capsys.readouterr().out + outputs.read_text()

    return run


ENDLESS: Values = {}


@pytest.mark.parametrize(
    ("values", "answer", "said"),
    [
        ({"workshopEnds": "2020-01-01"}, None, "Stack it is over since 2020-01-02 00:00 UTC"),
        ({"workshopDays": 1}, None, ""),
        ({"workshopEnds": "9999-12-31"}, None, ""),
        (ENDLESS, None, ""),
        (ENDLESS, (6, "", "error: no stack named 'it' found"), "Stack it is not in its backend any more"),
        (None, None, "Stack it has no file any more"),
    ],
)
def test_an_up_leaves_out_a_stack_without_a_workshop_and_fails_no_run(
    tmp_path: Path, check: Check, values: Values | None, answer: Answer | None, said: str
) -> None:
    if values is not None:
        write(tmp_path, it=values)
    status, printed = check("it", answer=answer)

    assert status == 0
    assert said in printed
    assert ("::warning title=No workshop::" in printed) is bool(said)
    assert printed.endswith("up=false\n" if said else "up=true\n")


def test_the_check_reports_every_stack_though_one_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Check
) -> None:
    for name in ("GITHUB_OUTPUT", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name)
    write(tmp_path, far={"workshopEnds": "9999-12-31"}, over={"workshopEnds": "2020-01-01"})
    (tmp_path / "Pulumi.bad.yaml").write_text("config: {")
    (tmp_path / "Pulumi.yaml").write_text("name: workshop\n")
    status, printed = check()

    assert (status, teardown.list_stacks(tmp_path)) == (1, ["bad", "far", "over"])
    assert "stack bad: Pulumi.bad.yaml is no stack file that Pulumi can read (line 1)" in printed
    assert "Stack over is over since 2020-01-02 00:00 UTC" in printed
