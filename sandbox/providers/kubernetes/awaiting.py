"""Waiting for objects to become ready, or to be gone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.api import ApiError
from sandbox.providers.kubernetes.manifests import annotation, described, mapping, sequence, text
from sandbox.providers.kubernetes.readiness import Readiness, readiness_of
from sandbox.providers.kubernetes.workloads import JobFailedError, why

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from sandbox.providers.kubernetes.objects import Cluster
    from sandbox.providers.property_values import Object

_DEFAULT_SECONDS = 600.0
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.1, 1.0, 1.3


class NotReadyError(ProviderError):
    """An object was written but did not become ready in time."""

    def __init__(self, message: str, live: Object, reasons: list[str]) -> None:
        super().__init__(message)
        self.live = live
        self.reasons = reasons


@dataclass
class Waiting:
    """One wait: how long, what ends it early, and where it tells what it waits for."""

    seconds: float
    cancelled: threading.Event
    tell: Callable[[str], None]
    _told: str = field(default="", init=False)

    def until(self, attempt: Callable[[], list[str]]) -> list[str]:
        """Try until nothing is missing; gives what is still missing when time is up or the engine cancels."""
        end, pause = time.monotonic() + self.seconds, _FIRST_PAUSE
        while missing := attempt():
            if self._told != missing[-1]:
                self._told = missing[-1]
                self.tell(missing[-1])
            left = end - time.monotonic()
            if left <= 0 or self.cancelled.wait(min(pause, max(left, 0.01))):
                return missing
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)
        self.tell("")
        return []


def timeout_of(manifest: Object, seconds: float) -> float:
    """Give how long to wait: the resource's custom timeout, else its annotation, else 10 minutes."""
    if seconds > 0:
        return seconds
    try:
        return float(annotation(manifest, "pulumi.com/timeoutSeconds") or _DEFAULT_SECONDS)
    except ValueError:
        return _DEFAULT_SECONDS


def wait_until_ready(cluster: Cluster, manifest: Object, live: Object, waiting: Waiting) -> Object:
    """Wait for an object that was just written and give it as it is then; raises `NotReadyError`."""
    readiness = readiness_of(cluster, manifest)
    if readiness is None:
        return live
    newest = [live]

    def attempt() -> list[str]:
        newest[0] = cluster.get(live) or newest[0]
        return readiness(newest[0])

    try:
        missing = waiting.until(attempt)
    except JobFailedError as error:
        missing = [str(error)]
    if missing:
        raise _not_ready(cluster, newest[0], missing, waiting)
    return newest[0]


def missing_now(cluster: Cluster, manifest: Object, live: Object) -> list[str]:
    """Say what a live object lacks at this moment, without waiting."""
    readiness: Readiness | None = readiness_of(cluster, manifest)
    if readiness is None or text(live, "kind") == "Service":
        return []
    try:
        return readiness(live)
    except JobFailedError as error:
        return [str(error)]


def _not_ready(cluster: Cluster, live: Object, missing: list[str], waiting: Waiting) -> NotReadyError:
    ended = (
        "the update was cancelled" if waiting.cancelled.is_set() else f"it was not ready after {waiting.seconds:g} s"
    )
    reasons = [*missing, *why(cluster, live)]
    return NotReadyError(f"{described(live)} was written, but {ended}: {'; '.join(reasons)}", live, reasons)


def delete_and_wait(cluster: Cluster, manifest: Object, live: Object, waiting: Waiting) -> None:
    """Delete an object and wait until it is gone; raises `ProviderError` naming what holds it."""
    propagation = annotation(manifest, "pulumi.com/deletionPropagationPolicy").capitalize() or "Foreground"
    try:
        cluster.delete(live, propagation)
    except ApiError as error:
        if error.not_found:
            return
        raise ProviderError(f"{described(live)} could not be deleted: {error}") from error
    first = [live]

    def attempt() -> list[str]:
        found = cluster.get(live)
        if found is None or text(found, "metadata", "uid") != text(live, "metadata", "uid"):
            return []
        first[0] = found
        return _holding(found)

    if holding := waiting.until(attempt):
        ended = "the update was cancelled" if waiting.cancelled.is_set() else f"after {waiting.seconds:g} s"
        raise ProviderError(f"{described(live)} is being deleted but was not gone {ended}: {'; '.join(holding)}")


def _holding(live: Object) -> list[str]:
    finalizers = [
        str(item) for item in (*sequence(live, "metadata", "finalizers"), *sequence(live, "spec", "finalizers"))
    ]
    held = [f"finalizers might be preventing deletion ({', '.join(finalizers)})"] if finalizers else []
    conditions = map(mapping, sequence(live, "status", "conditions"))
    namespace = text(live, "kind") == "Namespace"
    bad = [text(item, "message") for item in conditions if namespace and text(item, "status") == "True"]
    return [*held, *bad] or ["the API server still has it"]
