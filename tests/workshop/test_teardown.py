"""What a teardown takes away, and above all what it leaves alone."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from clients.pulumi_cli import Done, StackCli
from settings.ending import Stage
from tests.doubles.pulumi_double import play_pulumi
from workshop import cli
from workshop.teardown import (
    Order,
    Outcome,
    format_markdown,
    list_annotations,
    list_stacks,
    report_outcomes,
    tear_down_stacks,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PAST, FUTURE = "2026-11-20", "2027-01-31"
pytestmark = pytest.mark.usefixtures("pulumi")
LOCKED = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
    "lock file with `pulumi cancel`.\n  s3://bucket/.pulumi/locks/x.json: created by runner@host (pid 42) at {since}\n"
)


@pytest.fixture
def pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    play_pulumi(monkeypatch)


@dataclass
class Backend:
    """A Pulumi CLI and a Makefile that only say what they were asked."""

    history: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    destroys: list[Done] = field(default_factory=list[Done])
    """How the next destroys end; well if there are none."""
    asked: list[str] = field(default_factory=list[str])
    broken: tuple[str, ...] = ()

    def run(self, command: Sequence[str], shown: bool) -> Done:  # noqa: FBT001  as the real one
        """Write down what is asked, and answer."""
        line = " ".join(command)
        self.asked.append(line)
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
        """What was asked that changes something."""
        return [each for each in self.asked if not any(harmless in each for harmless in ("history", "preview-only"))]


def order(*, destroy: bool = True) -> Order:
    return Order(NOW, warn_days=3, unlock_hours=6, destroy=destroy)


def write(folder: Path, **endings: dict[str, object]) -> list[str]:
    for name, values in endings.items():
        content = {"config": {f"linkerd-workshop:{key}": value for key, value in values.items()}}
        (folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(content))
    return list(endings)


def run(folder: Path, backend: Backend, names: list[str], *, destroy: bool = True) -> list[Outcome]:
    return list(tear_down_stacks(names, folder, order(destroy=destroy), lambda name: StackCli(name, backend.run)))


def test_only_what_is_over_is_taken_away(tmp_path: Path) -> None:
    names = write(tmp_path, over={"workshopEnds": PAST}, later={"workshopEnds": FUTURE}, plain={})
    backend = Backend()
    outcomes = run(tmp_path, backend, names)

    assert [each.stage for each in outcomes] == [Stage.OVER, Stage.RUNNING, Stage.ENDLESS]
    assert backend.changes == [
        "make --no-print-directory destroy STACK=over YES=--yes",
        "pulumi stack rm --yes --preserve-config --stack over",
    ]
    assert not any(each.failed for each in outcomes)


def test_nothing_but_the_settings_of_a_stack_without_an_end_is_asked(tmp_path: Path) -> None:
    backend = Backend()
    run(tmp_path, backend, write(tmp_path, plain={}))

    assert backend.asked == []


def test_a_dry_run_changes_nothing_and_shows_what_would_go(tmp_path: Path) -> None:
    backend = Backend()
    (outcome,) = run(tmp_path, backend, write(tmp_path, over={"workshopEnds": PAST}), destroy=False)

    assert backend.changes == []
    assert "pulumi destroy --preview-only --non-interactive --stack over" in backend.asked
    assert outcome.done == "would be taken away"


def test_a_stack_that_its_backend_does_not_have_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_pulumi(monkeypatch, (6, "", "error: no stack named 'over' found"))
    backend = Backend()
    (outcome,) = run(tmp_path, backend, write(tmp_path, over={"workshopEnds": PAST}))

    assert (outcome.done, outcome.failed, backend.changes) == ("nothing to do", False, [])


@pytest.mark.parametrize(
    ("history", "gone"),
    [
        ([{"kind": "update", "startTime": "2026-11-10T12:00:00.000Z", "endTime": "2026-11-10T12:05:00.000Z"}], True),
        ([{"kind": "update", "startTime": "2026-11-24T12:00:00.000Z"}], False),
        ([{"kind": "refresh", "startTime": "2026-11-25T12:00:00.000Z"},
          {"kind": "update", "startTime": "2026-11-10T12:00:00.000Z"}], True),
        ([{"kind": "destroy", "startTime": "2026-11-25T12:00:00.000Z"}], False),
        ([], False),
    ],
)  # fmt: skip
def test_a_time_to_live_counts_from_the_last_up_and_from_nothing_else(
    tmp_path: Path, history: list[dict[str, str]], *, gone: bool
) -> None:
    backend = Backend(history)
    run(tmp_path, backend, write(tmp_path, short={"workshopDays": 7}))

    assert bool(backend.changes) is gone


def test_something_left_keeps_the_stack_and_the_next_run_goes_on(tmp_path: Path) -> None:
    names = write(tmp_path, over={"workshopEnds": PAST})
    backend = Backend(destroys=[Done(2, "Left in the cluster")])
    (first,) = run(tmp_path, backend, names)
    assert first.failed
    assert not any("stack rm" in each for each in backend.asked)

    (second,) = run(tmp_path, backend, names)
    assert second.done == "taken away; nothing is left"


def test_a_stack_that_was_emptied_and_not_removed_is_removed_by_the_next_run(tmp_path: Path) -> None:
    names = write(tmp_path, over={"workshopEnds": PAST})
    backend = Backend(broken=("stack rm",))
    (first,) = run(tmp_path, backend, names)
    backend.broken = ()
    (second,) = run(tmp_path, backend, names)

    assert (first.failed, second.failed) == (True, False)


@pytest.mark.parametrize(("since", "unlocked"), [("2026-11-26T05:00:00Z", True), ("2026-11-26T08:00:00Z", False)])
def test_only_the_lock_of_a_run_that_must_be_gone_is_removed(tmp_path: Path, since: str, *, unlocked: bool) -> None:
    backend = Backend(destroys=[Done(2, LOCKED.format(since=since))])
    (outcome,) = run(tmp_path, backend, write(tmp_path, over={"workshopEnds": PAST}))

    assert ("pulumi cancel --yes --stack over" in backend.asked) is unlocked
    assert outcome.failed is not unlocked
    if not unlocked:
        assert "locked by runner@host; the next run goes on" in outcome.done


def test_one_stack_that_fails_keeps_no_other_from_its_turn(tmp_path: Path) -> None:
    names = write(tmp_path, bad={"workshopEnds": "soon"}, over={"workshopEnds": PAST})
    backend = Backend()
    first, second = run(tmp_path, backend, names)

    assert (first.stage, first.failed) == (None, True)
    assert "the workshop's last day, YYYY-MM-DD" in first.sentence
    assert second.done == "taken away; nothing is left"


BAD_FILES = {
    "not YAML": "config: {",
    "no mapping": "- a",
    "a tag that does not fit": "config: {linkerd-workshop:context: !!bool soon}",
    "a day that there is not": "config: {linkerd-workshop:workshopEnds: 2026-02-30}",
    "the last day that there is": "config: {linkerd-workshop:workshopEnds: 9999-12-31}",
    "bytes": "\ufffe\x00",
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_every_stack_has_its_turn_whatever_is_in_the_file_of_another(tmp_path: Path, kind: str) -> None:
    names = ["bad", *write(tmp_path, over={"workshopEnds": PAST})]
    (tmp_path / "Pulumi.bad.yaml").write_text(BAD_FILES[kind])
    backend = Backend()
    first, second = run(tmp_path, backend, names)

    assert first.failed is not kind.startswith("the last day")
    assert second.done == "taken away; nothing is left"
    assert not any("bad" in each for each in backend.changes)


@pytest.mark.parametrize(
    "history",
    [
        [{"kind": "update", "startTime": "0001-01-01T00:00:00+14:00"}],
        [{"kind": "update", "startTime": "9999-12-31T23:59:59-12:00"}],
        [{"kind": "update", "startTime": "2026-11-10T12:00:00"}],
    ],
)
def test_a_last_up_at_an_odd_time_ends_no_command(tmp_path: Path, history: list[dict[str, str]]) -> None:
    (outcome,) = run(tmp_path, Backend(history), write(tmp_path, short={"workshopDays": 7}))

    assert outcome.stage in (Stage.OVER, Stage.RUNNING)
    assert not outcome.failed


def test_whatever_one_stack_raises_the_next_has_its_turn(tmp_path: Path) -> None:
    names, backend = write(tmp_path, one={"workshopEnds": PAST}, two={"workshopEnds": PAST}), Backend()

    def run_or_break(command: Sequence[str], shown: bool) -> Done:  # noqa: FBT001  as the real one
        if "one" in " ".join(command):
            raise FileNotFoundError(2, "No such file", "make")
        return backend.run(command, shown)

    first, second = tear_down_stacks(names, tmp_path, order(), lambda name: StackCli(name, run_or_break))

    assert (first.failed, first.sentence) == (True, "it cannot be judged (FileNotFoundError)")
    assert second.done == "taken away; nothing is left"


@pytest.mark.parametrize("since", ["yesterday", "0001-01-01T00:00:00+14:00", "2026-11-26T08:00:00"])
def test_a_lock_of_an_odd_time_ends_no_command(tmp_path: Path, since: str) -> None:
    backend = Backend(destroys=[Done(2, LOCKED.format(since=since)), Done(2, "")])
    (outcome,) = run(tmp_path, backend, write(tmp_path, over={"workshopEnds": PAST}))

    assert outcome.failed
    assert "the next run goes on" in outcome.done


def test_the_check_tells_of_each_stack_though_one_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, far={"workshopEnds": "9999-12-31"}, over={"workshopEnds": "2020-01-01"})
    (tmp_path / "Pulumi.bad.yaml").write_text("config: {")

    assert cli.main(["teardown", "--check", "--stack", "bad", "--stack", "over"]) == 1
    told = capsys.readouterr().out
    assert "stack bad: Pulumi.bad.yaml is no stack file that Pulumi can read (line 1)" in told
    assert "Stack over is over since 2020-01-02 00:00 UTC" in told


@pytest.mark.parametrize("option", ["--warn-days", "--unlock-hours"])
@pytest.mark.parametrize("value", ["99999999999", "-1", "1.5", "x", "²"])
def test_days_that_no_calendar_has_are_refused(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["teardown", f"{option}={value}"]) == 2
    assert f"Invalid value for '{option}'" in capsys.readouterr().err


def test_a_backend_that_does_not_answer_takes_nothing_away(tmp_path: Path) -> None:
    backend = Backend(broken=("stack history",))
    (outcome,) = run(tmp_path, backend, write(tmp_path, over={"workshopDays": 1}))

    assert outcome.failed
    assert backend.changes == []


def test_the_stacks_are_those_with_a_file(tmp_path: Path) -> None:
    write(tmp_path, dev={}, prod={})
    (tmp_path / "Pulumi.yaml").write_text("name: workshop\n")

    assert list_stacks(tmp_path) == ["dev", "prod"]


OUTCOMES = [
    Outcome("soon", Stage.ENDING, "over in 2 days: its last day is 2026-11-27", "left alone"),
    Outcome("bad", None, "50% of it, `|`", "left as it is", failed=True),
]


def test_github_is_warned_of_workshops_that_end_and_told_what_failed() -> None:
    warning, error = list_annotations(OUTCOMES)

    assert warning.startswith("::warning title=Workshop soon ends::over in 2 days%3A its last day is 2026-11-27.")
    assert error == "::error title=Stack bad::50%25 of it%2C `|`; left as it is"


def test_a_name_cannot_give_github_another_command() -> None:
    (line,) = list_annotations([Outcome("x\n::set-env::", Stage.ENDING, "a\nb", "")])

    assert len(line.splitlines()) == 1


def test_the_summary_is_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    console = Console(file=io.StringIO(), width=200)
    status = report_outcomes(OUTCOMES, console, destroyed=False)
    assert isinstance(console.file, io.StringIO)

    assert status == 1
    assert (tmp_path / "summary").read_text() == format_markdown(OUTCOMES, "Workshops (a dry run: nothing was changed)")
    assert (
        "| `soon` | `over in 2 days: its last day is 2026-11-27` | `left alone` |" in (tmp_path / "summary").read_text()
    )
    assert "::warning title=Workshop soon ends::" in console.file.getvalue()


ENDED: dict[str, tuple[dict[str, object] | None, str]] = {
    "over": ({"workshopEnds": "2020-01-01"}, "Stack it is over since 2020-01-02 00:00 UTC"),
    "short": ({"workshopDays": 1}, ""),
    "far": ({"workshopEnds": "9999-12-31"}, ""),
    "endless": ({}, ""),
    "removed": ({}, "Stack it is not in its backend any more"),
    "without a file": (None, "Stack it has no file any more"),
}
"""The settings of a stack, and what the check says of it."""


@pytest.mark.parametrize("kind", ENDED)
def test_a_stack_without_a_workshop_is_left_out_of_an_up_and_fails_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    values, says = ENDED[kind]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    if values is not None:
        write(tmp_path, it=values)
    if kind == "removed":
        play_pulumi(monkeypatch, (6, "", "error: no stack named 'it' found"))

    assert cli.main(["teardown", "--check", "--stack", "it"]) == 0
    assert (tmp_path / "outputs").read_text() == f"up={'false' if says else 'true'}\n"
    told = capsys.readouterr().out
    assert says in told
    assert ("::warning title=No workshop::" in told) is bool(says)
