"""The operator's commands: `python -m operations <command> --stack <stack>`."""

import argparse
import sys
from functools import partial
from pathlib import Path

from rich.console import Console

from operations import expiry, leftovers, report
from operations.problem import InputError
from operations.stack_settings import from_file


def main() -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="operations", description=__doc__)
    parser.add_argument("command", choices=["check-cluster", "expiry", "leftovers"])
    parser.add_argument("--stack", required=True, help="the stack's name, as in Pulumi.<stack>.yaml")
    parser.add_argument("--days", type=int, default=expiry.DAYS, help="expiry: for how long certificates have to last")
    chosen = parser.parse_args()
    commands = {
        "check-cluster": report.check_cluster,
        "expiry": partial(expiry.report, days=chosen.days),
        "leftovers": leftovers.report,
    }
    try:
        return commands[chosen.command](from_file(Path(f"Pulumi.{chosen.stack}.yaml")), chosen.stack, Console())
    except InputError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1


sys.exit(main())
