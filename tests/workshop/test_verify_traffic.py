"""How requests of `verify` reach an app: by its public host, or by a connection to a pod's port."""

import socket
import time
from pathlib import Path
from threading import Event

import pytest

from clients.cluster_api import ClusterApi
from clients.pod_stream import connect
from tests.doubles.api_server import Cluster, serving
from tests.doubles.drain_double import always
from tests.doubles.faulty_servers import Talk, connect_proxy, request, socks5
from tests.doubles.faulty_servers import listening as serving_raw
from tests.doubles.workshop_apps import listening
from tests.doubles.workshop_certificates import create_certificate
from tests.doubles.workshop_double import Case, SimulatedWorkshop
from workshop.verify import booksapp, certificates, dashboards, podinfo, traffic
from workshop.verify.lines import Status
from workshop.verify.objects import Pod, list_pods
from workshop.verify.traffic import HostDoor, PodDoor, UnreachableError

INGRESS = "/apis/networking.k8s.io/v1/namespaces/{}/ingresses/{}"
FRONT_END = ("frontend-podinfo-1", 9898)
UNREACHABLE = "127.0.0.1:1 does not answer (ConnectionError)"


def front_end(api: ClusterApi) -> Pod:
    return list_pods(api, "podinfo")[0]


def test_a_public_host_is_asked_instead_of_the_pods(tmp_path: Path) -> None:
    asked = list[str]()
    case = Case(booksapp.check)

    def page(method: str, path: str, _headers: object) -> tuple[int, str]:
        asked.append(path)
        return case.shelf.page(method, path, {})

    with listening(page) as (host, port):
        case.answers = {INGRESS.format("booksapp", "webapp"): {"spec": {"rules": [{"host": f"{host}:{port}"}]}}}
        case.passing = {"public host": f"http://{host}:{port} answers"}
        case.confirm(tmp_path)

    assert len(asked) == case.shelf.pages, "every page came by the public name"


@pytest.mark.parametrize(
    ("annotations", "status", "seen"),
    [
        ({}, Status.FAILED, f"http://{UNREACHABLE}"),
        ({"listen-ports": '[{"HTTPS": 443}]'}, Status.FAILED, f"https://{UNREACHABLE}"),
        ({"scheme": "internal"}, Status.SKIPPED, f"http://{UNREACHABLE}"),
        ({"inbound-cidrs": "192.0.2.0/24"}, Status.SKIPPED, f"http://{UNREACHABLE}, and"),
    ],
)
def test_pods_are_asked_where_the_public_host_does_not_answer(
    tmp_path: Path, annotations: dict[str, str], status: Status, seen: str
) -> None:
    alb = {f"alb.ingress.kubernetes.io/{key}": value for key, value in annotations.items()}
    ingress = {"metadata": {"annotations": alb}, "spec": {"rules": [{"host": "127.0.0.1:1"}]}}
    line = {"public host": f"{seen}*"}
    failing, passing = (line, {}) if status is Status.FAILED else ({}, line)
    case = Case(podinfo.check, failing, {INGRESS.format("podinfo", "front"): ingress}, passing=passing)

    assert case.confirm(tmp_path)["public host"].status is status


@pytest.mark.parametrize(("status", "failing"), [(302, set[str]()), (401, set[str]()), (200, {"login"})])
def test_a_dashboard_has_to_require_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, failing: set[str]
) -> None:
    endpoints = ("issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint")
    oidc = {**dict.fromkeys(endpoints, "https://login.example.com"), "secretName": "s"}
    settings = {"viz": {"dashboard": {"host": "viz.example.com", "oidc": oidc}}}

    def respond(*_asked: object) -> tuple[int, str]:
        return status, ""

    with listening(respond) as (host, port):
        monkeypatch.setattr(dashboards, "HostDoor", always(HostDoor(f"http://{host}:{port}")))
        Case(dashboards.check, dict.fromkeys(failing, "*"), settings=settings).confirm(tmp_path)


