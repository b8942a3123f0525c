"""The message where a cluster cannot be reached or understood: one sentence, and no traceback."""

import json
import time
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from clients import cluster_faults
from clients.cluster_api import ClusterApi
from model.problem import InputError
from preflight.cluster import inspect
from tests.doubles.api_server import Cluster, kubeconfig, serving
from tests.doubles.clusters import STACK
from tests.doubles.faulty_servers import VERSION, End, Reply, raw_server, reply

JSON = "application/json"


def problems(path: Path | str | None, context: str | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        inspect(ClusterApi(str(path) if path else None, context), STACK)
    found = [str(problem) for problem in caught.value.problems]
    assert not any("\n" in text or "Traceback" in text for text in found)
    return found


def only(path: Path | str | None, context: str | None = None) -> str:
    (text,) = problems(path, context)
    return text


@pytest.mark.parametrize(
    "server", ["", 7, "nonsense", "http://", "http://[::1", "ftp://127.0.0.1", "http://127.0.0.1:99999"]
)
def test_an_invalid_address_is_reported(tmp_path: Path, server: object) -> None:
    assert problems(kubeconfig(tmp_path, {"server": server}))


LOGIN = b"<html><title>Sign in to continue</title>" + b"x" * 10_000 + b"</html>"


def failure(code: int, message: str) -> tuple[int, str, bytes]:
    body = {"kind": "Status", "status": "Failure", "message": message, "code": code}
    return code, JSON, json.dumps(body).encode()


FORBIDDEN = 'version is forbidden: User "u" cannot get path'
ECHO = "no way for Authorization: Bearer canary-2f6c at all"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        *(((status, "text/html", LOGIN), "http://127.0.0.1:*Kubernetes*") for status in (200, 302, 403, 502, 599)),
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
        text = only(kubeconfig(tmp_path, ClusterApi(str(path)).address, {"token": "canary-2f6c"}))

    assert fnmatchcase(text, expected), text
    assert "<html>" not in text


OTHER_SHAPES = [b"{}", b'{"metadata": 1, "items": {}, "major": 1, "minor": null}', b'{"items": [1, null]}']


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"1", b"{", b'"text"', b"\xff\xfe", b"[" * 100_000, *OTHER_SHAPES]
)
def test_answers_of_another_shape_are_reported(tmp_path: Path, body: bytes) -> None:
    with serving(Cluster(everything=(200, JSON, body)), tmp_path) as path:
        assert problems(path)


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


def test_a_server_that_stays_busy_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_faults, "TRIES", 3)
    with raw_server(busy()) as server:
        assert "storage is (re)initializing" in only(kubeconfig(tmp_path, server.url))
    assert len(server.asked) == 3

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


def test_a_kubeconfig_or_context_that_does_not_exist_is_reported_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    missing = f"{tmp_path / 'none'}: there is no such kubeconfig, *pulumi config set linkerd-workshop:kubeconfig*"

    assert fnmatchcase(only(tmp_path / "none"), missing)
    assert only(tmp_path).startswith(f"{tmp_path}: "), "a folder"
    assert only(None).startswith("the default kubeconfig: ")
    unknown = only(kubeconfig(tmp_path, "http://127.0.0.1:1"), "nowhere")
    assert fnmatchcase(unknown, "*nowhere*: there is no such context, but the known ones are there.*")
