"""Every fault on the way to an API server is one sentence within seconds: its address, the reason, what to do."""

import base64
import re
import socket
import ssl
import time
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from clients import cluster_faults
from clients.cluster_api import ClusterApi, check_connection
from model.problem import InputError, Problem
from tests.doubles.api_server import kubeconfig
from tests.doubles.faulty_servers import (
    ANSWER,
    Authority,
    Talk,
    answer,
    in_turn,
    listening,
    request,
    reset,
    say_nothing,
    server_context,
)

CANARY = "canary-2f6c"
"""Stands for every secret in these kubeconfigs."""
CODED = base64.b64encode(CANARY.encode()).decode()


def fault(
    folder: Path, cluster: Mapping[str, object], user: Mapping[str, object] | None = None, seconds: float = 5
) -> Problem:
    """Return the only problem of a cluster that cannot be reached, which is reported within `seconds`."""
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        check_connection(ClusterApi(str(kubeconfig(folder, cluster, user or {"token": CANARY}))))
    assert time.monotonic() - began < seconds
    (problem,) = caught.value.problems
    assert CANARY not in str(problem)
    assert "\n" not in str(problem)
    return problem


def at_once(content: bytes) -> Talk:
    """Return a server that answers the first bytes, and closes the connection."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(content)

    return talk


EXPIRED, STRANGE = "its certificate has expired", ".* not signed by an authority that the kubeconfig trusts.*"


@pytest.mark.parametrize(
    ("issued", "host", "found", "fix"),
    [
        (("expired", "127.0.0.1", -1), "127.0.0.1", EXPIRED, "Renew the API server's certificate"),
        (("api.example.com", None), "127.0.0.1", "its certificate is for another address", "tls-server-name"),
        (("elsewhere", "127.0.0.9"), "127.0.0.1", "its certificate is for another address", "tls-server-name"),
        (("api.example.com", None), "localhost", "its certificate is for another name", ""),
        (("strange",), "127.0.0.1", STRANGE, "Fetch the kubeconfig again"),
    ],
)
def test_a_certificate_that_does_not_hold_is_reported_as_what_it_is(  # noqa: PLR0913, PLR0917
    tmp_path: Path, authority: Authority, issued: tuple[Any, ...], host: str, found: str, fix: str
) -> None:
    trusted = Authority(tmp_path, "other") if issued[0] == "strange" else authority
    with listening(answer(ANSWER), server_context(authority.issue(*issued))) as port:
        server = f"https://{host}:{port}"
        problem = fault(tmp_path, {"server": server, "certificate-authority": str(trusted.file)})

    assert problem.where == server
    assert re.fullmatch(found, problem.found)
    assert fix in problem.fix


@pytest.mark.parametrize(
    ("user", "found", "fix"),
    [
        ("a stranger by TLS 1.2", "it refuses the client certificate (", "Log in again"),
        ("a stranger", "it refuses the client certificate", "Log in again"),
        ("nobody", "it refuses the client certificate", ""),
        ("garbage", "certificates or key cannot be read", ""),
    ],
)
def test_a_client_certificate_that_does_not_hold_is_reported(
    tmp_path: Path, authority: Authority, user: str, found: str, fix: str
) -> None:
    certificate, key = Authority(tmp_path, "strangers").issue("stranger")
    stranger = {"client-certificate": str(certificate), "client-key": str(key)}
    users: dict[str, Mapping[str, object]] = {
        **dict.fromkeys(("a stranger", "a stranger by TLS 1.2"), stranger),
        "garbage": dict.fromkeys(("client-certificate-data", "client-key-data"), CODED),
    }
    tls = server_context(authority.issue("mutual"), authority.file)
    if "1.2" in user:  # where the refusal cannot be overtaken by a reset
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
    with listening(answer(ANSWER), tls) as port:
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(authority.file)}
        problem = fault(tmp_path, cluster, users.get(user))

    assert found in problem.found
    assert fix in problem.fix


ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
BAD_REQUEST = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


def greet(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")


@pytest.mark.parametrize(
    ("scheme", "talk", "found", "fix"),
    [
        ("https", at_once(ANSWER), "it does not speak TLS there", "http://"),
        ("http", reset, "", "https://"),
        ("http", at_once(ALERT), "", "https://"),
        ("http", at_once(BAD_REQUEST), "", "https://"),
        ("http", greet, "does not answer", ""),
    ],
    ids=["no TLS", "TLS: a reset", "TLS: an alert", "TLS: a bad request", "another service"],
)
def test_a_port_of_another_protocol_is_reported(tmp_path: Path, scheme: str, talk: Talk, found: str, fix: str) -> None:
    with listening(talk) as port:
        problem = fault(tmp_path, {"server": f"{scheme}://127.0.0.1:{port}"})

    assert found in problem.found
    assert fix in problem.fix


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_no_name_server_knows_is_reported(tmp_path: Path, scheme: str) -> None:
    problem = fault(tmp_path, {"server": f"{scheme}://cluster.invalid:6443"})

    assert problem.where == f"{scheme}://cluster.invalid:6443"
    assert "no name server knows its name" in problem.found


def test_an_address_without_a_server_is_reported_at_once(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can take it
        server = f"http://127.0.0.1:{held.getsockname()[1]}"
        problem = fault(tmp_path, {"server": server}, seconds=2)

    assert problem.where == server
    assert re.search("does not answer.*Connection refused", problem.found)
    assert "VPN" in problem.fix


def drip(connection: socket.socket) -> None:
    """Send a byte of an answer whenever a socket's timeout would be near."""
    request(connection)
    for byte in ANSWER:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def headers_only(connection: socket.socket) -> None:
    """Send an answer's headers, and nothing more."""
    request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    say_nothing(connection)


