"""A fault of a login is one sentence within seconds, and so is a fault of the cluster in every command."""

import base64
import json
import socket
import time
from pathlib import Path

import pytest

from clients import cluster_faults
from tests.clients.test_cluster_faults import fault
from tests.doubles.api_server import kubeconfig
from tests.doubles.faulty_servers import SILENCE, VERSION, Talk, listening, raw_server, request
from tests.doubles.pulumi_double import play_pulumi
from tests.doubles.workshop_certificates import Pair
from tests.fuzzing import CANARY
from workshop import cli

NOWHERE = {"server": "https://127.0.0.1:1"}


def jwt(seconds: float) -> str:
    parts = {"alg": "none"}, {"exp": int(time.time() + seconds)}
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".x"


def oidc(issuer: str, **more: str) -> dict[str, object]:
    """Return a user with an expired login of an identity provider."""
    secrets = {"client-secret": CANARY, "refresh-token": CANARY, "id-token": jwt(-60)}
    config = {"client-id": "kubernetes", "idp-issuer-url": issuer, **secrets, **more}
    return {"auth-provider": {"name": "oidc", "config": config}}


def identity_provider(refusal: bytes) -> Talk:
    """Return one that refuses to renew a login."""

    def talk(connection: socket.socket) -> None:
        port = connection.getsockname()[1]
        endpoints = json.dumps({"token_endpoint": f"https://127.0.0.1:{port}/token"}).encode()
        while head := request(connection):
            status, body = (b"400 Bad Request", refusal) if b"/token" in head else (b"200 OK", endpoints)
            kind = b"Content-Type: application/json\r\n"
            connection.sendall(b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, kind, len(body), body))

    return talk


def test_an_expired_login_that_the_identity_provider_does_not_renew_is_reported(
    tmp_path: Path, authority: Pair
) -> None:
    refused = json.dumps({"error": "invalid_grant", "error_description": f"Token {CANARY} expired"}).encode()
    with listening(identity_provider(refused), authority.issue("idp").server()) as port:
        trusted = {"idp-certificate-authority-data": authority.base64}
        problem = fault(tmp_path, NOWHERE, oidc(f"https://127.0.0.1:{port}", **trusted))

    assert "invalid_grant" in problem.found
    assert "log in again" in problem.fix


def test_an_identity_provider_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "identity provider cannot be reached" in fault(tmp_path, NOWHERE, oidc("https://127.0.0.1:1")).found
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.4)
    with raw_server(SILENCE) as server:
        issuer = server.url.replace("http", "https")
        assert "did not answer" in fault(tmp_path, NOWHERE, oidc(issuer)).found


@pytest.mark.parametrize(
    ("version", "command", "found"),
    [
        ("v1", ["sleep", "60"], "login"),
        ("v1beta1", ["no-such-login-helper"], "no-such-login-helper"),
        *(
            ("v1beta1", ["sh", "-c", script], "login helper failed")
            for script in ("echo expired session >&2; exit 1", "echo no json", "echo '{}'", "echo '[1]'")
        ),
    ],
)
def test_a_login_helper_that_fails_or_hangs_is_reported_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, command: list[str], found: str
) -> None:
    if command[0] == "sleep":
        monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.4)
    helper = {"apiVersion": f"client.authentication.k8s.io/{version}", "command": command[0], "args": command[1:]}
    problem = fault(tmp_path, NOWHERE, {"exec": {**helper, "interactiveMode": "Never"}})

    assert found in problem.found
    assert problem.where == str(tmp_path / "kubeconfig")


@pytest.mark.parametrize("command", ["check-cluster", "leftovers", "forget-cluster", "verify", "reset"])
def test_every_command_reports_a_fault_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    authority: Pair,
    command: str,
) -> None:
    play_pulumi(monkeypatch)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(tmp_path)
    with raw_server(VERSION, tls=authority.issue("expired", days=-1).server()) as server:
        cluster = {"server": server.url, "certificate-authority-data": authority.base64}
        path = kubeconfig(tmp_path, cluster, {"token": CANARY})
        (tmp_path / "Pulumi.x.yaml").write_text(f"config: {{linkerd-workshop:kubeconfig: {path}}}\n", encoding="utf-8")
        assert cli.main([command, "--stack", "x"]) == 1

    printed = "".join(capsys.readouterr())
    assert "its certificate has expired" in printed
    assert CANARY not in printed
