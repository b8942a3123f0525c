"""The input of every check, and waits that show their progress."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from clients.cluster_api import ClusterApi, items
from model.json_values import text
from settings import Settings, parts
from workshop.verify.lines import Line
from workshop.verify.objects import Pod

SIMULATED = "kwok.x-k8s.io/node"
"""Annotation of a node that runs nothing, such as the sandbox's."""


@dataclass(frozen=True)
class Patience:
    """How long things are looked at, in seconds."""

    window: float = 30
    """For which the demos' own traffic is watched."""
    settled: float = 60
    """For which pods have to have been ready before their traffic is judged: a proxy learns its backends one by one."""
    most: float = 300
    """After which a measurement ends with what it has."""
    pause: float = 1
    """Between two looks."""


@dataclass(frozen=True)
class Scene:
    """A stack's cluster, what its settings say, and how long to look."""

    api: ClusterApi
    settings: Settings
    patience: Patience = field(default_factory=Patience)
    requests: int | None = None
    """How many requests to judge booksapp's share of errors by; as many as the share takes if left out."""
    show_progress: Callable[[str, float], None] = lambda _doing, _done: None
    """Is told what is being done, and which part of it is, from 0 to 1."""

    @property
    def meshed_namespaces(self) -> list[str]:
        """The stack's namespaces whose pods have proxies."""
        return parts.meshed_namespaces(self.settings)

    @property
    def simulated(self) -> bool:
        """Whether pods only exist as objects here."""
        nodes = items(self.api.find("/api/v1/nodes"))
        return bool(nodes) and all(text(node, "metadata", "annotations", SIMULATED) for node in nodes)


Check = Callable[[Scene], Iterator[Line]]
"""Yields the lines of one group. May raise InputError or UnreachableError."""


def wait_until_settled(scene: Scene, group: str, pods: Sequence[Pod]) -> None:
    """Return once the youngest of the pods has been ready for a while."""
    wanted = scene.patience.settled
    youngest = max(pod.ready_since for pod in pods)
    left = min(wanted, wanted - (datetime.now(UTC) - youngest).total_seconds())
    if left > 0:
        let_time_pass(scene, group, left)


def let_time_pass(scene: Scene, group: str, seconds: float) -> float:
    """Let `seconds` pass; return how many did."""
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        scene.show_progress(group, passed / seconds)
        time.sleep(min(scene.patience.pause, seconds - passed))
    return time.monotonic() - start
