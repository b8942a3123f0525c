"""Waiting, with something to look at, until what a stack's hosts have in AWS is gone."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from workshop.drain.account import Found

PATIENCE = 300
"""Seconds that ExternalDNS and the load balancer controller may take; they look once a minute at the latest."""
PAUSE = 2.0


def wait_until_gone(
    find: Callable[[], Sequence[Found]], console: Console, *, seconds: float = PATIENCE, pause: float = PAUSE
) -> Sequence[Found]:
    """Return what is still there after `seconds`, nothing as soon as nothing is. Raises InputError as `find` does."""
    end = time.monotonic() + seconds
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("asking AWS what is left", total=None)
        while (left := find()) and time.monotonic() < end:
            progress.update(task, description=f"waiting until {counted(left)} are gone")
            time.sleep(pause)
    return left


def counted(things: Sequence[Found]) -> str:
    """Return how many there are of each kind."""
    counts = Counter(str(each.kind) for each in things)
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts.items())


def table(title: str, things: Sequence[Found]) -> Table:
    """Return what is there as a table."""
    shown = Table(title=title, title_justify="left")
    for column in ("what", "name", "id"):
        shown.add_column(column, overflow="fold")
    for each in things:
        # Text and not str: names may look like rich's markup.
        shown.add_row(str(each.kind), Text(each.name), Text(each.id))
    return shown
