"""Runs the two controllers in the background."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from http.client import HTTPException

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.console import say

PAUSE = 0.3


@contextmanager
def working(steps: Sequence[Callable[[], None]], *, pause: float = PAUSE) -> Generator[None]:
    """Repeat each of `steps` in a thread of its own while the context lasts."""
    end = threading.Event()
    threads = [threading.Thread(target=_repeat, args=(step, end, pause), daemon=True) for step in steps]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        end.set()
        for each in threads:
            each.join()


def _repeat(step: Callable[[], None], end: threading.Event, pause: float) -> None:
    printed = ""
    while not end.wait(pause):
        try:
            step()
        # As a controller does: a failed step is retried, and its error printed once.
        except (OSError, HTTPException, ValueError, ClientError, BotoCoreError, StopIteration) as failure:
            if printed != (printed := f"{type(failure).__name__}: {failure}"):
                say(f"controller: {printed}")
