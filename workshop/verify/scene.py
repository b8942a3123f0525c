"""The input of every check, and waits that show their progress."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from clients.cluster_api import ClusterApi, items
from model.json_values import text
from settings import Settings
from workshop.verify.lines import Demo, Line
from workshop.verify.objects import Pod

SIMULATED = "kwok.x-k8s.io/node"
"""Annotation of a node that runs nothing, such as the sandbox's."""


@dataclass(frozen=True)
class Patience:
    """The durations of measurements and waits, in seconds."""

    window: float = 30
    """The time for which the demos' own traffic is measured."""
    settled: float = 60
    """The time for which pods have to be ready before a check: a proxy discovers its backends one by one."""
    most: float = 300
    """The time after which a measurement ends early."""
    pause: float = 1
    """The time between two readings."""


@dataclass(frozen=True)
class Scene:
    """The stack's cluster and settings, and the durations of the measurements."""

    api: ClusterApi
    settings: Settings
    patience: Patience = field(default_factory=Patience)
    requests: int | None = None
    """Number of requests that judge booksapp's share of errors; by default as many as the share needs."""
    show_progress: Callable[[str, float], None] = lambda _doing, _done: None
    """Called with a group's name and its progress, from 0 to 1."""
    clients: int = 4
    """Number of threads that request booksapp's pages."""

    @property
    def simulated(self) -> bool:
        """True if pods only exist as objects, as on the sandbox."""
        nodes = items(self.api.find("/api/v1/nodes"))
        return bool(nodes) and all(text(node, "metadata", "annotations", SIMULATED) for node in nodes)


GroupCheck = Callable[[Scene], Iterator[Line]]
"""Yields the lines of one group. May raise InputError or UnreachableError."""
DemoCheck = Callable[[Scene, Demo], Iterator[Line]]
"""Likewise for a demo, which may be an attendee's."""


def wait_until_settled(scene: Scene, group: str, pods: Sequence[Pod]) -> None:
    """Return when the youngest of the pods has been ready long enough."""
    wanted = scene.patience.settled
    youngest = max(pod.ready_since for pod in pods)
    left = min(wanted, wanted - (datetime.now(UTC) - youngest).total_seconds())
    if left > 0:
        let_time_pass(scene, group, left)


def let_time_pass(scene: Scene, group: str, seconds: float) -> float:
    """Wait for `seconds` and show the progress; return the seconds that passed."""
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        scene.show_progress(group, passed / seconds)
        time.sleep(min(scene.patience.pause, seconds - passed))
    return time.monotonic() - start
