"""No kubeconfig and no answer of an API server causes a traceback, a long wait, or a message with credentials in it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clients import cluster_faults
from clients.cluster_api import ClusterApi
from clients.kubeconfig import find
from model.charts import Part
from model.problem import InputError
from preflight.cluster import Expectations, inspect
from tests.doubles.api_server import kubeconfig
from tests.doubles.faulty_servers import ANSWER, End, RawServer, Reply, raw_server
from tests.fuzzing import CANARY, as_json, few, nested, replies, scalars, taken_or_explained

LIMIT = 0.3
"""Seconds for a question here, instead of ten."""
OVERHEAD = 8
"""Seconds that a busy machine may need for the rest."""


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  pytest calls it
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", LIMIT)


anything = nested(scalars | st.integers(-1, 70000) | st.text(max_size=8), st.text(max_size=5))
names = st.sampled_from(["a", "b", "", "c d"])
paths = st.sampled_from(["ca.crt", "/nowhere", "../x", "", "a\0b", ".", "x" * 300])
ADDRESSES = ["http://127.0.0.1:1", "https://127.0.0.1:1", "127.0.0.1:1", "https://[::1", "ftp://x", ""]
MORE_ADDRESSES = ["https://127.0.0.1:99999", "http://\udcff", "HTTPS://127.0.0.1:1/a?b#c"]
servers = st.sampled_from([*ADDRESSES, *MORE_ADDRESSES, f"https://u:{CANARY}@127.0.0.1:1"])
PROXIES = ["http://127.0.0.1:1", "socks5://127.0.0.1:1", "x", "://", "http://127.0.0.1:x"]
proxies = st.sampled_from([*PROXIES, f"http://u:{CANARY}@[::1", f"socks5://u:{CANARY}@127.0.0.1:1"])
garbled = st.sampled_from(["", "bm8=", "!", CANARY, "\n", "é"])


def mapping(**values: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Return mappings with some of these keys, each with a fitting value or, seldom, any other."""
    often = {key: st.one_of(value, value, value, anything) for key, value in values.items()}
    return st.fixed_dictionaries({}, optional=often)


helpers = mapping(
    apiVersion=st.sampled_from(["client.authentication.k8s.io/v1", "v0"]),
    command=st.sampled_from(["true", "false", "no-such-helper", "./ca.crt", "cat", "echo"]),
    args=st.lists(
        st.sampled_from([CANARY, "{}", '{"apiVersion": "client.authentication.k8s.io/v1", "status": {}}']), max_size=2
    ),
    env=st.lists(mapping(name=st.sampled_from(["A", "", "A=B", "\0"]), value=st.just(CANARY)), max_size=2),
    interactiveMode=st.sampled_from(["Never", "Always"]),
    provideClusterInfo=st.booleans(),
)
providers = mapping(
    name=st.sampled_from(["oidc", "gcp", "azure"]),
    config=mapping(
        **{
            "id-token": st.sampled_from(["a.e30.b", f"{CANARY}.x.y", "a.eyJleHAiOjF9.b", "a.eyJleHAiOiJ4In0.b", ""]),
            "refresh-token": st.just(CANARY),
            "client-id": st.just("x"),
            "client-secret": st.just(CANARY),
            "idp-issuer-url": st.sampled_from(["https://127.0.0.1:1", "x", "http://127.0.0.1:1"]),
            "idp-certificate-authority-data": garbled,
        }
    ),
)
clusters = mapping(
    **{
        "server": servers,
        "certificate-authority": paths,
        "certificate-authority-data": garbled,
        "insecure-skip-tls-verify": st.booleans(),
        "tls-server-name": st.sampled_from(["x", "", "\n"]),
        "proxy-url": proxies,
    }
)
users = mapping(
    **{
        "token": st.sampled_from([CANARY, f"{CANARY}\n", "é", ""]),
        "tokenFile": paths,
        "client-certificate": paths,
        "client-certificate-data": garbled,
        "client-key-data": garbled,
        "username": st.just("u"),
        "password": st.just(CANARY),
        "exec": helpers,
        "auth-provider": providers,
        "as": st.sampled_from(["jane", "a\r\nb", "é"]),
        "as-groups": st.lists(st.text(max_size=3), max_size=2),
        "as-user-extra": st.dictionaries(st.text(max_size=3), st.lists(st.text(max_size=3), max_size=1), max_size=1),
    }
)


