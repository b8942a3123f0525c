"""The message where a cluster cannot be reached or understood: one sentence, and no traceback."""

import json
import time
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from clients import cluster_faults
from clients.cluster_api import ClusterApi
from preflight.cluster import inspect
from tests.doubles.api_server import Cluster, kubeconfig, serving
from tests.doubles.clusters import STACK
from tests.doubles.faulty_servers import VERSION, End, Reply, raw_server, reply
from tests.fuzzing import CANARY, catch_problem

JSON = "application/json"


def only(path: Path) -> str:
    return str(catch_problem(lambda: inspect(ClusterApi(str(path)), STACK)))


@pytest.mark.parametrize("server", ["", 7, "http://", "http://[::1", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_an_invalid_address_is_reported(tmp_path: Path, server: object) -> None:
    assert "server is not an address" in only(kubeconfig(tmp_path, {"server": server}))


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
        text = only(kubeconfig(tmp_path, ClusterApi(str(path)).address, {"token": CANARY}))

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
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.5)
    began = time.monotonic()
    with raw_server(busy("1")) as server:
        assert "storage is (re)initializing" in only(kubeconfig(tmp_path, server.url))
    assert time.monotonic() - began < 2, "a question takes no longer for being asked again"


@pytest.mark.parametrize("status", [429, 500, 503, 504])
@pytest.mark.parametrize(
    "path", ["/version", "/api/v1/namespaces", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]
)
def test_an_error_of_the_server_is_not_reported_as_a_missing_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, path: str
) -> None:
    monkeypatch.setattr(cluster_faults, "TRIES", 1)
    with serving(Cluster(unwell={path: status}), tmp_path) as kubeconfig:
        text = only(kubeconfig)

    assert fnmatchcase(text, "*: *etcdserver: request timed out*, but *. Try again*")


def test_after_a_silence_nothing_else_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.5)
    cluster = Cluster(silent=("/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots",))
    with serving(cluster, tmp_path) as path:
        assert "timed out" in only(path)

    assert cluster.asked[-1] in cluster.silent
