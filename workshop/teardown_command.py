"""Destroys the stacks whose workshop is over, or says which are."""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from clients.pulumi_cli import read_settings
from model.problem import InputError
from settings.ending import Stage, ending
from workshop.teardown import Order, stacks, teardown
from workshop.teardown_report import tell


def teardown_all(names: list[str] | None, warn_days: int, unlock_hours: int, *, destroy: bool) -> int:
    """Destroy those of the stacks, or of all stacks that have a file, whose workshop is over; return the exit status.

    Without `destroy` it only says what it would do.
    """
    folder = Path()
    order = Order(datetime.now(UTC), warn_days, unlock_hours, destroy)
    return tell(list(teardown(names or stacks(folder), folder, order)), Console(), destroyed=destroy)


def check_ends(names: list[str] | None) -> int:
    """Return 1 if a stack's last day is over, which would be destroyed at once, or if that cannot be told."""
    told, folder = list[str](), Path()
    for name in names or stacks(folder):
        try:
            end = ending(read_settings(name, folder), None, datetime.now(UTC), 0)
        except InputError as error:
            told += map(str, error.problems)
        else:
            told += [f"Stack {name} is {end.sentence}."] if end.stage is Stage.OVER else []
    for line in told:
        Console().print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if told else 0