def entries(key: str, values: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[list[dict[str, object]]]:
    return st.lists(st.fixed_dictionaries({"name": names, key: values}), min_size=1, max_size=2)


kubeconfigs = mapping(
    **{
        "current-context": names,
        "contexts": entries("context", mapping(cluster=names, user=names, namespace=names)),
        "clusters": entries("cluster", clusters),
        "users": entries("user", users),
        "kind": st.just("Config"),
        "apiVersion": st.just("v1"),
    }
)


def of_one_context(cluster: dict[str, object], user: dict[str, object]) -> dict[str, object]:
    return {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1", **cluster}}],
        "users": [{"name": "a", "user": user}],
    }


def as_yaml(document: object) -> bytes:
    return yaml.dump(document, allow_unicode=True).encode(errors="replace")


def torn(document: dict[str, object], end: int) -> bytes:
    return as_json(document)[:end]


good = st.builds(of_one_context, clusters, users)
contents = st.one_of(
    st.builds(as_json, good | kubeconfigs),
    st.builds(as_yaml, anything),
    st.binary(max_size=60),
    st.builds(torn, good, st.integers(0, 200)),
)


@pytest.mark.filterwarnings("ignore")
@few(60)
@given(content=contents, context=st.none() | names)
def test_any_kubeconfig_is_taken_or_explained(tmp_path: Path, content: bytes, context: str | None) -> None:
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    (tmp_path / "ca.crt").write_text(CANARY, encoding="ascii")

    # Logging in takes as long as a question at most, and then there is one.
    with taken_or_explained(2 * LIMIT + OVERHEAD) as lines:
        ClusterApi(str(path), context).find("/version")
    assert lines


@few(15)
@given(documents=st.lists(good | kubeconfigs, min_size=1, max_size=3), context=st.none() | names.filter(bool))
def test_what_is_taken_is_what_kubectl_takes(
    tmp_path: Path, documents: list[dict[str, object]], context: str | None
) -> None:
    listed = list[str]()
    for number, document in enumerate(documents):
        listed.append(str(tmp_path / f"kubeconfig-{number}"))
        Path(listed[-1]).write_bytes(as_json(document))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", os.pathsep.join(listed))
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


objects = st.builds(
    as_json,
    mapping(
        metadata=mapping(
            name=names,
            uid=st.text(max_size=3),
            annotations=anything,
            labels=anything,
            managedFields=anything,
            creationTimestamp=st.text(max_size=20),
        ),
        items=st.lists(
            mapping(metadata=mapping(name=names, annotations=anything), spec=anything, status=anything), max_size=2
        ),
        message=st.sampled_from([CANARY, f"Bearer {CANARY}", "\x1b[31m", "a\nb", ""]),
        gitVersion=st.sampled_from(["v1.36.3", "", "x"]),
        major=st.sampled_from(["1", "", "x", "٣"]),
        minor=st.sampled_from(["36", "36+", "9" * 5000]),
        data=mapping(Corefile=st.text(max_size=20)),
        status=mapping(allowed=st.booleans()),
    ),
)
WHOLE = Expectations("test", ["linkerd", "booksapp", "circuit-breaking-demo"], list(Part), ingress_class="alb")
VERSION = Reply(ANSWER, End.KEPT)
ECHO = f"GET /version HTTP/1.1\r\nAuthorization: Bearer {CANARY}\r\n".encode()
"""As proxies answer that show what they were asked."""


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_server() as running:
        yield running


@pytest.mark.filterwarnings("ignore")
@few(60)
@given(said=st.lists(replies(objects | st.just(ECHO)), min_size=1, max_size=6), is_cluster=st.booleans())
def test_any_answer_of_a_server_is_taken_or_explained(
    tmp_path: Path,
    server: RawServer,
    said: list[Reply],
    is_cluster: bool,  # noqa: FBT001
) -> None:
    server.replies = [VERSION, *said] if is_cluster else said
    path = kubeconfig(tmp_path, server.url, {"token": CANARY})
    # One question may wait for its time; then no other is asked. The rest are answered at once.
    with taken_or_explained(2 * LIMIT + OVERHEAD + 12 * LIMIT):
        inspect(ClusterApi(str(path)), WHOLE)
