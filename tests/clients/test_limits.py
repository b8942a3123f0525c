"""A service is waited for ten seconds in all, with all attempts and pages; then one sentence names it."""

import io
import os
import socket
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from boto3 import Session
from rich.console import Console

from charts import definitions
from charts.definitions import DefinitionChart
from clients import limits, pulumi_cli
from clients.aws import login as logging_in
from clients.aws.api import AwsApi
from clients.cluster_api import ClusterApi
from clients.pod_stream import StreamError, connect
from clients.pulumi_cli import StackCli, read_settings
from model.charts import Part
from model.problem import InputError, Problem, SilenceError
from preflight.eks import survey_aws
from settings import Settings
from settings.eks import Dns, Eks
from tests.doubles.api_server import kubeconfig
from tests.doubles.aws_server import Account, Refusal, environment, serving
from tests.doubles.faulty_servers import End, Reply, Talk, answer, listening, raw_server, request, say_nothing
from tests.program import ROOT
from workshop import fill_mirror
from workshop.drain.account import Account as Drained
from workshop.drain.account import Marks, find_hosts, find_load_balancers
from workshop.drain.cluster import list_ingress_urns

LIMIT = 1.0
"""Seconds here, instead of ten."""
OVERHEAD = 30
"""Seconds that a busy machine may need for the rest."""
LOGIN = Eks.model_validate({"cluster": "workshop", "region": "eu-central-1", "owner": "me"})
DNS = Dns.model_validate({"zone": "example.com"})
ON_EKS = Settings.model_validate({"eks": LOGIN.model_dump(by_alias=True), "dns": {"zone": "example.com"}})


@pytest.fixture(scope="module")
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> None:  # pyright: ignore[reportUnusedFunction]  pytest calls it
    """Load boto3 and what it knows: on a busy machine that takes longer than the limit."""
    with serving(Account(), tmp_path_factory.mktemp("aws")):
        survey_aws(ON_EKS, "dev")


@pytest.fixture
def limit(_loaded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", LIMIT)


@contextmanager
def in_time() -> Generator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        assert time.monotonic() - began < LIMIT + OVERHEAD


def only(ask: Callable[[], object], kind: type[InputError] = SilenceError) -> Problem:
    with pytest.raises(kind) as caught, in_time():
        ask()
    (problem,) = caught.value.problems
    assert "\n" not in str(problem)
    return problem


def drip_after(head: bytes) -> Talk:
    """Return a server that answers a head, and then a byte at a time for longer than anybody should wait."""

    def talk(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head)
        for _ in range(200):
            connection.sendall(b" ")
            Event().wait(LIMIT / 5)  # not `sleep`, which other tests replace

    return talk


DRIP, DRIP_HEAD = drip_after(b"Content-Length: 1000\r\n\r\n"), drip_after(b"X: ")


@pytest.fixture
def aws_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    def use(url: str) -> None:
        for name, value in environment(url, tmp_path).items():
            monkeypatch.setenv(name, value)

    return use


def test_all_attempts_of_a_question_end_in_ten_seconds() -> None:
    assert limits.SECONDS == 10
    assert logging_in.SECONDS_TO_CONNECT < limits.SECONDS
    client = logging_in.client(Session(), "sts", "eu-central-1")
    assert client.meta.config.read_timeout == client.seconds_in_all == limits.SECONDS


def test_a_state_that_is_nested_too_deeply_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, "[" * 100_000, "")

    monkeypatch.setattr(subprocess, "run", run)

    assert "prints no state" in only(partial(list_ingress_urns, "dev"), InputError).found


