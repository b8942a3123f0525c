"""`make verify` as a whole: the table, the JSON, the exit status, and what it does where nothing answers."""

import io
import json
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from clients.cluster_api import ClusterApi
from clients.pod_stream import connect
from settings import Settings
from tests.doubles.api_server import READY, Cluster, kubeconfig, serving
from tests.doubles.faulty_servers import Talk, connect_proxy, request, socks5
from tests.doubles.faulty_servers import listening as proxying
from tests.doubles.pulumi_double import play_pulumi
from tests.doubles.workshop_apps import Bookshelf, FrontEnd, SlowCooker, listening
from tests.doubles.workshop_certificates import made
from tests.doubles.workshop_double import IN_A_HURRY, Played, failed, look
from workshop import cli
from workshop.verify import booksapp, certificates, dashboards, podinfo, scene, traffic
from workshop.verify.lines import Group, Line, Status, build_table, format_json, report_progress, summarize
from workshop.verify.objects import list_pods
from workshop.verify.run import GROUPS, run_checks
from workshop.verify.scene import Patience, Scene
from workshop.verify.traffic import HostDoor, PodDoor, UnreachableError

A, B = Group("a"), Group("b")
LINES = [A.ok("one", "fine", requests=3), A.fail("two", "[red]x[/nothing]", "fix it"), B.skip("three", "off")]


def whole(played: Played, folder: Path) -> list[Line]:
    with played.running(folder) as api:
        return run_checks(Scene(api, Settings(), IN_A_HURRY, 300))


def test_a_workshop_as_it_should_be_passes_every_check(tmp_path: Path) -> None:
    lines = whole(Played(), tmp_path)

    assert {line.group for line in lines} == set(GROUPS)
    assert [line for line in lines if line.status is Status.FAILED] == []
    assert [line.group for line in lines] == sorted((line.group for line in lines), key=list(GROUPS).index)


def test_every_kind_of_trouble_is_one_line_with_a_fix(tmp_path: Path) -> None:
    lines = whole(Played(Bookshelf(0.5), FrontEnd(ignored=True), SlowCooker(to_bad=0.5)), tmp_path)

    assert {line.name for line in lines if line.status is Status.FAILED} == {
        "share of errors",
        "with the header",
        "requests to bad",
    }
    for line in lines:
        failed({line.name: line})


def test_what_cannot_be_reached_is_one_line_and_the_other_groups_go_on(tmp_path: Path) -> None:
    played = Played()
    played.cluster.forbidden = ("/api/v1/namespaces/podinfo/pods",)
    lines = whole(played, tmp_path)
    rest = {line.group: line for line in lines if line.name == "the rest"}

    assert set(rest) == {"podinfo", "data plane"}
    assert all("this is forbidden" in line.seen and line.fix for line in rest.values())
    assert any(line.name == "share of errors" and line.status is Status.OK for line in lines)


def test_where_pods_are_only_simulated_nothing_is_waited_for(tmp_path: Path) -> None:
    played = Played()
    node = {"metadata": {"name": "node", "annotations": {scene.SIMULATED: "fake"}}}
    played.cluster.answers["/api/v1/nodes"] = {"items": [node]}
    start = time.monotonic()
    lines = whole(played, tmp_path)

    assert time.monotonic() - start < 10
    assert [(line.name, line.seen) for line in lines if line.status is Status.FAILED] == [
        ("nodes", "pods are only simulated on this cluster")
    ]
    assert {line.group for line in lines if line.status is Status.SKIPPED} >= {"booksapp", "webhooks", "data plane"}


def test_the_table_names_a_group_once_and_takes_nothing_for_markup() -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(build_table("x", "https://there", LINES))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()

    assert shown.count("│ a ") == 1
    assert "[red]x[/nothing]" in shown
    assert "→ fix it" in shown
    assert summarize(LINES, 61.4) == "1 ok, 1 failed, 1 skipped; it took 61 s."


