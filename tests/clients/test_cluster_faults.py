"""Every fault on the way to an API server is one sentence within seconds: its address, the reason, what to do."""

import base64
import json
import re
import socket
import ssl
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from clients import cluster_faults
from clients.cluster_api import ClusterApi, check_connection
from model.problem import InputError, Problem
from tests.doubles.api_server import Cluster, kubeconfig, serving
from tests.doubles.faulty_servers import RESET, SILENCE, VERSION, End, Reply, raw_server, reply
from tests.doubles.workshop_certificates import Pair, create_certificate
from tests.fuzzing import CANARY, CODED, catch_problem

ALL_TIME = cluster_faults.SECONDS_TO_ANSWER


def fault(folder: Path, cluster: Mapping[str, object], user: Mapping[str, object] | None = None) -> Problem:
    """Return the only problem of a cluster that cannot be reached, which is reported before all time is up."""
    path, began = kubeconfig(folder, cluster, user or {"token": CANARY}), time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        if cluster_faults.SECONDS_TO_ANSWER == ALL_TIME:  # a busy machine may need that long for what is no wait
            patch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 10 * ALL_TIME)
        problem = catch_problem(lambda: check_connection(ClusterApi(str(path))))
    assert time.monotonic() - began < 6 * ALL_TIME
    return problem


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
    tmp_path: Path, authority: Pair, issued: tuple[Any, ...], host: str, found: str, fix: str
) -> None:
    trusted = create_certificate("other") if issued[0] == "strange" else authority
    with raw_server(VERSION, tls=authority.issue(*issued).server()) as server:
        url = server.url.replace("127.0.0.1", host)
        problem = fault(tmp_path, {"server": url, "certificate-authority-data": trusted.base64})

    assert problem.where == url
    assert re.fullmatch(found, problem.found)
    assert fix in problem.fix


@pytest.mark.parametrize(
    ("user", "found", "fix"),
    [
        ("a stranger by TLS 1.2", "it refuses the client certificate (", "Log in again"),
        ("a stranger", "it refuses the client certificate", "Log in again"),
        ("nobody", "it refuses the client certificate", ""),
        ("garbage", "certificates or key cannot be read", ""),
        ("a token of two lines", "", ""),
    ],
)
def test_credentials_that_do_not_hold_are_reported(
    tmp_path: Path, authority: Pair, user: str, found: str, fix: str
) -> None:
    pair = create_certificate("strangers").issue("stranger")
    key = base64.b64encode(pair.key_pem.encode()).decode()
    users: dict[str, Mapping[str, object]] = {
        "a stranger": {"client-certificate-data": pair.base64, "client-key-data": key},
        "garbage": dict.fromkeys(("client-certificate-data", "client-key-data"), CODED),
        "a token of two lines": {"token": f"{CANARY}\nb"},
    }
    tls = authority.issue("mutual").server(authority)
    if "1.2" in user:  # where the refusal cannot be overtaken by a reset
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
    with raw_server(VERSION, tls=tls) as server:
        cluster = {"server": server.url, "certificate-authority-data": authority.base64}
        problem = fault(tmp_path, cluster, users.get(user.removesuffix(" by TLS 1.2")))

    assert found in problem.found
    assert fix in problem.fix


ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
BAD_REQUEST = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


@pytest.mark.parametrize(
    ("scheme", "said", "found", "fix"),
    [
        ("https", Reply(VERSION.content), "it does not speak TLS there", "http://"),
        ("http", RESET, "", "https://"),
        ("http", Reply(ALERT), "", "https://"),
        ("http", Reply(BAD_REQUEST), "", "https://"),
        ("http", Reply(b"SSH-2.0-OpenSSH_9.9\r\n"), "does not answer", ""),
    ],
    ids=["no TLS", "TLS: a reset", "TLS: an alert", "TLS: a bad request", "another service"],
)
def test_a_port_of_another_protocol_is_reported(tmp_path: Path, scheme: str, said: Reply, found: str, fix: str) -> None:
    with raw_server(said) as server:
        problem = fault(tmp_path, {"server": server.url.replace("http", scheme)})

    assert found in problem.found
    assert fix in problem.fix


@pytest.mark.parametrize(
    ("server", "found"),
    [
        *((f"{scheme}://cluster.invalid:6443", "no name server knows its name") for scheme in ("http", "https")),
        ("http://127.0.0.1:{}", "does not answer.*Connection refused"),
    ],
)
def test_an_address_without_a_server_is_reported_at_once(tmp_path: Path, server: str, found: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can take it
        url = server.format(held.getsockname()[1])
        problem = fault(tmp_path, {"server": url})

    assert problem.where == url
    assert re.search(found, problem.found)
    assert "VPN" in problem.fix


DRIP, HEADERS = (
    Reply(VERSION.content, End.DRIPPED),
    Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", End.SILENT),
)


@pytest.mark.parametrize(
    ("scheme", "said"), [*product(("http", "https"), (SILENCE, HEADERS, DRIP)), ("https without a handshake", SILENCE)]
)
def test_a_server_that_sends_nothing_or_too_little_is_reported_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Pair, said: Reply, scheme: str
) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.4)
    tls = authority.issue("silent").server() if scheme == "https" else None
    with raw_server(said, tls=tls) as server:
        url = f"{scheme.split(maxsplit=1)[0]}:{server.url.partition(':')[2]}"
        problem = fault(tmp_path, {"server": url, "certificate-authority-data": authority.base64})

    assert problem.found == "the cluster does not answer (timed out)"


