"""Waiting for AWS: for how long, and what is said meanwhile."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.providers.errors import ProviderError
from sandbox.providers.serving import EngineLog

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Wait:
    """One resource's wait."""

    log: EngineLog
    ended: threading.Event
    urn: str
    seconds: float
    """The program's own limit; 0 if it sets none."""

    def until(self, met: Callable[[], str | None], usual_seconds: float) -> None:
        """Wait until `met` reports nothing more; raises with its last report."""
        deadline = time.monotonic() + (self.seconds or usual_seconds)
        while lacking := met():
            if time.monotonic() > deadline:
                raise ProviderError(f"timeout while waiting ({self.seconds or usual_seconds:.0f} s): {lacking}")
            self.log.status(self.urn, lacking)
            if self.ended.wait(POLL_SECONDS):
                raise ProviderError(f"interrupted while waiting: {lacking}")


class Patience:
    """All waits of a provider, which end together when the engine is interrupted."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._ended = threading.Event()

    def of(self, urn: str, seconds: float) -> Wait:
        """The wait for one resource."""
        return Wait(self._log, self._ended, urn, seconds)

    def end(self) -> None:
        """End every wait."""
        self._ended.set()
