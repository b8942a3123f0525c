"""No kubeconfig and no answer of an API server causes a traceback, a long wait, or a message with credentials in it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clients import cluster_faults
from clients.cluster_api import ClusterApi
from clients.kubeconfig import create_document, find
from model.charts import Part
from model.problem import InputError
from preflight.cluster import Expectations, inspect
from tests.doubles.api_server import kubeconfig
from tests.doubles.faulty_servers import VERSION, RawServer, Reply
from tests.fuzzing import CANARY, Shape, anything, as_json, few, mappings, replies, shaped, taken_or_explained

LIMIT = 0.3
"""Seconds for a question here, instead of ten."""
OVERHEAD = 20
"""Seconds that a busy machine may need for the rest."""


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  pytest calls it
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", LIMIT)


names = ("there", "b", "", "c d")
paths = ("ca.crt", "/nowhere", "../x", "", "a\0b", ".", "x" * 300)
garbled = ("", "bm8=", "!", CANARY, "\n", "é")
flags = (True, False)
short = st.text(max_size=3)
HELPER: Shape = {
    "apiVersion": ("client.authentication.k8s.io/v1", "v0"),
    "command": ("true", "false", "no-such-helper", "./ca.crt", "cat", "echo"),
    "args": [CANARY, "{}", '{"apiVersion": "client.authentication.k8s.io/v1", "status": {}}'],
    "env": [{"name": ("A", "", "A=B", "\0"), "value": CANARY}],
    "interactiveMode": ("Never", "Always"),
    "provideClusterInfo": flags,
}
PROVIDER: Shape = {
    "id-token": ("a.e30.b", f"{CANARY}.x.y", "a.eyJleHAiOjF9.b", "a.eyJleHAiOiJ4In0.b", ""),
    "refresh-token": CANARY,
    "client-id": "x",
    "client-secret": CANARY,
    "idp-issuer-url": ("https://127.0.0.1:1", "x", "http://127.0.0.1:1"),
    "idp-certificate-authority-data": garbled,
}
ADDRESSES = ("http://127.0.0.1:1", "https://127.0.0.1:1", "127.0.0.1:1", "https://[::1", "ftp://x", "")
MORE_ADDRESSES = (
    "https://127.0.0.1:99999",
    "http://\udcff",
    "HTTPS://127.0.0.1:1/a?b#c",
    f"https://u:{CANARY}@[::1]:1",
)
PROXIES = ("http://127.0.0.1:1", "socks5://127.0.0.1:1", "x", "://", "http://127.0.0.1:x")
CLUSTER: Mapping[str, Shape] = {
    "server": (*ADDRESSES, *MORE_ADDRESSES),
    "certificate-authority": paths,
    "certificate-authority-data": garbled,
    "insecure-skip-tls-verify": flags,
    "tls-server-name": ("x", "", "\n"),
    "proxy-url": (*PROXIES, f"http://u:{CANARY}@[::1", f"socks5://u:{CANARY}@127.0.0.1:1"),
}
USER: Mapping[str, Shape] = {
    "token": (CANARY, f"{CANARY}\n", "é", ""),
    "tokenFile": paths,
    "client-certificate": paths,
    "client-certificate-data": garbled,
    "client-key-data": garbled,
    "username": "u",
    "password": CANARY,
    "exec": HELPER,
    "auth-provider": {"name": ("oidc", "gcp", "azure"), "config": PROVIDER},
    "as": ("jane", "a\r\nb", "é"),
    "as-groups": st.lists(short, max_size=2),
    "as-user-extra": st.dictionaries(short, st.lists(short, max_size=1), max_size=1),
}


def entries(key: str, shape: Mapping[str, Shape]) -> st.SearchStrategy[object]:
    entry = st.fixed_dictionaries({"name": st.sampled_from(names), key: mappings(shape)})
    return st.lists(entry, min_size=1, max_size=2)


KUBECONFIG: Mapping[str, Shape] = {
    "current-context": names,
    "contexts": entries("context", {"cluster": names, "user": names, "namespace": names}),
    "clusters": entries("cluster", CLUSTER),
    "users": entries("user", USER),
    "kind": "Config",
    "apiVersion": "v1",
}
OBJECT: Shape = {
    "metadata": {
        "name": names,
        "uid": short,
        "annotations": anything,
        "labels": anything,
        "managedFields": anything,
        "creationTimestamp": st.text(max_size=20),
    },
    "items": [{"metadata": {"name": names, "annotations": anything}, "spec": anything, "status": anything}],
    "message": (CANARY, f"Bearer {CANARY}", "\x1b[31m", "a\nb", ""),
    "gitVersion": ("v1.36.3", "", "x"),
    "major": ("1", "", "x", "٣"),
    "minor": ("36", "36+", "9" * 5000),
    "data": {"Corefile": st.text(max_size=20)},
    "status": {"allowed": flags},
}


def of_one_context(cluster: Mapping[str, object], user: Mapping[str, object]) -> dict[str, object]:
    return create_document("there", {"server": "http://127.0.0.1:1", **cluster}, dict(user))


def as_yaml(document: object) -> bytes:
    return yaml.dump(document, allow_unicode=True).encode(errors="replace")


kubeconfigs = st.builds(of_one_context, mappings(CLUSTER), mappings(USER)) | mappings(KUBECONFIG)
contents = st.one_of(
    kubeconfigs.map(as_json),
    anything.map(as_yaml),
    st.binary(max_size=60),
    st.tuples(kubeconfigs, st.integers(0, 200)).map(lambda torn: as_json(torn[0])[: torn[1]]),
)


@pytest.mark.filterwarnings("ignore")
@few(60)
@given(content=contents, context=st.sampled_from([None, *names]))
def test_any_kubeconfig_is_taken_or_explained(tmp_path: Path, content: bytes, context: str | None) -> None:
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    (tmp_path / "ca.crt").write_text(CANARY, encoding="ascii")

    # Logging in takes as long as a question at most, and then there is one.
    with taken_or_explained(2 * LIMIT + OVERHEAD) as lines:
        ClusterApi(str(path), context).find("/version")
    assert lines


@few(15)
@given(documents=st.lists(kubeconfigs, min_size=1, max_size=3), context=st.sampled_from([None, "there", "b", "c d"]))
def test_what_is_taken_is_what_kubectl_takes(tmp_path: Path, documents: list[object], context: str | None) -> None:
    listed = [tmp_path / f"kubeconfig-{number}" for number in range(len(documents))]
    for path, each in zip(listed, documents, strict=True):
        path.write_bytes(as_json(each))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", os.pathsep.join(map(str, listed)))
        try:
            found = find(None, context)
        except InputError:
            return
        if (kubectl := shutil.which("kubectl")) is None:
            return
        command = [kubectl, "config", "view", "--minify", "--raw", "--output=json"]
        command += [f"--context={context}"] if context else []
        done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:  # a field of another type, in a file of which nothing else was looked at
        assert "error loading config file" in done.stderr, (done.stderr, found.document)
        return
    oracle = json.loads(done.stdout)
    assert found.document["current-context"] == oracle["current-context"]
    assert (found.cluster.get("server") or "") == oracle["clusters"][0]["cluster"].get("server", "")


WHOLE = Expectations("test", ["linkerd", "booksapp", "circuit-breaking-demo"], list(Part), ingress_class="alb")
ECHO = f"GET /version HTTP/1.1\r\nAuthorization: Bearer {CANARY}\r\n".encode()
"""As proxies answer that show what they were asked."""
answers = st.lists(replies(shaped(OBJECT).map(as_json) | st.just(ECHO)), min_size=1, max_size=6)


@pytest.mark.filterwarnings("ignore")
@few(60)
@given(said=answers, before=st.sampled_from([[], [VERSION]]))
def test_any_answer_of_a_server_is_taken_or_explained(
    tmp_path: Path, server: RawServer, said: list[Reply], before: list[Reply]
) -> None:
    server.replies = [*before, *said]
    path = kubeconfig(tmp_path, server.url, {"token": CANARY})
    # One question may wait for its time; then no other is asked. The rest are answered at once.
    with taken_or_explained(2 * LIMIT + OVERHEAD + 12 * LIMIT):
        inspect(ClusterApi(str(path)), WHOLE)