def test_a_question_may_take_ten_seconds_in_all() -> None:
    assert cluster_faults.SECONDS_TO_ANSWER <= 10
    assert cluster_faults.SECONDS_TO_CONNECT <= 5


CHUNKED = Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{")
IN_THE_MIDDLE = "closed in the middle of an answer"


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (RESET, "closed before an answer"),
        (Reply(VERSION.content[:-1]), IN_THE_MIDDLE),
        (CHUNKED, IN_THE_MIDDLE),
    ],
    ids=["reset", "torn", "torn in chunks"],
)
def test_a_read_whose_answer_does_not_come_whole_is_tried_again_a_few_times(
    tmp_path: Path, broken: Reply, found: str
) -> None:
    with raw_server(broken, broken, VERSION) as server:
        check_connection(ClusterApi(str(kubeconfig(tmp_path, server.url))))
    assert len(server.asked) == 3

    with raw_server(broken) as server:
        problem = fault(tmp_path, {"server": server.url})
    assert len(server.asked) == cluster_faults.TRIES_AFTER_RESET
    assert problem.found == f"the cluster does not answer (the connection was {found})"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("said", [RESET, CHUNKED])
def test_a_change_whose_connection_is_reset_is_sent_once(tmp_path: Path, method: str, said: Reply) -> None:
    with raw_server(said) as server, pytest.raises(InputError):
        ClusterApi(str(kubeconfig(tmp_path, server.url))).ask(method, "/x", {})

    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "headers", "times"),
    [
        *((status, [(b"Retry-After", b"0")], cluster_faults.TRIES) for status in (b"429", b"503")),
        (b"503", [], 1),
    ],
)
def test_a_server_that_is_busy_or_says_when_it_is_available_is_asked_again(
    tmp_path: Path, status: bytes, headers: list[tuple[bytes, bytes]], times: int
) -> None:
    with raw_server(reply(status, headers, b"", end=End.KEPT)) as server:
        problem = fault(tmp_path, {"server": server.url})

    assert len(server.asked) == times
    assert status.decode() in problem.found


@pytest.mark.parametrize("server", ["", 7, "http://", "http://[::1", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_an_invalid_address_is_reported(tmp_path: Path, server: object) -> None:
    assert fault(tmp_path, {"server": server}).found == "its cluster's server is not an address"


JSON = "application/json"
LOGIN = b"<html><title>Sign in to continue</title>" + b"x" * 10_000 + b"</html>"


def failure(code: int, message: str) -> tuple[int, str, bytes]:
    body = {"kind": "Status", "status": "Failure", "message": message, "code": code}
    return code, JSON, json.dumps(body).encode()


OTHER_SHAPES = (b"", b"[]", b"1", b"{", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"metadata": 1, "items": {}, "major": 1}')
FORBIDDEN = 'version is forbidden: User "u" cannot get path'
ECHO = f"no way for Authorization: Bearer {CANARY} at all"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        *(((status, "text/html", LOGIN), "http://127.0.0.1:*Kubernetes*") for status in (200, 302, 403, 502, 599)),
        *(((200, JSON, body), "http://127.0.0.1:*: it does not answer as Kubernetes*") for body in OTHER_SHAPES),
        (failure(401, "Unauthorized"), "*: *Unauthorized*, but *[Ll]og in*"),
        (failure(403, FORBIDDEN), f"*: *{FORBIDDEN}*, but *"),
        (failure(503, "etcd is not ready"), "*: *etcd is not ready*, but *"),
        (failure(403, ECHO), "*no way for Authorization: Bearer ... at all*"),
    ],
)
def test_a_page_of_a_proxy_or_a_refusal_is_one_sentence(
    tmp_path: Path, answer: tuple[int, str, bytes], expected: str
) -> None:
    with serving(Cluster(everything=answer), tmp_path) as path:
        text = str(fault(tmp_path, {"server": ClusterApi(str(path)).address}))

    assert fnmatchcase(text, expected), text
    assert "<html>" not in text


def busy(wish: str | None = None) -> Reply:
    """Return the answer of a server while a kind's storage is initializing."""
    headers = [] if wish is None else [(b"Retry-After", wish.encode())]
    return reply(b"429", headers, b'{"message": "storage is (re)initializing"}', end=End.KEPT)


@pytest.mark.parametrize("wish", [None, "soon", "", "-1", "9" * 9999, "Sat, 28 Nov 2026 02:06:44 GMT", "3600"])
def test_a_busy_server_is_asked_again_after_a_short_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wish: str | None
) -> None:
    waited = list[float]()
    monkeypatch.setattr("time.sleep", waited.append)
    with raw_server(*[busy(wish)] * 3, VERSION) as server:
        assert ClusterApi(str(kubeconfig(tmp_path, server.url))).get("/version").body["minor"] == "36"

    assert len(server.asked) == 4
    assert max(waited) <= cluster_faults.LONGEST_PAUSE


def test_a_server_that_stays_busy_is_reported_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 30)
    monkeypatch.setattr(cluster_faults, "LONGEST_PAUSE", 60)
    with raw_server(busy("60")) as server:
        problem = fault(tmp_path, {"server": server.url})

    assert "storage is (re)initializing" in problem.found
