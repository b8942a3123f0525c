"""No kubeconfig and no server makes a traceback, a long wait, or a message with credentials in it.

FUZZ_EXAMPLES=9000 tries as many inputs in each test, other ones every time; without it a few have to do.
"""

import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients import cluster_faults
from clients.cluster_api import ClusterApi
from clients.kubeconfig import find
from model.charts import Part
from model.problem import InputError
from preflight.cluster import Expectations, inspect
from tests.doubles.faulty_servers import listening, request

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
MANY = settings(FEW, max_examples=EXAMPLES or 1, derandomize=False)
CANARY = "canary-2f6c9b"
LIMIT = 0.3
"""Seconds for a question here, instead of ten."""
OVERHEAD = 8
"""Seconds that a busy machine may need for the rest."""


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  pytest calls it
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", LIMIT)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def is_told(attempt: Callable[[], object], seconds: float) -> bool:
    """Return whether an attempt ends in an error; only in one sentence a problem, in time, and without credentials."""
    told, began = "", time.monotonic()
    try:
        attempt()
    except InputError as error:
        told = str(error)
    assert time.monotonic() - began < seconds
    assert told.replace("\n", "").isprintable(), repr(told)
    assert CANARY not in told, told
    return bool(told)


scalars = st.none() | st.booleans() | st.integers(-1, 70000) | st.text(max_size=8)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["a", "b", "", "c d"])
paths = st.sampled_from(["ca.crt", "/nowhere", "../x", "", "a\0b", ".", "x" * 300])
servers = st.sampled_from(
    [
        "http://127.0.0.1:1",
        "https://127.0.0.1:1",
        "127.0.0.1:1",
        "https://[::1",
        "https://u:canary-2f6c9b@127.0.0.1:1",
        "ftp://x",
        "",
        "https://127.0.0.1:99999",
        "http://\udcff",
        "HTTPS://127.0.0.1:1/a?b#c",
    ]
)
proxies = st.sampled_from(
    [
        "http://127.0.0.1:1",
        "socks5://127.0.0.1:1",
        f"http://u:{CANARY}@[::1",
        f"socks5://u:{CANARY}@127.0.0.1:1",
        "x",
        "://",
        "http://127.0.0.1:x",
    ]
)
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


def as_json(document: object) -> bytes:
    # Not as ASCII: kubectl takes no surrogates.
    return json.dumps(document, ensure_ascii=False).encode(errors="replace")


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
@(MANY if EXAMPLES else FEW)
@given(content=contents, context=st.none() | names)
def test_any_kubeconfig_is_taken_or_told(tmp_path: Path, content: bytes, context: str | None) -> None:
    path = tmp_path / "kubeconfig"
    path.write_bytes(content)
    (tmp_path / "ca.crt").write_text(CANARY, encoding="ascii")

    # Logging in takes as long as a question at most, and then there is one.
    assert is_told(lambda: ClusterApi(str(path), context).find("/version"), 2 * LIMIT + OVERHEAD)


@(MANY if EXAMPLES else settings(FEW, max_examples=15))
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


numbers = st.sampled_from([b"0", b"1", b"2", b"9999999999", b"-1", b"x", b"", b"1e3"])
headers = st.lists(
    st.one_of(
        st.builds(b"Retry-After: ".__add__, numbers),
        st.builds(b"Content-Length: ".__add__, numbers),
        st.sampled_from(
            [
                b"Transfer-Encoding: chunked",
                b"Content-Encoding: gzip",
                b"Content-Encoding: br",
                b"Connection: close",
                b"Location: http://127.0.0.1:1/",
                b"Location: ://",
                b"Date: yesterday",
                b"Date: Sat, 99 Nov 2026 99:99:99 GMT",
                b"Set-Cookie: a=b",
                b"X" * 70000,
                b"no colon",
                b": no name",
                b"\xff: \xff",
                b" folded",
            ]
        ),
    ),
    max_size=3,
)
statuses = st.sampled_from(
    [
        b"200",
        b"201",
        b"204",
        b"301",
        b"302",
        b"304",
        b"400",
        b"401",
        b"403",
        b"404",
        b"407",
        b"429",
        b"500",
        b"503",
        b"999",
        b"1",
        b"x",
        b"100",
        b"-5",
    ]
)
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
bodies = st.one_of(
    objects,
    objects,
    st.binary(max_size=50),
    st.just(b"[" * 50000),
    st.just(b"\x1f\x8b\x08garbage"),
    st.just(b"5\r\nhel"),
)
endings = st.sampled_from(["keep", "keep", "keep", "close", "reset", "silence", "drip"])
answers = st.tuples(statuses, headers, bodies, endings, st.booleans())
Answer = tuple[bytes, list[bytes], bytes, str, bool]


class Fuzzed:
    """A server that gives one fuzzed answer after the other."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers, self._lock, self._next = answers, threading.Lock(), 0

    def talk(self, connection: socket.socket) -> None:
        """Answer until one of the answers ends the connection."""
        while head := request(connection):
            with self._lock:
                status, headers, body, ending, measured = self._answers[self._next % len(self._answers)]
                self._next += 1
            if ending == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if ending == "silence":
                with suppress(TimeoutError):
                    connection.settimeout(2 * LIMIT)
                    connection.recv(1)
                return
            body = head if body == b"5\r\nhel" and measured else body  # as proxies do that show what they were asked
            lines = [b"HTTP/1.1 " + status + b" Said", *headers]
            lines += [b"Content-Length: %d" % len(body)] if measured else []
            self._say(connection, b"\r\n".join(lines) + b"\r\n\r\n" + body, slowly=ending == "drip")
            if ending == "close" or not measured:
                return

    def _say(self, connection: socket.socket, content: bytes, *, slowly: bool) -> None:
        if not slowly:
            connection.sendall(content)
            return
        for number in range(30):
            connection.sendall(content[number : number + 1])
            time.sleep(LIMIT / 10)


WHOLE = Expectations("test", ["linkerd", "booksapp", "circuit-breaking-demo"], list(Part), ingress_class="alb")
VERSION: Answer = (b"200", [], b'{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}', "keep", True)


@pytest.mark.filterwarnings("ignore")
@(MANY if EXAMPLES else FEW)
@given(said=st.lists(answers, min_size=1, max_size=6), is_cluster=st.booleans())
def test_any_answer_of_a_server_is_taken_or_told(
    tmp_path: Path,
    said: list[Answer],
    is_cluster: bool,  # noqa: FBT001
) -> None:
    server = Fuzzed([VERSION, *said] if is_cluster else said)
    with listening(server.talk) as port:
        path = kubeconfig(tmp_path, f"http://127.0.0.1:{port}")
        # One question may wait for its time; then no other is asked. The rest are answered at once.
        is_told(lambda: inspect(ClusterApi(str(path)), WHOLE), 2 * LIMIT + OVERHEAD + 12 * LIMIT)


def kubeconfig(folder: Path, server: str) -> Path:
    path = folder / "own"
    document: Mapping[str, object] = {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": server}}],
        "users": [{"name": "a", "user": {"token": CANARY}}],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
