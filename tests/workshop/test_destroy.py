"""The order in which a stack is destroyed, and the messages where that cannot continue."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.prompt import Confirm

from clients.cluster_api import ClusterApi
from model.problem import InputError, Problem
from settings import Settings
from tests.doubles.api_server import Cluster, kubeconfig, serving
from tests.doubles.drain_double import ON_EKS, URN, Scene, always
from workshop.drain import commands
from workshop.drain.account import Found, Kind
from workshop.drain.cluster import WEBHOOKS, Held, list_unanswered_webhooks

ELSEWHERE = Settings()
BALANCER, RECORD = Found(Kind.LOAD_BALANCER, "arn:lb", "k8s-dev"), Found(Kind.RECORD, "A books", "books (A)")
SHARED = Found(Kind.SECURITY_GROUP, "sg-1", "k8s-traffic")
CONTROLLER = "aws-load-balancer-controller"
WEBHOOK, PATHS = "aws-load-balancer-webhook", list(WEBHOOKS.values())
FINALIZER = "group.ingress.k8s.aws/linkerd-workshop-dev"
INGRESS = Held("Ingress", "/path", "booksapp/webapp", is_being_deleted=True, finalizers=(FINALIZER, "other"))
INGRESSES_FIRST = f"destroy --yes --skip-preview --target {URN}"
UNREACHABLE = "PULUMI_K8S_DELETE_UNREACHABLE=true"
RELEASE, FORGET = "make release-hosts STACK=dev", "make forget-cluster STACK=dev"


def fail(found: str) -> Callable[..., object]:
    """Return a function that raises an error of the cluster."""

    def answer(*_: object) -> object:
        raise InputError([Problem("https://x", found, "it has to answer", "Check it.")])

    return answer


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def refusal(run: Callable[[], int]) -> str:
    with pytest.raises(InputError) as caught:
        run()
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "yes", "done"),
    [(ELSEWHERE, False, ["destroy"]), (ON_EKS, True, [INGRESSES_FIRST, "destroy --yes --skip-preview"])],
    ids=["another cluster: Pulumi asks by itself", "EKS: the Ingresses first"],
)
def test_a_stack_is_destroyed_and_leftovers_are_looked_for(
    scene: Scene, settings: Settings, done: list[str], *, yes: bool
) -> None:
    assert scene.destroy(settings, yes=yes) == 0
    assert scene.done == [*done, "leftovers"]


@pytest.mark.parametrize(
    ("urns", "left", "done"),
    [([URN], [BALANCER, RECORD], [INGRESSES_FIRST]), ([], [RECORD], list[str]())],
    ids=["first run", "second run"],
)
def test_controllers_stay_as_long_as_something_of_theirs_is_in_the_account(
    scene: Scene, urns: list[str], left: list[Found], done: list[str]
) -> None:
    scene.in_account, scene.urns = left, urns

    assert scene.destroy() == 1
    assert scene.done == done, "nothing but the Ingresses"
    for part in ("books (A)", "external-dns complains", RELEASE):
        assert part in scene.said
    assert all((part in scene.said) == (BALANCER in left) for part in ("k8s-dev", f"{CONTROLLER} complains"))


def test_an_ingress_that_cannot_be_deleted_is_explained_by_its_finalizer(scene: Scene) -> None:
    scene.statuses, scene.in_cluster = {"--target": 255}, [INGRESS]

    assert scene.destroy() == 255
    assert f"Ingress booksapp/webapp cannot be deleted: the finalizer {FINALIZER} stays" in scene.said
    assert RELEASE in scene.said


def test_nothing_is_deleted_where_no_person_can_confirm(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> bool:
        raise EOFError

    monkeypatch.setattr(Confirm, "ask", nobody)

    assert scene.destroy(yes=False) == 1
    assert scene.done == ["destroy --preview-only"]
    assert "YES=--yes" in scene.said


@pytest.mark.parametrize(("settings", "done"), [(ON_EKS, list[str]()), (ELSEWHERE, ["destroy --yes"])])
def test_a_cluster_that_does_not_answer_may_be_forgotten(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, settings: Settings, done: list[str]
) -> None:
    monkeypatch.setattr(commands, "check_connection", fail("the cluster does not answer"))
    scene.statuses = {"destroy": 255}

    assert FORGET in refusal(lambda: scene.destroy(settings))
    assert scene.done == done


@pytest.mark.parametrize(("status", "outcome"), [(0, "the stack is destroyed"), (255, "the destroy ended early")])
def test_an_error_after_the_destroy_does_not_say_that_nothing_was_changed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, status: int, outcome: str
) -> None:
    monkeypatch.setattr(commands, "check_connection", fail("etcdserver: request timed out"))
    monkeypatch.setattr(commands.leftovers, "report", fail("etcdserver: request timed out"))
    scene.statuses = {"destroy": status}
    text = refusal(lambda: scene.destroy(ELSEWHERE))

    assert outcome in text
    assert "nothing was changed" not in text


def test_hosts_are_released_in_the_order_in_which_no_controller_creates_them_again(scene: Scene) -> None:
    scene.in_account, scene.in_cluster = [RECORD, BALANCER], [INGRESS]

    assert scene.release() == 0
    assert scene.done == ["remove k8s-dev", "release booksapp/webapp", "remove books (A)"]
    assert FINALIZER in scene.said
    assert "All of it is deleted. Now run `make destroy STACK=dev` again." in scene.said


@pytest.mark.parametrize("ready", [0, 1])
def test_webhooks_that_no_pod_answers_are_deleted_before_a_finalizer(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: int
) -> None:
    scene.in_cluster = [INGRESS]
    deployment = {"metadata": {"name": CONTROLLER}, "status": {"readyReplicas": ready}}
    cluster = Cluster(
        {
            **{f"{path}/{WEBHOOK}": {"metadata": {"labels": {"app.kubernetes.io/name": CONTROLLER}}} for path in PATHS},
            **{f"{path}/of-others": {} for path in PATHS},
            f"/apis/apps/v1/deployments?labelSelector=app.kubernetes.io/name%3D{CONTROLLER}": {"items": [deployment]},
        }
    )
    monkeypatch.setattr(commands, "list_unanswered_webhooks", list_unanswered_webhooks)

    def note(*_: object) -> None:
        scene.done.extend(cluster.deleted)

    monkeypatch.setattr(commands, "release_finalizers", note)
    with serving(cluster, tmp_path) as path:
        monkeypatch.setattr(commands, "create_api", always(ClusterApi(str(path))))
        assert scene.release() == 0

    assert scene.done == ([] if ready else [f"{path}/{WEBHOOK}" for path in PATHS])
    assert (f"ValidatingWebhookConfiguration {WEBHOOK} is deleted" in scene.said) is not bool(ready)


@pytest.mark.parametrize("others", [[SHARED], [BALANCER, SHARED]])
def test_a_shared_group_is_released_with_the_last_load_balancer_that_needs_it(
    scene: Scene, others: list[Found]
) -> None:
    scene.of_others = others

    assert scene.release() == 0
    assert scene.done == (["remove k8s-traffic"] if others == [SHARED] else [])


def test_a_host_in_use_is_not_released(scene: Scene) -> None:
    scene.in_cluster = [replace(INGRESS, is_being_deleted=False)]

    assert "it is in use" in refusal(scene.release)
    assert scene.done == []


def test_a_cluster_that_aws_knows_is_not_forgotten(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "cluster_exists", always(value=True))

    assert "it exists, in eu-central-1" in refusal(scene.forget)
    assert scene.done == []


def test_a_deleted_cluster_is_forgotten_with_what_its_controllers_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "cluster_exists", always(value=False))
    scene.in_account = [BALANCER, RECORD]
    pulumi = [f"{UNREACHABLE} {command} --yes --skip-preview" for command in ("refresh", "destroy")]

    assert scene.forget() == 0
    assert scene.done == ["remove k8s-dev, books (A)", *pulumi]


def at(kubeconfig: Path) -> Settings:
    return Settings(kubeconfig=str(kubeconfig))


@pytest.mark.parametrize(
    ("status", "part", "instead"),
    [
        *((status, "", "") for status in (200, 401, 403, 500)),
        (0, "http://", "https://"),
        (0, "127.0.0.1", "api.invalid"),
    ],
    ids=["200", "401", "403", "500", "no TLS", "behind a proxy"],
)
def test_a_cluster_that_answers_anything_is_not_forgotten(  # noqa: PLR0913, PLR0917
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, part: str, instead: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    body = b'{"message": "no", "gitVersion": "v1.36.3"}'
    with serving(Cluster(everything=(status, "application/json", body) if status else None), tmp_path) as path:
        path.write_text(path.read_text(encoding="utf-8").replace(part or "\0", instead), encoding="utf-8")
        assert refusal(lambda: scene.forget(at(path)))

    assert scene.done == []


def test_a_cluster_at_an_address_without_a_server_is_forgotten(scene: Scene, tmp_path: Path) -> None:
    assert scene.forget(at(kubeconfig(tmp_path, "http://127.0.0.1:1"))) == 0
    assert scene.forget(at(tmp_path / "deleted")) == 0
    assert f"{UNREACHABLE} destroy --yes --skip-preview" in scene.done