def test_an_api_server_that_refuses_a_port_by_something_nested_too_deeply_is_explained(tmp_path: Path) -> None:
    body = b"[" * 100_000
    with listening(answer(b"HTTP/1.1 500 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))) as port:
        api = ClusterApi(str(kubeconfig(tmp_path, f"http://127.0.0.1:{port}")))
        with pytest.raises(StreamError, match="500"):
            connect(api.configuration, f"{api.address}/portforward")


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a Pulumi CLI on PATH that waits for its backend."""
    cli = tmp_path / "bin/pulumi"
    cli.parent.mkdir()
    cli.write_text('#!/bin/sh\ntest "$1" = version && echo v3.999.0 || exec sleep 60\n', encoding="ascii")
    cli.chmod(0o755)
    (tmp_path / "Pulumi.yaml").write_text("{name: linkerd-workshop, runtime: python}\n", encoding="ascii")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {linkerd-workshop:context: kind}\n", encoding="ascii")
    monkeypatch.setenv("PATH", f"{cli.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("ON_SANDBOX", raising=False)
    monkeypatch.chdir(tmp_path)


READS = {
    "settings": partial(read_settings, "dev"),
    "history": lambda: StackCli("dev").last_up(),
    "state": partial(list_ingress_urns, "dev"),
    "outputs": partial(pulumi_cli.read_outputs, "dev"),
}


@pytest.mark.usefixtures("limit", "hanging")
@pytest.mark.parametrize("what", READS)
def test_a_backend_that_does_not_answer_is_not_waited_for(what: str, capfd: pytest.CaptureFixture[str]) -> None:
    problem, printed = only(READS[what], InputError), "does not end within 1 s: its backend may not answer"

    assert problem.where == "stack dev"
    if what == "settings":
        assert problem.found == "its backend does not answer within 10 s"
        assert "pulumi whoami" in problem.fix
    else:
        assert printed in capfd.readouterr().err


def chart(port: int) -> DefinitionChart:
    return DefinitionChart("gateway-api-crds", "1.0.0", "Gateway API", f"http://127.0.0.1:{port}/crds")


@pytest.mark.usefixtures("limit")
@pytest.mark.parametrize(
    ("talk", "path"),
    [(say_nothing, "crds/"), (DRIP, "crds/"), (say_nothing, "some/image:1"), (DRIP_HEAD, "some/image:1")],
)
def test_a_chart_or_registry_that_sends_nothing_is_not_waited_for(tmp_path: Path, talk: Talk, path: str) -> None:
    with listening(talk) as port:
        where = f"127.0.0.1:{port}/{path}"
        asks = {"crds/": lambda: chart(port).download(tmp_path), "some/image:1": lambda: fill_mirror.digest(where)}
        problem = only(asks[path])

    assert where in problem.where
    assert problem.found == "it cannot be fetched (nothing comes within 1 s)"
    assert path != "crds/" or "chartMirror" in problem.fix


@pytest.mark.usefixtures("limit")
def test_a_slow_download_continues_as_long_as_data_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "LEAST", 8192)

    def talk(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (12 * 8192))
        for _ in range(12):
            Event().wait(LIMIT / 4)
            connection.sendall(b"x" * 8192)

    with listening(talk) as port:
        assert len(definitions.fetch(f"http://127.0.0.1:{port}/")) == 12 * 8192


@pytest.mark.usefixtures("limit")
def test_after_a_silence_a_mirror_asks_for_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server() as server:
        server.replies = [Reply(b"", End.SILENT)]
        monkeypatch.setattr(fill_mirror, "AT_ONCE", 2)
        monkeypatch.setattr(fill_mirror, "MADE_HERE", {})
        monkeypatch.setattr(fill_mirror, "PUBLISHED", dict.fromkeys(Part, ("1.0.0", server.url)))
        with pytest.raises(SilenceError) as caught, in_time():
            fill_mirror.fill(tmp_path, Console(file=io.StringIO()))
        asked = server.asked

    assert 1 <= asked <= 3, "two at once, and one that had begun"
    assert {each.where for each in caught.value.problems} == {f"{server.url}/index.yaml"}


@pytest.mark.usefixtures("limit")
def test_a_silent_aws_is_asked_once_and_ends_the_survey(aws_at: Callable[[str], None]) -> None:
    with raw_server() as server:
        server.replies = [Reply(b"", End.SILENT)]
        aws_at(server.url)
        with in_time():
            checks = survey_aws(ON_EKS, "dev").checks
        asked = server.asked

    (problem,) = (problem for check in checks for problem in check.problems)
    assert problem.found == f'AWS does not answer (Read timeout on endpoint URL: "{server.url}")'
    assert asked == 1


@pytest.mark.usefixtures("limit")
@pytest.mark.parametrize("talk", [say_nothing, DRIP])
def test_an_aws_that_answers_a_byte_at_a_time_is_silent(aws_at: Callable[[str], None], talk: Talk) -> None:
    with listening(talk) as port:
        aws_at(f"http://127.0.0.1:{port}")
        problem = only(lambda: AwsApi(LOGIN))

    assert f"127.0.0.1:{port}" in problem.found
    assert "proxy and firewall" in problem.fix


@pytest.mark.usefixtures("limit")
def test_slow_answers_of_a_survey_are_waited_for_once_in_all(tmp_path: Path) -> None:
    account = Account(silence=LIMIT * 0.3)
    with serving(account, tmp_path), in_time():
        checks = survey_aws(ON_EKS, "dev").checks

    assert checks[-1].problems, "four answers are one too many"


@pytest.mark.usefixtures("limit")
def test_all_pages_of_a_question_end_in_time(aws_at: Callable[[str], None]) -> None:
    numbers = count()

    def talk(connection: socket.socket) -> None:
        while request(connection):
            time.sleep(LIMIT / 4)
            result = f"<LoadBalancers></LoadBalancers><NextMarker>{next(numbers)}</NextMarker>"
            action = "DescribeLoadBalancers"
            body = f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>".encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with listening(talk) as port:
        aws_at(f"http://127.0.0.1:{port}")
        elbv2 = logging_in.client(Session(), "elbv2", "eu-central-1")
        api = AwsApi.__new__(AwsApi)
        api.login, api.where = LOGIN, "AWS"
        drained = Drained(elbv2, elbv2, elbv2, api.asking)
        problem = only(lambda: find_load_balancers(drained, Marks("workshop", None, None, "me")))

    assert "elasticloadbalancing:DescribeLoadBalancers" in problem.rule
    assert next(numbers) >= 1


@pytest.mark.usefixtures("limit")
def test_a_credential_process_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    login = LOGIN.model_copy(update={"profile": "x"})
    with serving(Account(), tmp_path, "[profile x]\ncredential_process = sleep 45\n"):
        problem = only(lambda: AwsApi(login))

    assert problem.found == "no credentials came within 1 s"
    assert "aws sso login --profile x" in problem.fix


@pytest.mark.parametrize("refusal", [Refusal("AccessDenied", status=403), Refusal("Throttling"), b"<html>"])
def test_records_are_not_left_behind_where_their_zone_cannot_be_asked_for(tmp_path: Path, refusal: object) -> None:
    account = Account()
    with serving(account, tmp_path):
        account.answers["ListHostedZonesByName"] = refusal
        assert "ListHostedZonesByName" in str(only(lambda: find_hosts(ON_EKS, "dev"), InputError))

        account.answers["ListHostedZonesByName"] = {"HostedZones": {}, "IsTruncated": "false", "MaxItems": "20"}
        found = find_hosts(ON_EKS, "dev")
        assert found is not None
        assert found.own.zone is None, "without its zone, there are none"
