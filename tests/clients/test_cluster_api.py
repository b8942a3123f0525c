"""What a person reads when the cluster cannot be reached or understood: one sentence, and no traceback."""

import json
import time
from pathlib import Path

import pytest

from clients import cluster_faults
from clients.cluster_api import ClusterApi
from model.charts import Part
from model.problem import InputError, Problem
from preflight.cluster import Expectations, inspect
from tests.doubles.api_server import Cluster, kubeconfig, serving

PARTS = [Part.GATEWAY_API_CRDS, Part.LINKERD_CONTROL_PLANE, Part.ARGO_ROLLOUTS]
STACK = Expectations("test", ["linkerd", "booksapp"], PARTS)


def problems(path: Path | str | None, context: str | None = None) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        inspect(ClusterApi(str(path) if path else None, context), STACK)
    for problem in caught.value.problems:
        assert "\n" not in str(problem)
        assert "Traceback" not in str(problem)
    return list(caught.value.problems)


def only(path: Path | str | None, context: str | None = None) -> Problem:
    found = problems(path, context)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    "server", ["", "nonsense", "http://", "http://[::1", "ftp://127.0.0.1", "http://127.0.0.1:99999"]
)
def test_an_address_that_is_none_is_reported(tmp_path: Path, server: str) -> None:
    assert problems(kubeconfig(tmp_path, server))


LOGIN = b"<html><title>Sign in to continue</title>" + b"x" * 10_000 + b"</html>"


@pytest.mark.parametrize("status", [200, 302, 403, 502, 599])
def test_a_proxys_page_is_not_taken_for_a_cluster(tmp_path: Path, status: int) -> None:
    with serving(Cluster(everything=(status, "text/html", LOGIN)), tmp_path) as path:
        problem = only(path)

    assert problem.where.startswith("http://127.0.0.1:")
    assert "<html>" not in str(problem)
    assert "Kubernetes" in str(problem)


@pytest.mark.parametrize("wish", [None, "soon", "", "-1", "9" * 9999, "Sat, 28 Nov 2026 02:06:44 GMT", "3600"])
def test_a_server_that_has_too_much_to_do_is_asked_again_and_after_a_short_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wish: str | None
) -> None:
    waited = list[float]()
    monkeypatch.setattr("time.sleep", waited.append)
    cluster = Cluster(busy=3, comes_back=wish)
    with serving(cluster, tmp_path) as path:
        assert ClusterApi(str(path)).find("/version") == cluster.answers["/version"]

    assert cluster.asked == ["/version"] * 4
    assert max(waited) <= cluster_faults.LONGEST_PAUSE


def test_a_server_that_keeps_having_too_much_to_do_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_faults, "TRIES", 3)
    cluster = Cluster(busy=99)
    with serving(cluster, tmp_path) as path:
        assert "storage is (re)initializing" in only(path).found
    assert cluster.asked == ["/version"] * 3

    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.5)
    began = time.monotonic()
    with serving(Cluster(busy=99, comes_back="1"), tmp_path) as path:
        assert "storage is (re)initializing" in only(path).found
    assert time.monotonic() - began < 2, "a question takes no longer for being asked again"


@pytest.mark.parametrize(
    ("status", "message", "fix"),
    [
        (401, "Unauthorized", "log in"),
        (403, 'version is forbidden: User "u" cannot get path', ""),
        (503, "etcd is not ready", ""),
    ],
)
def test_a_refusal_is_reported_once_and_as_what_it_is(tmp_path: Path, status: int, message: str, fix: str) -> None:
    body = json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": status}).encode()
    with serving(Cluster(everything=(status, "application/json", body)), tmp_path) as path:
        problem = only(path)

    assert message in problem.found
    assert fix in problem.fix.lower()


