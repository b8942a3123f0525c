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
from rich.prompt import Confirm

from clients.cluster_api import ClusterApi, check_connection
from model.problem import InputError, Problem
from settings import Settings
from tests.doubles.api_server import Cluster, kubeconfig, serving
from workshop.drain import commands
from workshop.drain.account import Found, Hosts, Kind, Marks
from workshop.drain.cluster import WEBHOOKS, Held, list_unanswered_webhooks

EKS = {"cluster": "workshop", "region": "eu-central-1", "owner": "team"}
ON_EKS = Settings.model_validate({"eks": EKS, "dns": {"zone": "example.com"}})
URN = "urn:pulumi:dev::linkerd-workshop::kubernetes:networking.k8s.io/v1:Ingress::booksapp-host-ingress"
BALANCER, RECORD = Found(Kind.LOAD_BALANCER, "arn:lb", "k8s-dev"), Found(Kind.RECORD, "A books", "books (A)")
SHARED = Found(Kind.SECURITY_GROUP, "sg-1", "k8s-traffic")
FINALIZER = "group.ingress.k8s.aws/linkerd-workshop-dev"
NOBODY: Any = None
"""The account, which nobody asks."""
INGRESS = Held("Ingress", "/path", "booksapp/webapp", is_being_deleted=True, finalizers=(FINALIZER, "other"))


def always(value: object) -> Callable[..., object]:
    """Return a function that returns `value` whatever it is given."""

    def told(*_: object, **__: object) -> object:
        return value

    return told


def find_hosts(settings: Settings, _: str) -> Hosts | None:
    """Play an account."""
    marks = Marks("workshop", "linkerd-workshop-dev", "Z1", "owner")
    return Hosts(NOBODY, marks, replace(marks, group=None)) if settings.eks else None


def explain_controller(_: object, name: str) -> str:
    """Play a controller's log."""
    return f"{name} complains"


