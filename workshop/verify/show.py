"""Shows what was found: as a table for people, as JSON for programs, and what is being done meanwhile."""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from workshop.verify.line import Line, Status

COLOURS = {Status.OK: "green", Status.FAILED: "red", Status.SKIPPED: "dim"}


def table(stack: str, address: str, lines: Sequence[Line]) -> Table:
    """Return one row a line; a group is named once."""
    # Text and not str: what a cluster says may look like rich's markup.
    found = Table(title=Text(f"Stack {stack} on {address}"), title_justify="left")
    for column in ("group", "check", "", "seen"):
        found.add_column(column, overflow="fold")
    previous = ""
    for line in lines:
        if line.group != previous:
            found.add_section()
        seen = Text(line.seen) if not line.fix else Text(f"{line.seen}\n→ {line.fix}")
        status = Text(line.status, style=COLOURS[line.status])
        found.add_row(Text(line.group if line.group != previous else ""), Text(line.name), status, seen)
        previous = line.group
    return found


def summary(lines: Sequence[Line], seconds: float) -> str:
    """Return the last line: how many checks ended in which way."""
    counts = ", ".join(f"{count(lines, status)} {status}" for status in Status)
    return f"{counts}; it took {seconds:.0f} s."


def count(lines: Sequence[Line], status: Status) -> int:
    """Return how many lines have a status."""
    return sum(line.status is status for line in lines)


def document(stack: str, address: str, lines: Sequence[Line], seconds: float) -> str:
    """Return everything as JSON.

    `stack`, `cluster` (the API server's address), `seconds`, `passed`, `summary` (a number for each status) and
    `checks`: a list of `group`, `name`, `status` (ok, failed or skipped), `seen`, `fix` (empty unless it failed) and
    `figures` (numbers by name, such as `requests`; which ones depends on the check).
    """
    whole = {
        "stack": stack,
        "cluster": address,
        "seconds": round(seconds, 1),
        "passed": count(lines, Status.FAILED) == 0,
        "summary": {status.value: count(lines, status) for status in Status},
        "checks": [
            {
                "group": line.group,
                "name": line.name,
                "status": line.status.value,
                "seen": line.seen,
                "fix": line.fix,
                "figures": dict(line.figures),
            }
            for line in lines
        ],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


@contextmanager
def progress(console: Console) -> Generator[Callable[[str, float], None]]:
    """Give what is told how far each group is; it shows that on a terminal, and else nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = dict[str, int]()

        def tell(group: str, done: float) -> None:
            if group not in tasks:
                tasks[group] = bars.add_task(group, total=1)
            bars.update(bars.task_ids[tasks[group]], completed=done)

        yield tell
