"""The account, the cluster and the Pulumi CLI of a command that destroys a stack."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from clients.cluster_api import ClusterApi, check_connection
from settings import Settings
from workshop.drain import commands
from workshop.drain.account import Found, Hosts, Marks
from workshop.drain.cluster import Held

EKS = {"cluster": "workshop", "region": "eu-central-1", "owner": "team"}
ON_EKS = Settings.model_validate({"eks": EKS, "dns": {"zone": "example.com"}})
URN = "urn:pulumi:dev::linkerd-workshop::kubernetes:networking.k8s.io/v1:Ingress::booksapp-host-ingress"


def always(value: object) -> Callable[..., object]:
    """Return a function that returns `value` for all arguments."""

    def answer(*_: object, **__: object) -> object:
        return value

    return answer


def find_hosts(settings: Settings, _: str) -> Hosts | None:
    account: Any = None  # which is not asked
    marks = Marks("workshop", "linkerd-workshop-dev", "Z1", "owner")
    return Hosts(account, marks, replace(marks, group=None)) if settings.eks else None


def explain_controller(_: object, name: str) -> str:
    return f"{name} complains"


def check_real_connection(api: object) -> None:
    if isinstance(api, ClusterApi):  # of a cluster on loopback; the simulated one answers
        check_connection(api)


@dataclass
class Scene:
    """The account, the cluster and the Pulumi CLI of a command, and a record of what it did there."""

    patch: pytest.MonkeyPatch
    in_account: list[Found] = field(default_factory=list[Found])
    of_others: list[Found] = field(default_factory=list[Found])
    """What else the cluster's controller has created there."""
    in_cluster: list[Held] = field(default_factory=list[Held])
    statuses: dict[str, int] = field(default_factory=dict[str, int])
    """Of the Pulumi CLI, by an argument."""
    urns: list[str] = field(default_factory=partial(list[str], [URN]))
    done: list[str] = field(default_factory=list[str])
    printed: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        """Replace AWS, the cluster and the Pulumi CLI."""
        self.console = Console(file=self.printed, width=400)
        self.patch.setattr(commands.leftovers, "report", self._report_leftovers)
        doubles: dict[str, object] = {
            "find_hosts": find_hosts,
            "find_everything": self._find_everything,
            "create_api": always(SimpleNamespace(address="https://cluster")),
            "check_connection": check_real_connection,
            "remove": self._remove,
            "explain_controller": explain_controller,
            "list_ingresses": self._list_ingresses,
            "list_bindings": always([]),
            "list_unanswered_webhooks": always([]),
            "release_finalizers": self._release,
            "list_ingress_urns": self._list_urns,
            "run_pulumi": self._run_pulumi,
            "RECORD_SECONDS": 0,
        }
        for name, double in doubles.items():
            self.patch.setattr(commands, name, double)

    def _list_ingresses(self, *_: object) -> list[Held]:
        return list(self.in_cluster)

    def _list_urns(self, _: str) -> list[str]:
        return self.urns

    def _find_everything(self, _: object, marks: Marks) -> list[Found]:
        return [*self.in_account, *(self.of_others if marks.group is None else [])]

    def _report_leftovers(self, *_: object) -> int:
        self.done.append("leftovers")
        return 0

    def _release(self, _: object, each: Held) -> None:
        self.done.append(f"release {each.name}")

    def _remove(self, _: object, things: Sequence[Found], __: object) -> None:
        if things:
            self.done.append(f"remove {', '.join(each.name for each in things)}")
        self.in_account = [each for each in self.in_account if each not in things]
        self.of_others = [each for each in self.of_others if each not in things]

    def _run_pulumi(self, _: str, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
        variables = "".join(f"{key}={value} " for key, value in (environment or {}).items())
        self.done.append(variables + " ".join(arguments))
        return next((status for argument, status in self.statuses.items() if argument in arguments), 0)

    @property
    def said(self) -> str:
        """The words that were printed."""
        return " ".join(self.printed.getvalue().split())

    def destroy(self, settings: Settings = ON_EKS, *, yes: bool = True) -> int:
        """Destroy the stack."""
        return commands.destroy_stack(settings, "dev", self.console, yes=yes, seconds=0)

    def release(self) -> int:
        """Release the stack's hosts."""
        return commands.release_hosts(ON_EKS, "dev", self.console, yes=True)

    def forget(self, settings: Settings = ON_EKS) -> int:
        """Forget the stack's cluster."""
        return commands.forget_cluster(settings, "dev", self.console, yes=True)