def check_real_connection(api: object) -> None:
    """Check the connection to a cluster on loopback; the simulated one answers."""
    if isinstance(api, ClusterApi):
        check_connection(api)


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
        self._set(commands, "find_hosts", find_hosts)
        self._set(commands, "find_everything", self._everything)
        self._set(commands, "create_api", always(SimpleNamespace(address="https://cluster")))
        self._set(commands, "check_connection", check_real_connection)
        self._set(commands, "remove", self._remove)
        self._set(commands.leftovers, "report", self._leftovers)
        self._set(commands, "explain_controller", explain_controller)
        self._set(commands, "list_ingresses", self._ingresses)
        self._set(commands, "list_bindings", always([]))
        self._set(commands, "list_unanswered_webhooks", always([]))
        self._set(commands, "release_finalizers", self._release)
        self._set(commands, "list_ingress_urns", self._list_urns)
        self._set(commands, "run_pulumi", self._run_pulumi)

    def _everything(self, _: object, marks: Marks) -> list[Found]:
        return [*self.in_account, *(self.of_others if marks.group is None else [])]

    def _ingresses(self, *_: object) -> list[Held]:
        return list(self.in_cluster)

    def _list_urns(self, _: str) -> list[str]:
        return self.urns

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

    def _run_pulumi(self, _: str, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
        """Play the Pulumi CLI."""
        variables = "".join(f"{key}={value} " for key, value in (environment or {}).items())
        self.did(variables + " ".join(arguments))
        return next((status for argument, status in self.statuses.items() if argument in arguments), 0)

    @property
    def said(self) -> str:
        """What was printed."""
        assert isinstance(self.console.file, io.StringIO)
        return " ".join(self.console.file.getvalue().split())


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def take_away(scene: Scene, settings: Settings = ON_EKS, *, yes: bool = True) -> int:
    return commands.destroy_stack(settings, "dev", scene.console, yes=yes, seconds=0)


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
    assert f"Ingress booksapp/webapp cannot be deleted: the finalizer {FINALIZER} stays" in scene.said
    assert "make release-hosts STACK=dev" in scene.said


def test_a_second_run_waits_for_what_the_first_one_left(scene: Scene) -> None:
    scene.urns, scene.in_account = [], [RECORD]

    assert take_away(scene) == 1
    assert scene.done == [], "no Ingress is left to go, and nothing else may"


def test_nothing_goes_where_nobody_answers(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> bool:
        raise EOFError

    monkeypatch.setattr(Confirm, "ask", nobody)

    assert take_away(scene, yes=False) == 1
    assert scene.done == ["destroy --preview-only"]
    assert "YES=--yes" in scene.said


def test_a_cluster_that_is_gone_ends_in_the_one_command_that_helps(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silence(_: object) -> None:
        raise InputError([Problem("https://x", "the cluster does not answer", "it has to", "Check it.")])

    monkeypatch.setattr(commands, "check_connection", silence)

    assert "make forget-cluster STACK=dev" in problems(lambda: take_away(scene))
    assert scene.done == []
    scene.statuses = {"destroy": 255}
    assert "make forget-cluster STACK=dev" in problems(lambda: take_away(scene, Settings()))


@pytest.mark.parametrize(("status", "outcome"), [(0, "the stack is destroyed"), (255, "the destroy ended early")])
def test_a_cluster_that_fails_after_a_destroy_does_not_unmake_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, status: int, outcome: str
) -> None:
    def silence(*_: object) -> int:
        raise InputError([Problem("https://x", "etcdserver: request timed out", "it has to answer", "Try again.")])

    monkeypatch.setattr(commands, "check_connection", silence)
    monkeypatch.setattr(commands.leftovers, "report", silence)
    scene.statuses = {"destroy": status}
    told = problems(lambda: take_away(scene, Settings()))

    assert outcome in told
    assert "nothing was changed" not in told


def test_hosts_are_released_in_the_order_in_which_nobody_makes_them_anew(scene: Scene) -> None:
    scene.in_account, scene.in_cluster = [RECORD, BALANCER], [INGRESS]

    assert commands.release_hosts(ON_EKS, "dev", scene.console, yes=True, seconds=0) == 0
    assert scene.done == ["remove k8s-dev", "release booksapp/webapp", "remove books (A)"]
    assert FINALIZER in scene.said


def note(scene: Scene, cluster: Cluster, *_: object) -> None:
    """Note what was deleted so far."""
    scene.done.extend(cluster.deleted)


@pytest.mark.parametrize("ready", [0, 1])
def test_webhooks_that_no_pod_answers_are_deleted_before_a_finalizer(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: int
) -> None:
    scene.in_cluster, name = [INGRESS], "aws-load-balancer-controller"
    own = {"metadata": {"labels": {"app.kubernetes.io/name": name}}}
    answers: dict[str, object] = {f"{path}/aws-load-balancer-webhook": own for path in WEBHOOKS.values()}
    answers |= {f"{path}/of-others": {} for path in WEBHOOKS.values()}
    deployment = {"metadata": {"name": name}, "status": {"readyReplicas": ready}}
    answers[f"/apis/apps/v1/deployments?labelSelector=app.kubernetes.io/name%3D{name}"] = {"items": [deployment]}
    cluster = Cluster(answers)
    monkeypatch.setattr(commands, "list_unanswered_webhooks", list_unanswered_webhooks)
    with serving(cluster, tmp_path) as path:
        monkeypatch.setattr(commands, "create_api", always(ClusterApi(str(path))))
        monkeypatch.setattr(commands, "release_finalizers", partial(note, scene, cluster))
        assert commands.release_hosts(ON_EKS, "dev", scene.console, yes=True, seconds=0) == 0

    assert scene.done == ([] if ready else [f"{path}/aws-load-balancer-webhook" for path in WEBHOOKS.values()])
    assert ("ValidatingWebhookConfiguration aws-load-balancer-webhook is deleted" in scene.said) is not bool(ready)


@pytest.mark.parametrize("others", [[SHARED], [BALANCER, SHARED]])
def test_what_all_load_balancers_share_is_released_with_the_last_of_them(scene: Scene, others: list[Found]) -> None:
    scene.of_others = others

    assert commands.release_hosts(ON_EKS, "dev", scene.console, yes=True, seconds=0) == 0
    assert scene.done == (["remove k8s-traffic"] if others == [SHARED] else []), "another one still needs it"


def test_a_host_in_use_is_not_released(scene: Scene) -> None:
    scene.in_cluster = [replace(INGRESS, is_being_deleted=False)]

    assert "it is in use" in problems(lambda: commands.release_hosts(ON_EKS, "dev", scene.console, yes=True))
    assert scene.done == []


def test_a_cluster_that_aws_knows_is_not_forgotten(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "cluster_exists", always(value=True))

    assert "it exists, in eu-central-1" in problems(
        lambda: commands.forget_cluster(ON_EKS, "dev", scene.console, yes=True)
    )
    assert scene.done == []


def test_a_cluster_that_is_gone_is_forgotten_with_what_its_controllers_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "cluster_exists", always(value=False))
    scene.in_account = [BALANCER, RECORD]

    assert commands.forget_cluster(ON_EKS, "dev", scene.console, yes=True) == 0
    flag = "PULUMI_K8S_DELETE_UNREACHABLE=true"
    assert scene.done == [
        "remove k8s-dev, books (A)",
        f"{flag} refresh --yes --skip-preview",
        f"{flag} destroy --yes --skip-preview",
    ]


def forgotten(scene: Scene, kubeconfig: Path) -> int:
    return commands.forget_cluster(
        Settings.model_validate({"kubeconfig": str(kubeconfig)}), "dev", scene.console, yes=True
    )


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