@pytest.mark.parametrize(
    ("scheme", "talk"),
    [*product(("http", "https"), (say_nothing, headers_only, drip)), ("https without a handshake", say_nothing)],
)
def test_a_server_that_sends_nothing_or_too_little_is_reported_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority, talk: Talk, scheme: str
) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.4)
    tls = server_context(authority.issue("silent")) if scheme == "https" else None
    with listening(talk, tls) as port:
        server = f"{scheme.split(maxsplit=1)[0]}://127.0.0.1:{port}"
        problem = fault(tmp_path, {"server": server, "certificate-authority": str(authority.file)}, seconds=2)

    assert problem.found == "the cluster does not answer (timed out)"


def test_a_question_may_take_ten_seconds_in_all() -> None:
    assert cluster_faults.SECONDS_TO_ANSWER <= 10
    assert cluster_faults.SECONDS_TO_CONNECT <= 5


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"
BROKEN = {
    "reset": (reset, "closed before an answer"),
    "torn": (at_once(ANSWER[:-1]), "closed in the middle of an answer"),
    "torn in chunks": (at_once(CHUNKED), "closed in the middle of an answer"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_read_whose_answer_does_not_come_whole_is_tried_again_a_few_times(tmp_path: Path, how: str) -> None:
    broken, found = BROKEN[how]
    talks = [broken, broken, answer(ANSWER)]
    with listening(in_turn(talks)) as port:
        check_connection(ClusterApi(str(kubeconfig(tmp_path, f"http://127.0.0.1:{port}"))))
    assert not talks

    talks = [broken] * 9
    with listening(in_turn(talks)) as port:
        problem = fault(tmp_path, {"server": f"http://127.0.0.1:{port}"})
    assert 9 - len(talks) == cluster_faults.TRIES_AFTER_RESET
    assert problem.found == f"the cluster does not answer (the connection was {found})"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("way", [reset, at_once(CHUNKED)])
def test_a_change_whose_connection_is_reset_is_sent_once(tmp_path: Path, method: str, way: Talk) -> None:
    talks = [way] * 9
    with listening(in_turn(talks)) as port, pytest.raises(InputError):
        ClusterApi(str(kubeconfig(tmp_path, f"http://127.0.0.1:{port}"))).ask(method, "/x", {})

    assert len(talks) == 8


BUSY = b"HTTP/1.1 503 Service Unavailable\r\n%sContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(("header", "times"), [(b"Retry-After: 0\r\n", cluster_faults.TRIES), (b"", 1)])
def test_a_server_that_is_not_available_is_asked_again_if_it_says_when(
    tmp_path: Path, header: bytes, times: int
) -> None:
    asked = list[bytes]()
    with listening(answer(BUSY % header, asked)) as port:
        problem = fault(tmp_path, {"server": f"http://127.0.0.1:{port}"})

    assert len(asked) == times
    assert "503" in problem.found
