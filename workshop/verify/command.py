"""Checks whether the workshop does what its settings say, and shows what was found."""

import time

from rich.console import Console

from clients.cluster_api import check_connection
from clients.clusters import create_api
from clients.pulumi_cli import read_settings
from workshop.verify import show
from workshop.verify.line import Status
from workshop.verify.run import run
from workshop.verify.scene import Patience, Scene


def verify(stack: str, *, as_json: bool, requests: int | None, seconds: float | None) -> int:
    """Run every check and print a line for each; return 1 if one failed. Raises InputError if nothing can be asked."""
    settings = read_settings(stack)
    api = create_api(settings)
    check_connection(api)
    patience = Patience() if seconds is None else Patience(window=seconds)
    start = time.monotonic()
    with show.progress(Console(stderr=True)) as tell:
        lines = run(Scene(api, settings, patience, requests, tell))
    took = time.monotonic() - start
    if as_json:
        print(show.document(stack, api.address, lines, took))
    else:
        console = Console()
        console.print(show.table(stack, api.address, lines))
        console.print(show.summary(lines, took), highlight=False)
    return 1 if show.count(lines, Status.FAILED) else 0
