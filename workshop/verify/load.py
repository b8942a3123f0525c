"""Visitors who ask for a page again and again, while something else counts."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice

from workshop.verify.asking import Door, UnreachableError

VISITORS = 4
PATIENCE = 6
"""How often in a row a visitor gets no answer before all of them stop."""
PAUSE = 0.5
"""Seconds until he asks again then."""


class Visits:
    """What the visitors have done so far."""

    def __init__(self) -> None:
        self.pages = 0
        self.trouble = ""
        """What one of them could not reach; they have all stopped then."""
        self.over = threading.Event()
        self._lock = threading.Lock()

    def visit(self, open_door: Callable[[], Door], path: str) -> None:
        """Ask until it is over, or until the app is silent for a while: one that restarts is no trouble."""
        silent = 0
        with open_door() as door:
            while not self.over.is_set():
                try:
                    door.ask(path)
                except UnreachableError as error:
                    silent += 1
                    if silent == PATIENCE:
                        self.trouble = str(error)
                        self.over.set()
                    self.over.wait(PAUSE)
                else:
                    silent = 0
                    self._count()

    def _count(self) -> None:
        with self._lock:
            self.pages += 1


@contextmanager
def visiting(doors: Sequence[Callable[[], Door]], path: str) -> Generator[Visits]:
    """Let visitors ask for `path` through the `doors` in turn, until the block ends."""
    visits = Visits()
    threads = [
        threading.Thread(target=visits.visit, args=(door, path), daemon=True) for door in islice(cycle(doors), VISITORS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield visits
    finally:
        visits.over.set()
        for thread in threads:
            thread.join()
