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
from types import SimpleNamespace
from typing import Any

import pytest
from boto3 import Session
from rich.console import Console

from charts import definitions
from charts.definitions import DefinitionChart
from clients import limits, pulumi_cli
from clients.aws import login as logging_in
from clients.aws.api import AwsApi
from clients.aws.refusals import Question, explain_refusals
from clients.cluster_api import ClusterApi
from clients.pod_stream import StreamError, connect
from clients.pulumi_cli import StackCli, read_settings
from model.charts import Part
from model.problem import InputError, Problem, SilenceError
from preflight.eks import survey_aws
from tests.doubles.api_server import kubeconfig
from tests.doubles.aws_server import Account, Refusal, login, serving, settings
from tests.doubles.drain_double import always
from tests.doubles.faulty_servers import SILENCE, End, Reply, listening, raw_server, reply, request
from tests.doubles.kind_machine import executable
from tests.fuzzing import catch_problem
from tests.program import ROOT
from workshop import fill_mirror
from workshop.drain.account import Account as Drained
from workshop.drain.account import Marks, find_hosts, find_load_balancers
from workshop.drain.cluster import list_ingress_urns

Use = Callable[[str], None]
LIMIT = 1.0
"""Seconds here, instead of ten."""
OVERHEAD = 30
"""Seconds that a busy machine may need for the rest."""
LOGIN, ON_EKS = login(), settings()


@pytest.fixture
def limit(loaded: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001  what is loaded takes longer
    monkeypatch.setattr(limits, "SECONDS", LIMIT)


@contextmanager
def in_time() -> Generator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        assert time.monotonic() - began < LIMIT + OVERHEAD


def only(ask: Callable[[], object], kind: type[InputError] = SilenceError) -> Problem:
    with in_time():
        return catch_problem(ask, kind)


DRIP = Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000, End.DRIPPED)
DRIP_HEAD = Reply(b"HTTP/1.1 200 OK\r\nX: " + b" " * 1000, End.DRIPPED)


def test_all_attempts_of_a_question_end_in_ten_seconds() -> None:
    assert limits.SECONDS == 10
    assert logging_in.SECONDS_TO_CONNECT < limits.SECONDS
    client = logging_in.client(Session(), "sts", "eu-central-1")
    assert client.meta.config.read_timeout == client.seconds_in_all == limits.SECONDS


