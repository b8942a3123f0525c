"""Every fault on the way to an API server is one sentence within seconds: its address, the reason, what to do."""

import base64
import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from clients import cluster_faults
from clients.cluster_api import ClusterApi, check_connection
from model.problem import InputError, Problem
from tests.doubles.api_server import Cluster, serving
from tests.doubles.faulty_servers import (
    ANSWER,
    Authority,
    Talk,
    answer,
    connect_proxy,
    listening,
    request,
    reset,
    say_nothing,
    server_context,
    socks5,
)

CANARY = "canary-2f6c"
"""Stands for every secret in these kubeconfigs."""


def kubeconfig(folder: Path, cluster: Mapping[str, object], user: Mapping[str, object] | None = None) -> Path:
    path = folder / "kubeconfig"
    document = {
        "current-context": "there",
        "contexts": [{"name": "there", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": dict(cluster)}],
        "users": [{"name": "u", "user": dict(user or {"token": CANARY})}],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def fault(path: Path, seconds: float = 5) -> Problem:
    """Return the only problem of greeting a cluster, which is told within `seconds`."""
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        check_connection(ClusterApi(str(path)))
    assert time.monotonic() - began < seconds
    (problem,) = caught.value.problems
    assert CANARY not in str(problem)
    assert "\n" not in str(problem)
    return problem


def at_once(content: bytes) -> Talk:
    """Return a server that answers whatever comes first, and closes the connection."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(content)

    return talk


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize(
    ("issued", "found", "fix"),
    [
        (("expired", "127.0.0.1", -1), "its certificate has expired", "Renew the API server's certificate"),
        (("api.example.com", None, 1), "its certificate is for another address", "tls-server-name"),
        (("elsewhere", "127.0.0.9", 1), "its certificate is for another address", "tls-server-name"),
    ],
)
def test_a_certificate_that_does_not_hold_is_told_as_what_it_is(
    tmp_path: Path, authority: Authority, issued: tuple[str, str | None, int], found: str, fix: str
) -> None:
    with listening(answer(ANSWER), server_context(authority.issue(*issued))) as port:
        server = f"https://127.0.0.1:{port}"
        problem = fault(kubeconfig(tmp_path, {"server": server, "certificate-authority": str(authority.file)}))

    assert problem.where == server
    assert problem.found == found
    assert fix in problem.fix


def test_a_certificate_for_another_name_is_told_as_that(tmp_path: Path, authority: Authority) -> None:
    with listening(answer(ANSWER), server_context(authority.issue("api.example.com", None))) as port:
        server = f"https://localhost:{port}"
        problem = fault(kubeconfig(tmp_path, {"server": server, "certificate-authority": str(authority.file)}))

    assert problem.found == "its certificate is for another name"


def test_a_certificate_of_another_authority_is_told(tmp_path: Path, authority: Authority) -> None:
    other = Authority(tmp_path, "other")
    with listening(answer(ANSWER), server_context(authority.issue("other-authority"))) as port:
        server = f"https://127.0.0.1:{port}"
        problem = fault(kubeconfig(tmp_path, {"server": server, "certificate-authority": str(other.file)}))

    assert "not signed by an authority that the kubeconfig trusts" in problem.found
    assert "Fetch the kubeconfig again" in problem.fix


def test_a_client_certificate_that_the_server_refuses_is_told(tmp_path: Path, authority: Authority) -> None:
    certificate, key = Authority(tmp_path, "strangers").issue("stranger")
    tls = server_context(authority.issue("mutual"), authority.file)
    with listening(answer(ANSWER), tls) as port:
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(authority.file)}
        problem = fault(kubeconfig(tmp_path, cluster, {"client-certificate": str(certificate), "client-key": str(key)}))

    assert "it refuses the client certificate" in problem.found
    assert "Log in again" in problem.fix


def test_a_server_that_wants_a_client_certificate_and_gets_none_is_told(tmp_path: Path, authority: Authority) -> None:
    tls = server_context(authority.issue("mutual"), authority.file)
    with listening(answer(ANSWER), tls) as port:
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(authority.file)}
        problem = fault(kubeconfig(tmp_path, cluster))

    assert "it refuses the client certificate" in problem.found


def test_a_client_certificate_that_is_none_is_told(tmp_path: Path, authority: Authority) -> None:
    garbage = base64.b64encode(CANARY.encode()).decode()
    with listening(answer(ANSWER), server_context(authority.issue("garbage"))) as port:
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(authority.file)}
        user = {"client-certificate-data": garbage, "client-key-data": garbage}
        problem = fault(kubeconfig(tmp_path, cluster, user))

    assert "certificates or key cannot be read" in problem.found


def test_plain_http_on_the_port_of_https_is_told(tmp_path: Path) -> None:
    with listening(at_once(ANSWER)) as port:
        problem = fault(kubeconfig(tmp_path, {"server": f"https://127.0.0.1:{port}"}))

    assert "it does not speak TLS there" in problem.found
    assert "http://" in problem.fix


BAD_REQUEST = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


@pytest.mark.parametrize("talk", [reset, at_once(b"\x15\x03\x01\x00\x02\x02\x46"), at_once(BAD_REQUEST)])
def test_https_on_a_port_that_is_asked_for_plain_http_is_told(tmp_path: Path, talk: Talk) -> None:
    with listening(talk) as port:
        problem = fault(kubeconfig(tmp_path, {"server": f"http://127.0.0.1:{port}"}))

    assert "https://" in problem.fix


@pytest.mark.parametrize(
    ("talk", "found"),
    [
        (answer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"), "asks for a login (407)"),
        (answer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), "refuses to connect to it (403)"),
        (answer(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), "refuses to connect to it (502)"),
        (request, "does not answer"),
        (reset, "does not answer"),
        (answer(b"SSH-2.0-OpenSSH_9.9\r\n"), "the proxy"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_let_through_is_told_without_its_password(
    tmp_path: Path, talk: Talk, found: str, scheme: str
) -> None:
    with listening(talk) as port:
        proxy = f"http://user:{CANARY}@127.0.0.1:{port}"
        server = f"{scheme}://api.invalid:6443"
        problem = fault(kubeconfig(tmp_path, {"server": server, "proxy-url": proxy}))

    assert problem.where == server
    if scheme == "https":
        assert f"the proxy 127.0.0.1:{port}" in problem.found
        assert found in problem.found
        assert "NO_PROXY" in problem.fix
    else:
        assert "407" in problem.found if "407" in found else problem.found


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://127.0.0.1:1", "http://proxy.invalid:3128"])
def test_a_proxy_that_is_not_there_is_told(tmp_path: Path, proxy: str) -> None:
    problem = fault(kubeconfig(tmp_path, {"server": "https://api.invalid:6443", "proxy-url": proxy}))

    assert f"the proxy {proxy.rpartition('/')[2]}" in problem.found
    assert "proxy-url" in problem.fix


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", f"http://u:{CANARY}@[::1", "nonsense", "http://u:9:9:9"])
def test_a_proxy_whose_url_is_none_is_told(tmp_path: Path, proxy: str) -> None:
    assert "proxy" in str(fault(kubeconfig(tmp_path, {"server": "https://api.invalid:6443", "proxy-url": proxy})))


@pytest.mark.parametrize(("scheme", "talk"), [("socks5", socks5), ("http", connect_proxy)])
def test_a_cluster_behind_a_proxy_is_reached(tmp_path: Path, authority: Authority, scheme: str, talk: Talk) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(listening(answer(ANSWER), server_context(authority.issue("proxied"))))
        proxy = stack.enter_context(listening(talk))
        cluster = {
            "server": f"https://127.0.0.1:{port}",
            "certificate-authority": str(authority.file),
            "proxy-url": f"{scheme}://127.0.0.1:{proxy}",
        }
        check_connection(ClusterApi(str(kubeconfig(tmp_path, cluster))))


def test_a_name_that_no_name_server_knows_is_told(tmp_path: Path) -> None:
    problem = fault(kubeconfig(tmp_path, {"server": "https://cluster.invalid:6443"}))

    assert "no name server knows its name" in problem.found


def drip(connection: socket.socket) -> None:
    """Send a byte of an answer whenever a socket's timeout would be near."""
    request(connection)
    for byte in ANSWER:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"


def headers_only(connection: socket.socket) -> None:
    """Send an answer's headers, and nothing more."""
    request(connection)
    connection.sendall(HEADERS)
    say_nothing(connection)


@pytest.mark.parametrize("talk", [say_nothing, headers_only, drip])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_silence_is_told_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority, talk: Talk, scheme: str
) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.4)
    tls = server_context(authority.issue("silent")) if scheme == "https" else None
    with listening(talk, tls) as port:
        cluster = {"server": f"{scheme}://127.0.0.1:{port}", "certificate-authority": str(authority.file)}
        problem = fault(kubeconfig(tmp_path, cluster), 2)

    assert problem.found == "the cluster does not answer (timed out)"


def test_a_handshake_that_nobody_answers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.4)
    with listening(say_nothing) as port:
        assert "timed out" in fault(kubeconfig(tmp_path, {"server": f"https://127.0.0.1:{port}"}), 2).found