@pytest.mark.parametrize("status", [429, 500, 503, 504])
@pytest.mark.parametrize(
    "path", ["/version", "/api/v1/namespaces", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]
)
def test_a_server_that_is_not_well_is_no_matter_of_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, path: str
) -> None:
    monkeypatch.setattr(cluster_faults, "TRIES", 1)
    cluster = Cluster(unwell={path: status})
    with serving(cluster, tmp_path) as kubeconfig:
        problem = only(kubeconfig)

    assert "etcdserver: request timed out" in problem.found
    assert problem.fix.startswith("Try again")


OTHER_SHAPES = [b"{}", b'{"metadata": 1, "items": {}, "major": 1, "minor": null}', b'{"items": [1, null]}']


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"1", b"{", b'"text"', b"\xff\xfe", b"[" * 100_000, *OTHER_SHAPES]
)
def test_answers_that_are_no_objects_or_of_another_shape_are_reported(tmp_path: Path, body: bytes) -> None:
    with serving(Cluster(everything=(200, "application/json", body)), tmp_path) as path:
        assert problems(path)


def test_a_kubeconfig_that_is_not_there_is_reported_by_its_path(tmp_path: Path) -> None:
    problem = only(tmp_path / "none")

    assert problem.where == str(tmp_path / "none")
    assert problem.found == "there is no such kubeconfig"
    assert "pulumi config set linkerd-workshop:kubeconfig" in problem.fix


def test_without_any_kubeconfig_that_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))

    assert only(None).where == "the default kubeconfig"


def test_a_context_that_is_not_there_is_reported_with_those_that_are(tmp_path: Path) -> None:
    problem = only(kubeconfig(tmp_path, "http://127.0.0.1:1"), "nowhere")

    assert "nowhere" in problem.where
    assert problem.found == "there is no such context"
    assert problem.rule == "the known ones are there"


CONTEXT = b"current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
SERVER = b"clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', "


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"text",
        b"a: [",
        b"- 1",
        b"null",
        b"apiVersion: v1\nkind: Config\n",
        b"apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: []\nclusters: []\nusers: []\n",
        b"apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: 7\n",
        b"apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a}]\n",
        CONTEXT + b"clusters: []\nusers: []\n",
        CONTEXT + b"clusters: [{name: c, cluster: {server: 7}}]\nusers: [{name: u, user: {}}]\n",
        CONTEXT + SERVER + b"certificate-authority: /no/such/file}}]\nusers: [{name: u, user: {}}]\n",
    ],
)
def test_a_kubeconfig_that_is_garbage_is_reported_by_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)

    assert only(path).where.startswith(str(path))


@pytest.mark.parametrize(
    "user", [{"client-certificate-data": "bm8=", "client-key-data": "bm8="}, {"token": "hunter2\nb"}]
)
def test_credentials_that_are_garbage_are_reported(tmp_path: Path, user: dict[str, object]) -> None:
    with serving(Cluster(everything=(401, "application/json", b"{}")), tmp_path) as path:
        server = str(ClusterApi(str(path), None).address)
        assert "hunter2" not in str(only(kubeconfig(tmp_path, server, user)))


def test_a_kubeconfig_that_is_a_folder_is_reported(tmp_path: Path) -> None:
    assert only(tmp_path).where == str(tmp_path)


def test_a_proxy_that_repeats_what_it_was_asked_makes_no_message_with_the_token(tmp_path: Path) -> None:
    body = b'{"message": "no way for Authorization: Bearer canary-2f6c at all"}'
    with serving(Cluster(everything=(403, "application/json", body)), tmp_path) as path:
        server = ClusterApi(str(path)).address
        problem = only(kubeconfig(tmp_path, server, {"token": "canary-2f6c"}))

    assert "no way for Authorization: Bearer ... at all" in problem.found


def test_after_a_silence_nothing_else_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.5)
    cluster = Cluster(silent=("/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots",))
    with serving(cluster, tmp_path) as path:
        assert "timed out" in only(path).found

    assert cluster.asked[-1] in cluster.silent
