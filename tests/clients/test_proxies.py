"""Which proxy leads to a cluster is decided by kubectl's rules, and its faults are told without its password."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi, check_connection
from clients.proxies import proxy_of
from tests.clients.test_cluster_faults import CANARY, fault
from tests.doubles.api_server import Cluster, kubeconfig, serving
from tests.doubles.faulty_servers import (
    ANSWER,
    Authority,
    Talk,
    answer,
    connect_proxy,
    listening,
    request,
    reset,
    server_context,
    socks5,
)


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
def test_a_proxy_that_does_not_let_through_is_reported_without_its_password(
    tmp_path: Path, talk: Talk, found: str, scheme: str
) -> None:
    with listening(talk) as port:
        proxy = f"http://user:{CANARY}@127.0.0.1:{port}"
        server = f"{scheme}://api.invalid:6443"
        problem = fault(tmp_path, {"server": server, "proxy-url": proxy})

    assert problem.where == server
    if scheme == "https":
        assert f"the proxy 127.0.0.1:{port}" in problem.found
        assert found in problem.found
        assert "NO_PROXY" in problem.fix
    else:
        assert "407" in problem.found if "407" in found else problem.found


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://127.0.0.1:1", "http://proxy.invalid:3128"])
def test_a_proxy_that_is_not_there_is_reported(tmp_path: Path, proxy: str) -> None:
    problem = fault(tmp_path, {"server": "https://api.invalid:6443", "proxy-url": proxy})

    assert f"the proxy {proxy.rpartition('/')[2]}" in problem.found
    assert "proxy-url" in problem.fix


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", f"http://u:{CANARY}@[::1", "nonsense", "http://u:9:9:9"])
def test_a_proxy_whose_url_is_none_is_reported(tmp_path: Path, proxy: str) -> None:
    assert "proxy" in str(fault(tmp_path, {"server": "https://api.invalid:6443", "proxy-url": proxy}))


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


@pytest.mark.parametrize(
    ("server", "variables", "expected"),
    [
        ("https://api:6443", {}, None),
        ("https://api:6443", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://api:6443", {"https_proxy": "p:1"}, "http://p:1"),
        ("https://api:6443", {"HTTPS_PROXY": "socks5://p:1"}, "socks5h://p:1"),
        ("https://api:6443", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://api:6443", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("https://api:6443", {"ALL_PROXY": "http://p:1"}, None),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://127.9.9.9:6443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://localhost:6443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://[::1]:6443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://api.example.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com"}, None),
        ("https://example.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example.com"}, "http://p:1"),
        ("https://a.example.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x, *.example.com"}, None),
        ("https://badexample.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com"}, "http://p:1"),
        ("https://api:6443", {"HTTPS_PROXY": "http://p:1", "no_proxy": "API:6443"}, None),
        ("https://api:6443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api:443"}, "http://p:1"),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, None),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.1.2.3"}, None),
        ("https://[fd00::1]:443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "fd00::/8"}, None),
        ("https://api", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("https://api", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ", ,."}, "http://p:1"),
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
