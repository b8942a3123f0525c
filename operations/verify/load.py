"""Visitors who ask for a page again and again, while something else counts."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice

from operations.verify.asking import Door, UnreachableError

VISITORS = 4


class Visits:
    """What the visitors have done so far."""

    def __init__(self) -> None:
        self.pages = 0
        self.trouble = ""
        """What one of them could not reach; they have all stopped then."""
        self.over = threading.Event()
        self._lock = threading.Lock()

    def visit(self, open_door: Callable[[], Door], path: str) -> None:
        """Ask until it is over."""
        try:
            with open_door() as door:
                while not self.over.is_set():
                    door.ask(path)
                    with self._lock:
                        self.pages += 1
        except UnreachableError as error:
            self.trouble = str(error)
            self.over.set()


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
