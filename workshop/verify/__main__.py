"""`python -m workshop.verify --stack <stack>`: exit status 0 if every check passed, 1 if one failed."""

import argparse
import sys
import time

from rich.console import Console

from clients.clusters import api_of
from clients.first_contact import greet
from clients.pulumi_cli import read_settings
from model.problem import InputError
from workshop.verify import show
from workshop.verify.line import Status
from workshop.verify.run import run
from workshop.verify.scene import Patience, Scene


def main() -> int:
    """Look at everything, and show it."""
    parser = argparse.ArgumentParser(prog="workshop.verify", description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack's name, as in Pulumi.<stack>.yaml")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--requests", type=int, help="how many requests to judge booksapp's share of errors by")
    parser.add_argument("--seconds", type=float, default=Patience.window, help="how long to watch the demos' traffic")
    chosen = parser.parse_args()
    try:
        return _verify(chosen)
    except InputError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1


def _verify(chosen: argparse.Namespace) -> int:
    settings = read_settings(chosen.stack)
    api = api_of(settings)
    greet(api)
    start = time.monotonic()
    with show.progress(Console(stderr=True)) as tell:
        scene = Scene(api, settings, Patience(window=chosen.seconds), chosen.requests, tell)
        lines = run(scene)
    seconds = time.monotonic() - start
    if chosen.json:
        sys.stdout.write(show.document(chosen.stack, api.address, lines, seconds) + "\n")
    else:
        console = Console()
        console.print(show.table(chosen.stack, api.address, lines))
        console.print(show.summary(lines, seconds), highlight=False)
    return 1 if show.count(lines, Status.FAILED) else 0


if __name__ == "__main__":
    sys.exit(main())
