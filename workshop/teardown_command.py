"""`python -m workshop teardown`: takes away the workshops that are over."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from clients.pulumi_cli import read_settings
from model.moments import number_of_days
from model.problem import InputError
from settings.ending import Stage, ending
from workshop.teardown import Order, stacks, teardown
from workshop.teardown_report import tell

WARN_DAYS, UNLOCK_HOURS = 3, 6


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="operations teardown", description=__doc__)
    parser.add_argument("--stack", action="append", help="a stack's name (default: every stack that has a file)")
    parser.add_argument("--yes", action="store_true", help="take away what is over; without it only tell what would be")
    parser.add_argument("--check", action="store_true", help="only fail if a stack's last day is over")
    parser.add_argument(
        "--warn-days", type=number_of_days, default=WARN_DAYS, help="how many days before the end to warn"
    )
    parser.add_argument(
        "--unlock-hours",
        type=number_of_days,
        default=UNLOCK_HOURS,
        help="how old the lock of a run is that must be gone",
    )
    chosen = parser.parse_args(arguments)
    folder, now = Path(), datetime.now(UTC)
    names: list[str] = chosen.stack or stacks(folder)
    if chosen.check:
        return _check(names, folder, now)
    order = Order(now, chosen.warn_days, chosen.unlock_hours, chosen.yes)
    return tell(list(teardown(names, folder, order)), Console(), destroyed=chosen.yes)


def _check(names: Sequence[str], folder: Path, now: datetime) -> int:
    """Return 1 if a stack's last day is over, which would be taken away at once, or if that cannot be told."""
    told = list[str]()
    for name in names:
        try:
            end = ending(read_settings(name, folder), None, now, 0)
        except InputError as error:
            told += map(str, error.problems)
        else:
            told += [f"Stack {name} is {end.sentence}."] if end.stage is Stage.OVER else []
    for line in told:
        Console().print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if told else 0
