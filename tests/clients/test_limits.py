"""Nobody is waited for longer than ten seconds in all, with all attempts and pages: then one sentence says who."""

import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from boto3 import Session

from clients import limits
from clients.aws import login as logging_in
from clients.aws.api import AwsApi
from clients.github import PATIENCE, Repository
from model.problem import InputError, Problem, SilenceError
from preflight.eks import survey_of
from settings import Settings
from settings.eks import Dns, Eks
from tests.doubles.aws_server import Account, Refusal, environment, serving
from tests.doubles.faulty_servers import listening, request, say_nothing
from tests.doubles.raw_server import End, Reply, raw_server
from workshop.drain.account import Account as Drained
from workshop.drain.account import Marks, find_hosts, find_load_balancers

LIMIT = 1.0
"""Seconds here, instead of ten."""
OVERHEAD = 5
"""Seconds that a busy machine may need for the rest."""
LOGIN = Eks.model_validate({"cluster": "workshop", "region": "eu-central-1", "owner": "me"})
DNS = Dns.model_validate({"zone": "example.com"})
ON_EKS = Settings.model_validate({"eks": LOGIN.model_dump(by_alias=True), "dns": {"zone": "example.com"}})


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", LIMIT)


@contextmanager
def in_time() -> Generator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LIMIT + OVERHEAD


def only(ask: Callable[[], object], kind: type[InputError] = SilenceError) -> Problem:
    with pytest.raises(kind) as caught, in_time():
        ask()
    (problem,) = caught.value.problems
    assert "\n" not in str(problem)
    return problem


def drip(connection: socket.socket) -> None:
    """Answer by a byte at a time, for longer than anybody should wait."""
    request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(40):
        connection.sendall(b" ")
        Event().wait(LIMIT / 5)  # not `sleep`, which other tests replace


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


def test_what_github_is_asked_again_for_fits_into_the_same_time() -> None:
    pauses = [PATIENCE.backoff_factor * 2**number for number in range(1, int(PATIENCE.total or 0))]

    assert sum(pauses) < Repository("a/b", "token").seconds == limits.SECONDS


def test_a_silent_github_is_asked_once() -> None:
    with raw_server() as server:
        server.replies = [Reply(b"", End.SILENT)]
        repository = Repository("a/b", "token", server.url, seconds=LIMIT)
        problem = only(lambda: repository.send("POST", "/issues/1/comments", {"body": "x"}))
        asked = server.asked

    assert problem.where == f"{server.url}/repos/a/b/issues/1/comments"
    assert problem.found == "it does not answer (nothing came within 1 s)"
    assert asked == 1


def test_a_github_that_answers_a_byte_at_a_time_is_silent() -> None:
    with listening(drip) as port:
        repository = Repository("a/b", "token", f"http://127.0.0.1:{port}", seconds=LIMIT)

        assert "nothing came within 1 s" in only(lambda: repository.get("/pulls/1")).found


def test_all_pages_of_github_end_in_time() -> None:
    numbers = count()

    def talk(connection: socket.socket) -> None:
        while request(connection):
            time.sleep(LIMIT / 4)
            link = f'<http://127.0.0.1:{connection.getsockname()[1]}/x?page={next(numbers)}>; rel="next"'.encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nLink: %s\r\nContent-Length: 2\r\n\r\n[]" % link)

    with listening(talk) as port:
        repository = Repository("a/b", "token", f"http://127.0.0.1:{port}", seconds=LIMIT)

        assert "nothing came within 1 s" in only(lambda: list(repository.pages("/pulls"))).found
    assert 1 <= next(numbers) <= 4


@pytest.mark.usefixtures("limit")
def test_a_silent_aws_is_asked_once_and_ends_the_survey(aws_at: Callable[[str], None]) -> None:
    with raw_server() as server:
        server.replies = [Reply(b"", End.SILENT)]
        aws_at(server.url)
        with in_time():
            checks = survey_of(ON_EKS, "dev").checks
        asked = server.asked

    (problem,) = (problem for check in checks for problem in check.problems)
    assert problem.found == f'AWS does not answer (Read timeout on endpoint URL: "{server.url}")'
    assert asked == 1


@pytest.mark.usefixtures("limit")
@pytest.mark.parametrize("talk", [say_nothing, drip])
def test_an_aws_that_answers_a_byte_at_a_time_is_silent(
    aws_at: Callable[[str], None], talk: Callable[[socket.socket], object]
) -> None:
    with listening(talk) as port:
        aws_at(f"http://127.0.0.1:{port}")
        problem = only(lambda: AwsApi(LOGIN))

    assert f"127.0.0.1:{port}" in problem.found
    assert "proxy and firewall" in problem.cure


@pytest.mark.usefixtures("limit")
def test_slow_answers_of_a_survey_are_waited_for_once_in_all(tmp_path: Path) -> None:
    account = Account(silence=LIMIT * 0.3)
    with serving(account, tmp_path), in_time():
        checks = survey_of(ON_EKS, "dev").checks

    assert checks[-1].problems[0].found.startswith("AWS does not answer"), "four answers are one too many"


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
def test_a_login_helper_of_aws_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    login = LOGIN.model_copy(update={"profile": "x"})
    with serving(Account(), tmp_path, "[profile x]\ncredential_process = sleep 7\n"):
        problem = only(lambda: AwsApi(login))

    assert problem.found == "nobody hands over credentials within 1 s"
    assert "aws sso login --profile x" in problem.cure


@pytest.mark.parametrize("refusal", [Refusal("AccessDenied", status=403), Refusal("Throttling"), b"<html>"])
def test_records_are_not_left_behind_where_their_zone_cannot_be_asked_for(tmp_path: Path, refusal: object) -> None:
    account = Account()
    account.answers["ListHostedZonesByName"] = refusal
    with serving(account, tmp_path):
        assert "ListHostedZonesByName" in str(only(lambda: find_hosts(ON_EKS, "dev"), InputError))


def test_a_stack_without_its_zone_has_no_records_to_take_away(tmp_path: Path) -> None:
    account = Account()
    account.answers["ListHostedZonesByName"] = {"HostedZones": {}, "IsTruncated": "false", "MaxItems": "20"}
    with serving(account, tmp_path):
        found = find_hosts(ON_EKS, "dev")

    assert found is not None
    assert found.own.zone is None
