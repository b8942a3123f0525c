"""A connection to a cluster follows the kubeconfig by kubectl's rules, and its proxy's password is never shown."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi, check_connection
from clients.proxies import proxy_of
from tests.clients.test_cluster_faults import fault
from tests.doubles.api_server import Cluster, kubeconfig, serving
from tests.doubles.faulty_servers import (
    RESET,
    VERSION,
    End,
    Reply,
    Talk,
    connect_proxy,
    listening,
    raw_server,
    reply,
    socks5,
)
from tests.doubles.workshop_certificates import Pair
from tests.fuzzing import CANARY


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (reply(b"407", [], b"", end=End.KEPT), "asks for a login (407)"),
        (reply(b"403", [], b"", end=End.KEPT), "refuses to connect to it (403)"),
        (reply(b"502", [], b"", end=End.KEPT), "refuses to connect to it (502)"),
        (Reply(b""), "does not answer"),
        (RESET, "does not answer"),
        (Reply(b"SSH-2.0-OpenSSH_9.9\r\n", End.KEPT), "the proxy"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_let_through_is_reported_without_its_password(
    tmp_path: Path, said: Reply, found: str, scheme: str
) -> None:
    server = f"{scheme}://api.invalid:6443"
    with raw_server(said) as proxy:
        url = proxy.url.replace("//", f"//user:{CANARY}@")
        problem = fault(tmp_path, {"server": server, "proxy-url": url})

    assert problem.where == server
    if scheme == "https":
        assert f"the proxy {proxy.url.partition('//')[2]}" in problem.found
        assert found in problem.found
        assert "NO_PROXY" in problem.fix
    assert "407" not in found or "407" in problem.found


@pytest.mark.parametrize(
    ("proxy", "found"),
    [
        *((f"{scheme}://127.0.0.1:1", "the proxy 127.0.0.1:1") for scheme in ("socks5", "http")),
        ("http://proxy.invalid:3128", "the proxy proxy.invalid:3128"),
        *((url, "proxy") for url in ("ftp://127.0.0.1:1", f"http://u:{CANARY}@[::1", "nonsense", "http://u:9:9:9")),
    ],
)
def test_a_proxy_that_cannot_be_used_is_reported(tmp_path: Path, proxy: str, found: str) -> None:
    problem = fault(tmp_path, {"server": "https://api.invalid:6443", "proxy-url": proxy})

    assert found in str(problem)
    assert found == "proxy" or "proxy-url" in problem.fix


@pytest.mark.parametrize(("scheme", "talk"), [("socks5", socks5), ("http", connect_proxy)])
def test_a_cluster_behind_a_proxy_is_reached(tmp_path: Path, authority: Pair, scheme: str, talk: Talk) -> None:
    with raw_server(VERSION, tls=authority.issue("proxied").server()) as server, listening(talk) as proxy:
        cluster = {
            "server": server.url,
            "certificate-authority-data": authority.base64,
            "proxy-url": f"{scheme}://127.0.0.1:{proxy}",
        }
        check_connection(ClusterApi(str(kubeconfig(tmp_path, cluster))))


P = "http://p:1"


@pytest.mark.parametrize(
    ("server", "variables", "expected"),
    [
        ("https://api:6443", {}, None),
        ("https://api:6443", {"HTTPS_PROXY": P}, P),
        ("https://api:6443", {"https_proxy": "p:1"}, P),
        ("https://api:6443", {"HTTPS_PROXY": "socks5://p:1"}, "socks5h://p:1"),
        ("https://api:6443", {"HTTP_PROXY": P}, None),
        ("http://api:6443", {"HTTP_PROXY": P}, P),
        ("https://api:6443", {"ALL_PROXY": P}, None),
        *(
            (f"https://{host}:6443", {"HTTPS_PROXY": P}, None)
            for host in ("127.0.0.1", "127.9.9.9", "localhost", "[::1]")
        ),
        ("https://api:6443", {"HTTPS_PROXY": P, "no_proxy": "API:6443"}, None),
        *(
            (server, {"HTTPS_PROXY": P, "NO_PROXY": exceptions}, expected)
            for server, exceptions, expected in (
                ("https://api.example.com", "example.com", None),
                ("https://example.com", ".example.com", P),
                ("https://a.example.com", "x, *.example.com", None),
                ("https://badexample.com", "example.com", P),
                ("https://api:6443", "api:443", P),
                ("https://10.1.2.3", "10.0.0.0/8", None),
                ("https://10.1.2.3", "10.1.2.3", None),
                ("https://[fd00::1]:443", "fd00::/8", None),
                ("https://api", "*", None),
                ("https://api", ", ,.", P),
            )
        ),
    ],
)
def test_the_proxy_is_the_one_that_kubectl_takes(
    monkeypatch: pytest.MonkeyPatch, server: str, variables: Mapping[str, str], expected: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert proxy_of({}, server) == expected
    assert proxy_of({"proxy-url": "http://own:1"}, server) == "http://own:1"


def test_a_server_on_this_machine_is_asked_past_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(Cluster(), tmp_path) as path:
        check_connection(ClusterApi(str(path)))


def ask(tmp_path: Path, server: str, user: Mapping[str, object], **cluster: object) -> str:
    """Ask a cluster for its version; return the address at which it was asked."""
    api = ClusterApi(str(kubeconfig(tmp_path, {"server": server, **cluster}, user)))
    check_connection(api)
    return api.address


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("how", [{"tls-server-name": "api.example.com"}, {"insecure-skip-tls-verify": True}])
def test_a_server_of_another_name_is_reached_if_the_kubeconfig_allows_it(
    tmp_path: Path, authority: Pair, how: dict[str, object]
) -> None:
    trusted = {} if "insecure-skip-tls-verify" in how else {"certificate-authority-data": authority.base64}
    with raw_server(VERSION, tls=authority.issue("api.example.com", None).server()) as server:
        ask(tmp_path, server.url, {"token": "t"}, **trusted, **how)


def test_the_scheme_impersonation_and_the_file_of_a_token_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{CANARY}\n", encoding="utf-8")
    jane = {"as": "jane", "as-groups": ["dev", "ops"], "as-user-extra": {"Reason": ["why"]}}
    with raw_server(VERSION) as server:
        address = ask(tmp_path, server.url.removeprefix("http://"), {"tokenFile": str(token), **jane})

    assert address == server.url
    for line in (b"User: jane", b"Group: dev", b"Group: ops", b"Extra-reason: why"):
        assert b"\r\nImpersonate-" + line + b"\r\n" in server.asked[0]
    assert f"\r\nauthorization: Bearer {CANARY}\r\n".encode() in server.asked[0], "without the file's newline"