def test_a_pod_that_cannot_be_reached_is_reported_in_the_api_servers_words(tmp_path: Path) -> None:
    simulated = SimulatedWorkshop()
    with simulated.running(tmp_path) as api:
        door = PodDoor(api, front_end(api), 1)
        with door, pytest.raises(UnreachableError, match=r"port 1 .*connection refused"):
            door.ask("/")
        simulated.cluster.ports.clear()
        with door, pytest.raises(UnreachableError, match="error dialing backend"):
            door.ask("/")


def test_a_connection_that_the_app_has_closed_is_opened_again(tmp_path: Path) -> None:
    simulated = SimulatedWorkshop()
    with simulated.running(tmp_path) as api, listening(simulated.front.echo, hangs_up=True) as address:
        simulated.cluster.ports[FRONT_END] = address
        with PodDoor(api, front_end(api), 9898) as door:
            assert [door.ask("/echo", "POST").status for _ in range(3)] == [202, 202, 202]
    assert sum("portforward" in path for path in simulated.cluster.asked) == 3


def test_an_app_that_stops_answering_is_waited_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, simulated = list[bytes](), SimulatedWorkshop()

    def talk(connection: socket.socket) -> None:
        while head := request(connection):
            asked.append(head)
            if len(asked) == 1:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    with simulated.running(tmp_path) as api, serving_raw(talk) as port:
        simulated.cluster.ports[FRONT_END] = ("127.0.0.1", port)
        with PodDoor(api, front_end(api), 9898) as door:
            assert door.ask("/").status == 200
            monkeypatch.setattr(traffic, "SECONDS", 1)
            with pytest.raises(UnreachableError, match="does not answer within 1 s"):
                door.ask("/")
    assert len(asked) == 2


def drip(connection: socket.socket) -> None:
    """Begin a TLS record of 16 kB, and send a byte of it now and then."""
    connection.recv(4096)
    connection.sendall(b"\x16\x03\x03\x40\x00")
    for _ in range(1200):
        connection.sendall(b"\0")
        Event().wait(0.1)


def test_a_server_that_sends_a_byte_at_a_time_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "SECONDS", 1)
    monkeypatch.setattr(certificates, "SECONDS", 1)
    began, simulated = time.monotonic(), SimulatedWorkshop()
    with simulated.running(tmp_path) as api, serving_raw(drip) as port:
        with HostDoor(f"http://127.0.0.1:{port}") as door, pytest.raises(UnreachableError):
            door.ask("/")
        simulated.cluster.ports[FRONT_END] = ("127.0.0.1", port)
        webhook = traffic.open_stream(api, front_end(api), 9898)
        shown = certificates.shake_hands(webhook, "x.example.com", create_certificate("x").pem)
        webhook.close()

    assert shown.trouble == "it does not answer within 1 s"
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(("scheme", "talk"), [("socks5h", socks5), ("http", connect_proxy)])
def test_a_pod_is_reached_through_the_proxy_of_the_kubeconfig(tmp_path: Path, scheme: str, talk: Talk) -> None:
    carried = list[socket.socket]()

    def count(connection: socket.socket) -> None:
        carried.append(connection)
        talk(connection)

    with SimulatedWorkshop().running(tmp_path) as api, serving_raw(count) as port:
        api.configuration.proxy = f"{scheme}://127.0.0.1:{port}"
        with PodDoor(api, front_end(api), 9898) as door:
            assert door.ask("/echo", "POST").status == 202

    assert carried


def test_an_api_server_that_never_answers_is_not_waited_for_for_long(tmp_path: Path) -> None:
    with serving(Cluster(silence=120), tmp_path) as path:
        api, start = ClusterApi(str(path), None), time.monotonic()
        with pytest.raises(OSError, match="timed out"):
            connect(api.configuration, f"{api.address}/api/v1/namespaces/x/pods/y/portforward?ports=1", seconds=0.3)
        assert time.monotonic() - start < 60