def test_a_state_that_is_nested_too_deeply_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", always(subprocess.CompletedProcess([], 0, "[" * 100_000, "")))

    assert "prints no state" in only(partial(list_ingress_urns, "dev"), InputError).found


def test_an_api_server_that_refuses_a_port_by_something_nested_too_deeply_is_explained(tmp_path: Path) -> None:
    with raw_server(reply(b"500", [], b"[" * 100_000)) as server:
        api = ClusterApi(str(kubeconfig(tmp_path, server.url)))
        with pytest.raises(StreamError, match="500"):
            connect(api.configuration, f"{api.address}/portforward")


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a Pulumi CLI on PATH that waits for its backend."""
    executable(tmp_path / "pulumi", '#!/bin/sh\ntest "$1" = version && echo v3.999.0 || exec sleep 60\n')
    (tmp_path / "Pulumi.yaml").write_text("{name: linkerd-workshop, runtime: python}\n", encoding="ascii")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {linkerd-workshop:context: kind}\n", encoding="ascii")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
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


@pytest.mark.usefixtures("limit")
@pytest.mark.parametrize(
    ("said", "path"),
    [(SILENCE, "crds/"), (DRIP, "crds/"), (SILENCE, "some/image:1"), (DRIP_HEAD, "some/image:1")],
)
def test_a_chart_or_registry_that_sends_nothing_is_not_waited_for(tmp_path: Path, said: Reply, path: str) -> None:
    with raw_server(said) as server:
        where = f"{server.url.removeprefix('http://')}/{path}"
        chart = DefinitionChart("gateway-api-crds", "1.0.0", "Gateway API", f"http://{where.removesuffix('/')}")
        problem = only(lambda: chart.download(tmp_path) if path == "crds/" else fill_mirror.digest(where))

    assert where in problem.where
    assert problem.found == "it cannot be fetched (nothing comes within 1 s)"
    assert path != "crds/" or "chartMirror" in problem.fix


def test_a_slow_download_continues_as_long_as_data_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = list[int]()
    monkeypatch.setattr(limits, "SECONDS", 60)
    monkeypatch.setattr(definitions, "LEAST", 8192)
    monkeypatch.setattr(definitions, "time", SimpleNamespace(monotonic=lambda: 6.0 * len(sent)))

    def talk(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (15 * 8192))
        for _ in range(15):
            Event().wait(0.1)
            connection.sendall(b"x" * 8192)
            sent.append(8192)

    with listening(talk) as port:
        assert len(definitions.fetch(f"http://127.0.0.1:{port}/")) == 15 * 8192


@pytest.mark.usefixtures("limit")
def test_after_a_silence_a_mirror_asks_for_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(SILENCE) as server:
        monkeypatch.setattr(fill_mirror, "AT_ONCE", 2)
        monkeypatch.setattr(fill_mirror, "MADE_HERE", {})
        monkeypatch.setattr(fill_mirror, "PUBLISHED", dict.fromkeys(Part, ("1.0.0", server.url)))
        with pytest.raises(SilenceError) as caught, in_time():
            fill_mirror.fill(tmp_path, Console(file=io.StringIO()))
        asked = len(server.asked)

    assert 1 <= asked <= 3, "two at once, and one that had begun"
    assert {each.where for each in caught.value.problems} == {f"{server.url}/index.yaml"}


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("said", [SILENCE, DRIP])
def test_an_aws_that_is_silent_or_answers_a_byte_at_a_time_is_asked_once(
    use_aws: Use, monkeypatch: pytest.MonkeyPatch, said: Reply
) -> None:
    create = logging_in.client

    def hurried(*given: Any) -> Any:  # noqa: ANN401  as the function itself
        client = create(*given)
        client.seconds_in_all = LIMIT
        return client

    # Only the question itself: what a login does before it may take long on a busy machine.
    monkeypatch.setattr(limits, "SECONDS", 60)
    monkeypatch.setattr(logging_in, "client", hurried)
    with raw_server(said) as server:
        use_aws(server.url)
        with in_time():
            checks = survey_aws(ON_EKS, "dev").checks
        asked = len(server.asked)

    (problem,) = (problem for check in checks for problem in check.problems)
    assert problem.found == f'AWS does not answer (Read timeout on endpoint URL: "{server.url}")'
    assert "proxy and firewall" in problem.fix
    assert asked == 1


@pytest.mark.usefixtures("limit")
def test_slow_answers_of_a_survey_are_waited_for_once_in_all(tmp_path: Path) -> None:
    account = Account(silence=LIMIT * 0.3)
    with serving(account, tmp_path), in_time():
        checks = survey_aws(ON_EKS, "dev").checks

    assert checks[-1].problems, "four answers are one too many"


@pytest.mark.usefixtures("limit")
def test_all_pages_of_a_question_end_in_time(tmp_path: Path) -> None:
    numbers = count()
    page = {"DescribeLoadBalancers": lambda: {"LoadBalancers": "", "NextMarker": next(numbers)}}
    account = Account({**page}, silence=LIMIT / 4)
    with serving(account, tmp_path):
        elbv2 = logging_in.client(Session(), "elbv2", "eu-central-1")
        drained = Drained(elbv2, elbv2, elbv2, lambda action: explain_refusals(Question(action, "AWS", LOGIN)))
        problem = only(lambda: find_load_balancers(drained, Marks("workshop", None, None, "me")))

    assert "elasticloadbalancing:DescribeLoadBalancers" in problem.rule
    assert account.asked


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