def test_the_json_has_the_documented_shape() -> None:
    assert json.loads(format_json("x", "https://there", LINES, 1.234)) == {
        "stack": "x",
        "cluster": "https://there",
        "seconds": 1.2,
        "passed": False,
        "summary": {"ok": 1, "failed": 1, "skipped": 1},
        "checks": [
            {"group": "a", "name": "one", "status": "ok", "seen": "fine", "fix": "", "figures": {"requests": 3}},
            {
                "group": "a",
                "name": "two",
                "status": "failed",
                "seen": "[red]x[/nothing]",
                "fix": "fix it",
                "figures": {},
            },
            {"group": "b", "name": "three", "status": "skipped", "seen": "off", "fix": "", "figures": {}},
        ],
    }
    documented = format_json.__doc__ or ""
    for word in ("stack", "cluster", "seconds", "passed", "summary", "checks", "figures", "fix"):
        assert word in documented


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(*, terminal: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    with report_progress(console) as show_progress:
        show_progress("booksapp", 0.5)
    assert isinstance(console.file, io.StringIO)

    assert ("booksapp" in console.file.getvalue()) == terminal


DEMOS = ("booksapp", "podinfo", "circuitBreaking", "progressiveDelivery")
Command = Callable[..., object]


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give what runs `python -m workshop verify --stack x` in an empty project, and its exit status."""
    monkeypatch.chdir(tmp_path)
    play_pulumi(monkeypatch)

    def command(kubeconfig: Path, *arguments: str) -> object:
        off = {name: {"enabled": False} for name in DEMOS}
        config = {"linkerd-workshop:kubeconfig": str(kubeconfig), "linkerd-workshop:demos": off}
        (tmp_path / "Pulumi.x.yaml").write_text(json.dumps({"config": config}))
        return cli.main(["verify", "--stack", "x", *arguments])

    return command


@pytest.mark.parametrize("hours", [20, -1])
def test_the_exit_status_is_that_of_the_checks(
    tmp_path: Path, verify: Command, capsys: pytest.CaptureFixture[str], hours: float
) -> None:
    played = Played(proxies_hours=hours, cluster=Cluster(answers=dict(READY)))
    with played.running(tmp_path):
        status = verify(tmp_path / "kubeconfig", "--json")
    found = json.loads(capsys.readouterr().out)

    assert status == (0 if hours > 0 else 1)
    assert found["passed"] == (hours > 0)
    assert found["stack"] == "x"


def test_the_table_is_what_is_printed_without_json(
    tmp_path: Path, verify: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with Played().running(tmp_path):
        assert verify(tmp_path / "kubeconfig") == 0
    assert "Stack x on http://127.0.0.1" in capsys.readouterr().out


def test_a_cluster_that_does_not_answer_is_one_sentence(
    tmp_path: Path, verify: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(kubeconfig(tmp_path, "http://127.0.0.1:1")) == 1
    assert "the cluster does not answer" in capsys.readouterr().err


def test_a_public_host_is_asked_instead_of_the_pods(tmp_path: Path) -> None:
    played, asked = Played(), list[str]()

    def page(method: str, path: str, _headers: object) -> tuple[int, str]:
        asked.append(path)
        return played.shelf.page(method, path, {})

    with listening(page) as (host, port):
        ingress = {"spec": {"rules": [{"host": f"{host}:{port}"}]}}
        played.cluster.answers["/apis/networking.k8s.io/v1/namespaces/booksapp/ingresses/webapp"] = ingress
        lines = look(booksapp.check, played, tmp_path, requests=200)

    assert failed(lines) == set()
    assert lines["public host"].seen == f"http://{host}:{port} answers"
    assert len(asked) == played.shelf.pages, "every page came by the public name"


@pytest.mark.parametrize(
    ("annotations", "status", "told"),
    [
        ({}, Status.FAILED, "http://127.0.0.1:1 does not answer (ConnectionError)"),
        ({"listen-ports": '[{"HTTPS": 443}]'}, Status.FAILED, "https://127.0.0.1:1 does not answer (ConnectionError)"),
        ({"scheme": "internal"}, Status.SKIPPED, "http://127.0.0.1:1 does not answer (ConnectionError)"),
        (
            {"inbound-cidrs": "192.0.2.0/24"},
            Status.SKIPPED,
            "http://127.0.0.1:1 does not answer (ConnectionError), and",
        ),
    ],
)
def test_a_public_host_that_does_not_answer_is_told_and_the_pods_are_asked(
    tmp_path: Path, annotations: dict[str, str], status: Status, told: str
) -> None:
    played = Played()
    noted = {f"alb.ingress.kubernetes.io/{key}": value for key, value in annotations.items()}
    ingress = {"metadata": {"annotations": noted}, "spec": {"rules": [{"host": "127.0.0.1:1"}]}}
    played.cluster.answers["/apis/networking.k8s.io/v1/namespaces/podinfo/ingresses/front"] = ingress
    lines = look(podinfo.check, played, tmp_path)

    assert lines["public host"].status is status
    assert lines["public host"].seen.startswith(told)
    assert failed(lines) == ({"public host"} if status is Status.FAILED else set())


def here(instead: str, _url: str) -> HostDoor:
    return HostDoor(instead)


@pytest.mark.parametrize(("status", "wrong"), [(302, set[str]()), (401, set[str]()), (200, {"login"})])
def test_a_dashboard_that_answers_anybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, wrong: set[str]
) -> None:
    def respond(_method: str, _path: str, _headers: object) -> tuple[int, str]:
        return status, ""

    with listening(respond) as (host, port):
        monkeypatch.setattr(dashboards, "HostDoor", partial(here, f"http://{host}:{port}"))
        oidc = dict.fromkeys(
            ("issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint"), "https://login.example.com"
        )
        viz = {"dashboard": {"host": "viz.example.com", "oidc": {**oidc, "secretName": "s"}}}
        with Played().running(tmp_path) as api:
            lines = {line.name: line for line in dashboards.check(Scene(api, Settings.model_validate({"viz": viz})))}

    assert failed(lines) == wrong


def test_a_pod_that_cannot_be_reached_is_told_with_what_the_api_server_says(tmp_path: Path) -> None:
    played = Played()
    with played.running(tmp_path) as api:
        webapp = list_pods(api, "booksapp")[0]
        with PodDoor(api, webapp, 1) as door, pytest.raises(UnreachableError, match=r"port 1 .*connection refused"):
            door.ask("/")
        played.cluster.ports.clear()
        with PodDoor(api, webapp, 1) as door, pytest.raises(UnreachableError, match="error dialing backend"):
            door.ask("/")


def test_a_connection_that_the_app_has_closed_is_opened_again(tmp_path: Path) -> None:
    played = Played()
    with played.running(tmp_path) as api, listening(played.front.echo, hangs_up=True) as there:
        played.cluster.ports["frontend-podinfo-1", 9898] = there
        with PodDoor(api, list_pods(api, "podinfo")[0], 9898) as door:
            assert [door.ask("/echo", "POST").status for _ in range(3)] == [202, 202, 202]
    assert sum("portforward" in path for path in played.cluster.asked) == 3


def test_an_app_that_says_nothing_more_is_waited_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "SECONDS", 1)
    asked, played = list[bytes](), Played()

    def talk(connection: socket.socket) -> None:
        while head := request(connection):
            asked.append(head)
            if len(asked) == 1:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    with played.running(tmp_path) as api, proxying(talk) as there:
        played.cluster.ports["frontend-podinfo-1", 9898] = ("127.0.0.1", there)
        with PodDoor(api, list_pods(api, "podinfo")[0], 9898) as door:
            assert door.ask("/").status == 200
            with pytest.raises(UnreachableError, match="does not answer within 1 s"):
                door.ask("/")
    assert len(asked) == 2


def drip(connection: socket.socket) -> None:
    """Begin a TLS record of 16 kB, and send a byte of it now and then."""
    connection.recv(4096)
    connection.sendall(b"\x16\x03\x03\x40\x00")
    for _ in range(300):
        connection.sendall(b"\0")
        Event().wait(0.1)


def test_a_host_that_answers_a_byte_at_a_time_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "SECONDS", 1)
    began = time.monotonic()
    with proxying(drip) as port, HostDoor(f"http://127.0.0.1:{port}") as door, pytest.raises(UnreachableError):
        door.ask("/")

    assert time.monotonic() - began < 15


def test_a_webhook_that_shakes_hands_a_byte_at_a_time_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "SECONDS", 1)
    played = Played()
    with played.running(tmp_path) as api, proxying(drip) as there:
        played.cluster.ports["frontend-podinfo-1", 9898] = ("127.0.0.1", there)
        connection = traffic.open_stream(api, list_pods(api, "podinfo")[0], 9898)
        shown = certificates.shake_hands(connection, "x.example.com", made("x").pem)
        connection.close()

    assert shown.trouble == "it does not answer within 1 s"


@pytest.mark.parametrize(("scheme", "talk"), [("socks5h", socks5), ("http", connect_proxy)])
def test_a_pod_is_reached_through_the_proxy_of_the_kubeconfig(tmp_path: Path, scheme: str, talk: Talk) -> None:
    carried = list[socket.socket]()

    def counted(connection: socket.socket) -> None:
        carried.append(connection)
        talk(connection)

    with Played().running(tmp_path) as api, proxying(counted) as port:
        api.configuration.proxy = f"{scheme}://127.0.0.1:{port}"
        with PodDoor(api, list_pods(api, "podinfo")[0], 9898) as door:
            assert door.ask("/echo", "POST").status == 202

    assert carried


def test_an_api_server_that_never_answers_is_not_waited_for_for_long(tmp_path: Path) -> None:
    with serving(Cluster(silence=5), tmp_path) as path:
        api, start = ClusterApi(str(path), None), time.monotonic()
        with pytest.raises(OSError, match="timed out"):
            connect(api.configuration, f"{api.address}/api/v1/namespaces/x/pods/y/portforward?ports=1", seconds=0.3)
        assert time.monotonic() - start < 3


def test_a_whole_run_asks_for_nothing_that_changes_the_cluster(tmp_path: Path) -> None:
    played = Played()
    whole(played, tmp_path)

    assert played.cluster.deleted == []
    assert all("dryRun=All" in path for path in played.cluster.posted)


def test_pods_that_have_just_become_ready_are_waited_for(tmp_path: Path) -> None:
    played, told = Played(), list[float]()
    found = played.cluster.answers["/api/v1/namespaces/circuit-breaking-demo/pods"]
    text = json.dumps(found).replace("2026-01-01T00:00:00Z", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    played.cluster.answers["/api/v1/namespaces/circuit-breaking-demo/pods"] = json.loads(text)
    patience = Patience(window=0.2, settled=2, most=5, pause=0.05)
    start = time.monotonic()
    with played.running(tmp_path) as api:
        only = {name: {"enabled": False} for name in ("booksapp", "podinfo", "progressiveDelivery")}
        settings = Settings.model_validate({"demos": only})
        run_checks(Scene(api, settings, patience, show_progress=lambda _group, done: told.append(done)))

    assert time.monotonic() - start > 1
    assert told
