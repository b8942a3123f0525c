"""The operator's commands: `python -m workshop <command> --stack <stack>`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial

from rich.console import Console

from clients.pulumi_cli import read_settings
from model.moments import number_of_days
from model.problem import InputError
from settings import Settings
from workshop import check_cluster, expiry, fill_mirror, leftovers, outputs_summary, teardown_command
from workshop.drain import destroy, forget, release
from workshop.drain.watch import PATIENCE
from workshop.previews import command as previews

Command = Callable[[Settings, str, Console], int]
COMMANDS = ["check-cluster", "expiry", "leftovers", "outputs", "destroy", "release-hosts", "forget-cluster"]
OWN_ARGUMENTS: dict[str, Callable[[Sequence[str]], int]] = {
    **dict.fromkeys(previews.COMMANDS, previews.main),
    "fill-mirror": lambda arguments: fill_mirror.main(arguments[1:]),
    "teardown": lambda arguments: teardown_command.main(arguments[1:]),
}
"""Commands that are not about one stack's settings, and read their own arguments."""


def main() -> int:
    """Run one command; return its exit status."""
    if sys.argv[1:2] and (own := OWN_ARGUMENTS.get(sys.argv[1])):
        return _told(partial(own, sys.argv[1:]))
    parser = argparse.ArgumentParser(prog="workshop", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--stack", required=True, help="the stack's name, as in Pulumi.<stack>.yaml")
    parser.add_argument(
        "--days", type=number_of_days, default=expiry.DAYS, help="expiry: for how long certificates have to last"
    )
    parser.add_argument("--yes", action="store_true", help="destroy and its kin: do not ask")
    parser.add_argument("--seconds", type=int, default=PATIENCE, help="destroy: how long load balancers may take to go")
    chosen = parser.parse_args()
    commands: dict[str, Command] = {
        "check-cluster": check_cluster.check_cluster,
        "expiry": partial(expiry.report, days=chosen.days),
        "leftovers": leftovers.report,
        "outputs": outputs_summary.report,
        "destroy": partial(destroy.run, yes=chosen.yes, seconds=chosen.seconds),
        "release-hosts": partial(release.run, yes=chosen.yes),
        "forget-cluster": partial(forget.run, yes=chosen.yes),
    }
    return _told(lambda: commands[chosen.command](read_settings(chosen.stack), chosen.stack, Console()))


def _told(run: Callable[[], int]) -> int:
    """Return the exit status of a command; what is wrong with its inputs is told without a traceback."""
    try:
        return run()
    except InputError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
