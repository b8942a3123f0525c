"""`python -m operations.verify --stack <stack>`: exit status 0 if every check passed, 1 if one failed."""

import argparse
import sys
import time

from rich.console import Console

from operations.clusters import api_of
from operations.first_contact import greet
from operations.problem import InputError
from operations.stack_names import stack_file
from operations.stack_settings import from_file
from operations.verify import show
from operations.verify.line import Status
from operations.verify.run import run
from operations.verify.scene import Patience, Scene


def main() -> int:
    """Look at everything, and show it."""
    parser = argparse.ArgumentParser(prog="operations.verify", description=__doc__)
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
    settings = from_file(stack_file(chosen.stack))
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
