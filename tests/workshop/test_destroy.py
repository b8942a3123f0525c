"""Taking a stack away: in which order, and what is said where it cannot go on."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from model.problem import InputError, Problem
from settings import Settings
from tests.doubles.api_server import Cluster, kubeconfig, serving
from workshop.drain import destroy, forget, held, release
from workshop.drain.account import Found, Kind, Marks
from workshop.drain.held import Held
from workshop.drain.served import Served

EKS = {"cluster": "workshop", "region": "eu-central-1", "owner": "team"}
ON_EKS = Settings.model_validate({"eks": EKS, "dns": {"zone": "example.com"}})
URN = "urn:pulumi:dev::linkerd-workshop::kubernetes:networking.k8s.io/v1:Ingress::booksapp-host-ingress"
BALANCER, RECORD = Found(Kind.LOAD_BALANCER, "arn:lb", "k8s-dev"), Found(Kind.RECORD, "A books", "books (A)")
SHARED = Found(Kind.SECURITY_GROUP, "sg-1", "k8s-traffic")
FINALIZER = "group.ingress.k8s.aws/linkerd-workshop-dev"
NOBODY: Any = None
"""The account, which nobody asks."""
INGRESS = Held("Ingress", "/path", "booksapp/webapp", is_going=True, finalizers=(FINALIZER, "other"))


def always(value: object) -> Callable[..., object]:
    """Return a function that returns `value` whatever it is given."""

    def told(*_: object, **__: object) -> object:
        return value

    return told


def served(settings: Settings, _: str) -> Served | None:
    """Play an account."""
    marks = Marks("workshop", "linkerd-workshop-dev", "Z1", "owner")
    return Served(NOBODY, marks, replace(marks, group=None)) if settings.eks else None


def reason(_: object, name: str) -> str:
    """Play a controller's log."""
    return f"{name} complains"


@dataclass
class Scene:
    """Everything that a command meets, and what it did there."""

    patch: pytest.MonkeyPatch
    in_account: list[Found] = field(default_factory=list[Found])
    of_others: list[Found] = field(default_factory=list[Found])
    """What else the cluster's controller has made there."""
    in_cluster: list[Held] = field(default_factory=list[Held])
    statuses: dict[str, int] = field(default_factory=dict[str, int])
    """By the first argument that has one."""
    urns: list[str] = field(default_factory=partial(list[str], [URN]))
    done: list[str] = field(default_factory=list[str])
    console: Console = field(default_factory=partial(Console, file=None, width=400))

    def __post_init__(self) -> None:
        """Put it in the place of AWS, the cluster and the Pulumi CLI."""
        self.console.file = io.StringIO()
        for module in (destroy, release, forget):
            self._set(module, "served", served)
            self._set(module, "everything", self._everything)
        for module in (destroy, release):
            self._set(module, "create_api", always(SimpleNamespace(address="https://cluster")))
        for module in (release, forget):
            self._set(module, "remove", self._remove)
        self._set(destroy, "check_connection", always(None))
        self._set(destroy.leftovers, "report", self._leftovers)
        self._set(destroy.reasons, "reason", reason)
        self._set(held, "ingresses", self._ingresses)
        self._set(held, "bindings", always([]))
        self._set(held, "release", self._release)
        for module in (destroy, forget):
            self._set(module, "Pulumi", always(self))

    def _everything(self, _: object, marks: Marks) -> list[Found]:
        return [*self.in_account, *(self.of_others if marks.group is None else [])]

    def _ingresses(self, *_: object) -> list[Held]:
        return list(self.in_cluster)

    def _leftovers(self, *_: object) -> int:
        self.did("leftovers")
        return 0

    def _release(self, _: object, each: Held) -> None:
        self.did(f"release {each.name}")

    def _set(self, module: object, name: str, value: object) -> None:
        self.patch.setattr(module, name, value, raising=False)

    def _remove(self, _: object, things: Sequence[Found], __: object) -> None:
        if things:
            self.did(f"remove {', '.join(each.name for each in things)}")
        self.in_account = [each for each in self.in_account if each not in things]
        self.of_others = [each for each in self.of_others if each not in things]

    def did(self, what: str) -> None:
        """Note what was done."""
        self.done.append(what)

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
        """Play the Pulumi CLI."""
        variables = "".join(f"{key}={value} " for key, value in (environment or {}).items())
        self.did(variables + " ".join(arguments))
        return next((status for argument, status in self.statuses.items() if argument in arguments), 0)

    def ingresses(self) -> list[str]:
        """Play the state."""
        return self.urns

    @property
    def said(self) -> str:
        """What was printed."""
        assert isinstance(self.console.file, io.StringIO)
        return " ".join(self.console.file.getvalue().split())


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def take_away(scene: Scene, settings: Settings = ON_EKS, *, yes: bool = True) -> int:
    return destroy.run(settings, "dev", scene.console, yes=yes, seconds=0)


def problems(run: Callable[[], int]) -> str:
    with pytest.raises(InputError) as caught:
        run()
    return str(caught.value)


def test_on_another_cluster_pulumi_does_it_all_and_asks_by_itself(scene: Scene) -> None:
    assert take_away(scene, Settings(), yes=False) == 0
    assert scene.done == ["destroy", "leftovers"]


def test_ingresses_go_first_and_the_rest_when_nothing_of_theirs_is_left(scene: Scene) -> None:
    assert take_away(scene) == 0
    assert scene.done == [f"destroy --yes --skip-preview --target {URN}", "destroy --yes --skip-preview", "leftovers"]