def test_a_question_may_take_ten_seconds_in_all() -> None:
    assert cluster_faults.SECONDS_TO_ANSWER <= 10
    assert cluster_faults.SECONDS_TO_CONNECT <= 5


def test_a_read_whose_connection_is_reset_is_tried_again(tmp_path: Path) -> None:
    talks = [reset, reset, answer(ANSWER)]

    def talk(connection: socket.socket) -> None:
        talks.pop(0)(connection)

    with listening(talk) as port:
        check_connection(ClusterApi(str(kubeconfig(tmp_path, {"server": f"http://127.0.0.1:{port}"}))))

    assert not talks


def test_a_read_that_is_always_reset_ends(tmp_path: Path) -> None:
    asked = list[socket.socket]()

    def talk(connection: socket.socket) -> None:
        asked.append(connection)
        reset(connection)

    with listening(talk) as port:
        problem = fault(kubeconfig(tmp_path, {"server": f"http://127.0.0.1:{port}"}))

    assert len(asked) == cluster_faults.TRIES_AFTER_RESET
    assert "closed before an answer" in problem.found


TORN = {"of known length": ANSWER[:-1], "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"}


def tear(content: bytes) -> Talk:
    """Return a server that closes the connection in the middle of an answer."""

    def talk(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(content)

    return talk


@pytest.mark.parametrize("form", TORN)
def test_a_read_whose_answer_is_torn_is_tried_again(tmp_path: Path, form: str) -> None:
    talks = [tear(TORN[form]), tear(TORN[form]), answer(ANSWER)]

    def talk(connection: socket.socket) -> None:
        talks.pop(0)(connection)

    with listening(talk) as port:
        check_connection(ClusterApi(str(kubeconfig(tmp_path, {"server": f"http://127.0.0.1:{port}"}))))

    assert not talks


@pytest.mark.parametrize("form", TORN)
def test_answers_that_are_always_torn_are_told(tmp_path: Path, form: str) -> None:
    with listening(tear(TORN[form])) as port:
        problem = fault(kubeconfig(tmp_path, {"server": f"http://127.0.0.1:{port}"}))

    assert problem.found == "the cluster does not answer (the connection was closed in the middle of an answer)"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("way", [reset, tear(TORN["in chunks"])])
def test_a_change_whose_connection_is_reset_is_sent_once(tmp_path: Path, method: str, way: Talk) -> None:
    asked = list[socket.socket]()

    def talk(connection: socket.socket) -> None:
        asked.append(connection)
        way(connection)

    with listening(talk) as port, pytest.raises(InputError):
        ClusterApi(str(kubeconfig(tmp_path, {"server": f"http://127.0.0.1:{port}"}))).ask(method, "/x", {})

    assert len(asked) == 1


BUSY = b"HTTP/1.1 503 Service Unavailable\r\n%sContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(("header", "times"), [(b"Retry-After: 0\r\n", cluster_faults.TRIES), (b"", 1)])
def test_a_server_that_is_not_available_is_asked_again_if_it_says_when(
    tmp_path: Path, header: bytes, times: int
) -> None:
    asked = list[bytes]()

    def talk(connection: socket.socket) -> None:
        while head := request(connection):
            asked.append(head)
            connection.sendall(BUSY % header)

    with listening(talk) as port:
        problem = fault(kubeconfig(tmp_path, {"server": f"http://127.0.0.1:{port}"}))

    assert len(asked) == times
    assert "503" in problem.found


def test_a_server_that_stays_busy_is_not_asked_beyond_the_time_of_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.5)
    with serving(Cluster(busy=99, comes_back="1"), tmp_path) as path:
        assert "storage is (re)initializing" in fault(path, 2).found
