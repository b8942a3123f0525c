"""Destroys the stacks whose workshop is over, and no others.

A stack whose teardown is interrupted is still over: the next run continues where the last one stopped.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from clients.pulumi_cli import Done, NoStackError, StackCli, read_settings
from model.moments import in_utc
from model.problem import InputError
from model.stack_names import stack_file
from settings.ending import Ending, Stage, ending, needs_last_up
from workshop.previews.markdown import format_table, visible
from workshop.terminal import build_table, print_text

_TIME = TypeAdapter(datetime)
_LOCKED = "the stack is currently locked by"
_LOCK = re.compile(r"^\s+\S+: created by (\S+) \(pid \d+\) at (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Order:
    """The options of a run."""

    now: datetime
    warn_days: int
    unlock_hours: int
    """The age in hours from which a lock counts as left by a dead run."""
    destroy: bool
    """True to destroy; False only shows what would be destroyed."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one stack."""

    stack: str
    stage: Stage | None
    """None if it is not known."""
    sentence: str
    done: str
    failed: bool = False


def list_stacks(folder: Path) -> list[str]:
    """Return the stacks that have a file of settings."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.?*.yaml"))


def tear_down_stacks(
    names: list[str], folder: Path, order: Order, cli: Callable[[str], StackCli] = StackCli
) -> Iterator[Outcome]:
    """Yield each stack's outcome; one that fails does not stop the others."""
    for name in names:
        try:
            yield _tear_down_stack(cli(name), folder, order)
        except NoStackError:
            yield Outcome(name, None, "its backend does not have it", "nothing to do")
        except InputError as error:
            problems = " ".join(map(str, error.problems))
            yield Outcome(name, None, problems, "left as it is", failed=True)
        except Exception as error:  # noqa: BLE001  the next stack's workshop costs money, whatever the error is
            found = f"it cannot be judged ({type(error).__name__})"
            yield Outcome(name, None, found, "unchanged, or partly destroyed; the next run continues", failed=True)


def _tear_down_stack(cli: StackCli, folder: Path, order: Order) -> Outcome:
    settings = read_settings(cli.stack, folder)
    last_up = cli.last_up() if needs_last_up(settings) else None
    end = ending(settings, last_up, order.now, order.warn_days)
    if end.stage is not Stage.OVER:
        return Outcome(cli.stack, end.stage, end.sentence, "left alone")
    return _destroy_stack(cli, end, order)


def _destroy_stack(cli: StackCli, end: Ending, order: Order) -> Outcome:
    outcome = partial(Outcome, cli.stack, end.stage, end.sentence)
    if not order.destroy:
        shown = cli.preview_destroy().status == 0
        return outcome("would be taken away" if shown else "what would be taken away is unknown", failed=not shown)
    done = cli.destroy()
    if done.status and _has_only_old_locks(done, order):
        cli.unlock()
        done = cli.destroy()
    if done.status:
        holders = ", ".join(who for who, _ in _find_locks(done))
        reason = f"locked by {holders}" if holders else "something is left, see above"
        return outcome(f"{reason}; the next run continues", failed=True)
    if cli.remove().status:
        return outcome("empty but not removed; the next run continues", failed=True)
    return outcome("taken away; nothing is left")


def _find_locks(done: Done) -> list[tuple[str, datetime]]:
    """Return the holders of locks and since when, if a run failed because of locks."""
    if _LOCKED not in done.output:
        return []
    try:
        return [(who, in_utc(_TIME.validate_python(since))) for who, since in _LOCK.findall(done.output)]
    except ValidationError:
        return []


def _has_only_old_locks(done: Done, order: Order) -> bool:
    """Return whether a run failed because of locks that are all older than any run takes."""
    locks, oldest = _find_locks(done), order.now - timedelta(hours=order.unlock_hours)
    return bool(locks) and all(since < oldest for _, since in locks)


HEADERS = ("stack", "workshop", "teardown")


def report_outcomes(outcomes: Sequence[Outcome], console: Console, *, destroyed: bool) -> int:
    """Print every stack's outcome; return 1 if something failed."""
    title = "Workshops" if destroyed else "Workshops (a dry run: nothing was changed)"
    rows = [(each.stack, each.sentence, each.done) for each in outcomes]
    console.print(build_table(title, HEADERS, rows))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in list_annotations(outcomes):
            print_text(console, line)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(f"#### {title}\n\n{format_table(HEADERS, rows)}\n\n")
    return 1 if any(each.failed for each in outcomes) else 0


def list_annotations(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield GitHub annotations: workshops that end soon, and failures."""
    for each in outcomes:
        if each.failed:
            yield f"::error title=Stack {_escape(each.stack)}::{_escape(f'{each.sentence}; {each.done}')}"
        elif each.stage is Stage.ENDING:
            later = "Set a later end in the stack's settings if it has to stay."
            yield f"::warning title=Workshop {_escape(each.stack)} ends::{_escape(f'{each.sentence}. {later}')}"


def _escape(text: str) -> str:
    """Escape a text for a workflow command."""
    escapes = {"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"}
    return "".join(escapes.get(each, each) for each in visible(text))


def tear_down_all(names: list[str] | None, warn_days: int, unlock_hours: int, *, destroy: bool) -> int:
    """Destroy the stacks, by default of all that have a file, whose workshop is over; return the exit status.

    Without `destroy`, only print what would be destroyed.
    """
    folder = Path()
    order = Order(datetime.now(UTC), warn_days, unlock_hours, destroy)
    return report_outcomes(
        list(tear_down_stacks(names or list_stacks(folder), folder, order)), Console(), destroyed=destroy
    )


def check_ends(names: list[str] | None) -> int:
    """Print the stacks that an `up` leaves out, because they are over or were removed; return 1 if one is unclear.

    A workflow gets the step output `up`, so that it skips such a stack and does not fail.
    """
    console, folder, unclear, ended = Console(), Path(), list[str](), list[str]()
    for name in names or list_stacks(folder):
        try:
            if reason := _find_why_ended(name, folder):
                ended.append(f"Stack {name} {reason}, so an `up` leaves it out. Take it out of STACKS if it has ended.")
        except InputError as error:
            unclear += map(str, error.problems)
    for line in (*unclear, *ended):
        print_text(console, line)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in ended:
            print_text(console, f"::warning title=No workshop::{_escape(line)}")
    if outputs := os.environ.get("GITHUB_OUTPUT"):
        with Path(outputs).open("a", encoding="utf-8") as file:
            file.write(f"up={'false' if ended or unclear else 'true'}\n")
    return 1 if unclear else 0


def _find_why_ended(name: str, folder: Path) -> str:
    """Return why a stack has no workshop; empty if it has one. Raises InputError if that cannot be known."""
    if not stack_file(name, folder).is_file():
        return "has no file any more"
    try:
        end = ending(read_settings(name, folder), None, datetime.now(UTC), 0)
    except NoStackError:
        return "is not in its backend any more"
    return f"is {end.sentence}" if end.stage is Stage.OVER else ""
