"""What every check is given."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from clients.cluster_api import ClusterApi, items
from model.json_values import text
from settings import Settings, parts
from workshop.verify.line import Line

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
    tell: Callable[[str, float], None] = lambda _doing, _done: None
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
