"""The lines that `verify` prints, as a table and as JSON, and its progress bars."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from itertools import groupby
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from workshop import terminal

REPAIR = "Run `make refresh`, then `make up`."
"""Restores the program's objects, also where they were changed or deleted by hand."""


class Status(StrEnum):
    """The result of a check."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """There is nothing to check, or no way to check it; the line says why."""


@dataclass(frozen=True)
class Line:
    """The result of one check."""

    group: str
    name: str
    status: Status
    seen: str
    """The finding in words, or the reason why nothing was checked. Never a secret."""
    fix: str = ""
    """The fix, if possible as a command; empty unless the check failed."""
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    """The numbers behind `seen`, for programs."""


@dataclass(frozen=True)
class Group:
    """Creates the lines of one group of checks."""

    name: str

    def ok(self, name: str, seen: str, **figures: float) -> Line:
        """Return the line of a check that passed."""
        return Line(self.name, name, Status.OK, seen, figures=figures)

    def fail(self, name: str, seen: str, fix: str, **figures: float) -> Line:
        """Return the line of a check that failed, with its fix."""
        return Line(self.name, name, Status.FAILED, seen, fix, figures)

    def skip(self, name: str, why: str) -> Line:
        """Return the line of a check that was skipped."""
        return Line(self.name, name, Status.SKIPPED, why)

    def judge(self, name: str, seen: str, *, good: bool, fix: str, **figures: float) -> Line:
        """Return the line of a check that passed if `good`, and failed with its fix otherwise."""
        return self.ok(name, seen, **figures) if good else self.fail(name, seen, fix, **figures)


@dataclass(frozen=True)
class Demo(Group):
    """Creates the lines of a demo's checks, for the stack's own demo or for an attendee's."""

    namespace: str
    reset: str = "make reset"
    """The command that restores it."""

    def of_attendee(self, name: str) -> Self:
        """Return the same demo in an attendee's namespace."""
        return replace(self, namespace=name, reset=f"make reset ATTENDEE={name}")


COLOURS = {Status.OK: "green", Status.FAILED: "red", Status.SKIPPED: "dim"}


def build_table(stack: str, address: str, lines: Sequence[Line]) -> Table:
    """Return a table with a row for each line; a group is named once."""
    table = terminal.build_table(f"Stack {stack} on {address}", ("group", "check", "", "seen"))
    for group, several in groupby(lines, lambda line: line.group):
        table.add_section()
        for number, line in enumerate(several):
            title = "" if number else group
            seen = f"{line.seen}\n→ {line.fix}" if line.fix else line.seen
            table.add_row(Text(title), Text(line.name), Text(line.status, COLOURS[line.status]), Text(seen))
    return table


def summarize(lines: Sequence[Line], seconds: float) -> str:
    """Return the summary: the number of checks with each status."""
    counts = ", ".join(f"{count_status(lines, status)} {status}" for status in Status)
    return f"{counts}; it took {seconds:.0f} s."


def count_status(lines: Sequence[Line], status: Status) -> int:
    """Return how many lines have a status."""
    return sum(line.status is status for line in lines)


def format_json(stack: str, address: str, lines: Sequence[Line], seconds: float) -> str:
    """Return everything as JSON.

    `stack`, `cluster` (the API server's address), `seconds`, `passed`, `summary` (a number for each status) and
    `checks`: a list of `group`, `name`, `status` (ok, failed or skipped), `seen`, `fix` (empty unless it failed) and
    `figures` (numbers by name, such as `requests`; which ones depends on the check).
    """
    whole = {
        "stack": stack,
        "cluster": address,
        "seconds": round(seconds, 1),
        "passed": count_status(lines, Status.FAILED) == 0,
        "summary": {status.value: count_status(lines, status) for status in Status},
        "checks": [asdict(line) for line in lines],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


@contextmanager
def report_progress(console: Console) -> Generator[Callable[[str, float], None]]:
    """Yield a function that shows the progress of each group on a terminal, and nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = dict[str, int]()

        def show_progress(group: str, done: float) -> None:
            if group not in tasks:
                tasks[group] = bars.add_task(group, total=1)
            bars.update(bars.task_ids[tasks[group]], completed=done)

        yield show_progress