def test_what_stays_in_the_account_keeps_the_controllers_from_going(scene: Scene) -> None:
    scene.in_account = [BALANCER, RECORD]

    assert take_away(scene) == 1
    assert "leftovers" not in scene.done
    assert len(scene.done) == 1, "only the Ingresses went"
    for told in ("k8s-dev", "books (A)", "external-dns complains", "aws-load-balancer-controller complains"):
        assert told in scene.said
    assert "make release-hosts STACK=dev" in scene.said


def test_an_ingress_that_cannot_go_is_explained_with_its_finalizer(scene: Scene) -> None:
    scene.statuses, scene.in_cluster = {"--target": 255}, [INGRESS]

    assert take_away(scene) == 255
    assert f"Ingress booksapp/webapp cannot go: the finalizer {FINALIZER} stays" in scene.said
    assert "make release-hosts STACK=dev" in scene.said


def test_a_second_run_waits_for_what_the_first_one_left(scene: Scene) -> None:
    scene.urns, scene.in_account = [], [RECORD]

    assert take_away(scene) == 1
    assert scene.done == [], "no Ingress is left to go, and nothing else may"


def test_nothing_goes_where_nobody_answers(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> bool:
        raise EOFError

    monkeypatch.setattr(destroy.Confirm, "ask", nobody)

    assert take_away(scene, yes=False) == 1
    assert scene.done == ["destroy --preview-only"]
    assert "YES=--yes" in scene.said


def test_a_cluster_that_is_gone_ends_in_the_one_command_that_helps(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silence(_: object) -> None:
        raise InputError([Problem("https://x", "the cluster does not answer", "it has to", "Check it.")])

    monkeypatch.setattr(destroy, "check_connection", silence)

    assert "make forget-cluster STACK=dev" in problems(lambda: take_away(scene))
    assert scene.done == []
    scene.statuses = {"destroy": 255}
    assert "make forget-cluster STACK=dev" in problems(lambda: take_away(scene, Settings()))


def test_hosts_are_released_in_the_order_in_which_nobody_makes_them_anew(scene: Scene) -> None:
    scene.in_account, scene.in_cluster = [RECORD, BALANCER], [INGRESS]

    assert release.run(ON_EKS, "dev", scene.console, yes=True, seconds=0) == 0
    assert scene.done == ["remove k8s-dev", "release booksapp/webapp", "remove books (A)"]
    assert FINALIZER in scene.said


@pytest.mark.parametrize("others", [[SHARED], [BALANCER, SHARED]])
def test_what_all_load_balancers_share_is_released_with_the_last_of_them(scene: Scene, others: list[Found]) -> None:
    scene.of_others = others

    assert release.run(ON_EKS, "dev", scene.console, yes=True, seconds=0) == 0
    assert scene.done == (["remove k8s-traffic"] if others == [SHARED] else []), "another one still needs it"


def test_a_host_in_use_is_not_released(scene: Scene) -> None:
    scene.in_cluster = [replace(INGRESS, is_going=False)]

    assert "it is in use" in problems(lambda: release.run(ON_EKS, "dev", scene.console, yes=True))
    assert scene.done == []


def test_a_cluster_that_aws_knows_is_not_forgotten(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forget, "is_there", always(value=True))

    assert "it is there, in eu-central-1" in problems(lambda: forget.run(ON_EKS, "dev", scene.console, yes=True))
    assert scene.done == []


def test_a_cluster_that_is_gone_is_forgotten_with_what_its_controllers_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget, "is_there", always(value=False))
    scene.in_account = [BALANCER, RECORD]

    assert forget.run(ON_EKS, "dev", scene.console, yes=True) == 0
    flag = "PULUMI_K8S_DELETE_UNREACHABLE=true"
    assert scene.done == [
        "remove k8s-dev, books (A)",
        f"{flag} refresh --yes --skip-preview",
        f"{flag} destroy --yes --skip-preview",
    ]


def forgotten(scene: Scene, kubeconfig: Path) -> int:
    return forget.run(Settings.model_validate({"kubeconfig": str(kubeconfig)}), "dev", scene.console, yes=True)


@pytest.mark.parametrize("status", [200, 401, 403, 500])
def test_a_cluster_that_answers_anything_is_not_forgotten(scene: Scene, tmp_path: Path, status: int) -> None:
    cluster = Cluster(everything=(status, "application/json", b'{"message": "no", "gitVersion": "v1.36.3"}'))
    with serving(cluster, tmp_path) as path:
        assert problems(lambda: forgotten(scene, path))

    assert scene.done == []


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_cluster_that_cannot_be_understood_or_is_behind_a_proxy_is_not_forgotten(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(Cluster(), tmp_path) as path:
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("http://", "https://") if scheme == "https" else text.replace("127.0.0.1", "api.invalid"),
            encoding="utf-8",
        )
        assert problems(lambda: forgotten(scene, path))

    assert scene.done == []


def test_a_cluster_whose_address_nobody_has_is_forgotten(scene: Scene, tmp_path: Path) -> None:
    assert forgotten(scene, kubeconfig(tmp_path, "http://127.0.0.1:1")) == 0
    assert forgotten(scene, tmp_path / "deleted") == 0
    assert "PULUMI_K8S_DELETE_UNREACHABLE=true destroy --yes --skip-preview" in scene.done
