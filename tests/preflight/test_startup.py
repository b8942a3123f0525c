"""What is found out before anything is registered, and that all of it is told at once."""

import io
import traceback
from asyncio import CancelledError
from importlib.util import find_spec, module_from_spec
from pathlib import Path

import pulumi
import pytest
from rich.console import Console

from charts import sources
from model.problem import InputError, Problem
from preflight.startup import Start, expectations, prepare, silence_sdk
from settings import Settings, loading
from settings.loading import parse
from tests.components.test_argo_rollouts import deploy
from tests.doubles.api_server import INJECTOR, Cluster
from tests.doubles.aws_server import Account, Refusal
from tests.doubles.eks_account import account, settings, zone
from tests.preflight.test_preflight import only, with_answers
from workshop import check_cluster

HOST = {"booksapp": {"host": "books.example.com"}}
OPEN = {"inboundCidrs": ["0.0.0.0/0"]}
UNSERVED = {
    "eks": {
        "cluster": "workshop",
        "region": "eu-central-1",
        "owner": "me",
        "loadBalancerController": {"enabled": False},
    },
    "demos": HOST,
    "publicHosts": OPEN,
}


@pytest.fixture(autouse=True)
def _charts(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  pytest calls it
    def find(_mirror: str | None, parts: list[sources.Part]) -> sources.ChartSources:
        return {part: {"chart": part.value} for part in parts}

    monkeypatch.setattr(sources, "find", find)


def started(
    folder: Path, chosen: Settings, cluster: Cluster | None = None, aws: Account | None = None
) -> Start | list[Problem]:
    with pytest.MonkeyPatch.context() as patch, account(folder, cluster or Cluster(), aws):
        patch.setattr(loading, "load", lambda: chosen)
        try:
            return prepare("test")
        except InputError as error:
            return list(error.problems)


def without_zone() -> Account:
    aws = Account()
    aws.answers["ListHostedZonesByName"] = {"HostedZones": zone("other.com", "Z2")}
    return aws


def checked(folder: Path, chosen: Settings, cluster: Cluster, aws: Account | None = None) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=300)
    with account(folder, cluster, aws):
        status = check_cluster.check_cluster(chosen, "test", console)
    assert isinstance(console.file, io.StringIO)
    return status, console.file.getvalue()


def test_a_stack_on_eks_starts_with_the_facts_of_cluster_and_zone(tmp_path: Path) -> None:
    start = started(tmp_path, settings())

    assert isinstance(start, Start)
    assert start.eks
    assert start.eks.cluster.name == "workshop"
    assert start.eks.zone
    assert (start.eks.zone.id, start.eks.zone.name) == ("Z1", "example.com")
    assert start.facts.identity == "uid-1"


def test_what_aws_and_the_cluster_find_wrong_is_reported_at_once(tmp_path: Path) -> None:
    aws = without_zone()
    aws.answers["DescribeAddon"] = Refusal("ResourceNotFoundException", status=404)
    cluster = Cluster()
    cluster.answers[INJECTOR] = {"metadata": {"labels": {"linkerd.io/control-plane-ns": "mesh"}}}
    found = started(tmp_path, settings(), cluster, aws)

    assert isinstance(found, list)
    wrong = " ".join(problem.found for problem in found)
    assert len(found) == 3
    for part in ("no hosted zone 'example.com'", "no add-on eks-pod-identity-agent", "Linkerd is installed"):
        assert part in wrong


def test_one_wrong_login_is_one_problem(tmp_path: Path) -> None:
    aws = Account()
    aws.answers["GetCallerIdentity"] = Refusal("ExpiredToken", status=403)
    found = started(tmp_path, settings(), aws=aws)

    assert isinstance(found, list)
    assert [problem.found for problem in found] == ["the credentials have expired (ExpiredToken)"]


def test_the_stacks_own_controller_is_going_to_serve_its_hosts(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.answers["/apis/networking.k8s.io/v1/ingressclasses"] = {"items": []}
    start = started(tmp_path, settings(demos=HOST, publicHosts=OPEN), cluster)

    assert isinstance(start, Start)
    assert start.served("books.example.com") == "books.example.com"


def test_a_host_that_nobody_would_serve_is_no_host(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.answers["/apis/networking.k8s.io/v1/ingressclasses"] = {"items": [{"metadata": {"name": "nginx"}}]}
    found = started(tmp_path, settings(**UNSERVED), cluster)

    assert isinstance(found, list)
    assert [problem.found for problem in found] == ["it has no IngressClass 'alb'"]
    assert "there is nginx" in found[0].rule
    assert isinstance(started(tmp_path, settings(**UNSERVED)), Start), "somebody else's controller will do"


LOGIN = dict.fromkeys(("issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint"), "https://login.example")
DASHBOARD = {"viz": {"dashboard": {"host": "viz.example.com", "oidc": {**LOGIN, "secretName": "oidc"}}}}
ON_EKS = {"cluster": "workshop", "region": "eu-central-1", "owner": "me"}


@pytest.mark.parametrize(
    "chosen",
    [
        {"eks": {**ON_EKS, "loadBalancerController": {"enabled": False}, "externalDns": {"enabled": False}}},
        {"eks": ON_EKS, "dns": {"zone": "example.com"}},
        {},
    ],
    ids=["of the cluster", "of the stack", "not on EKS"],
)
def test_a_class_of_another_controller_serves_no_dashboard(tmp_path: Path, chosen: dict[str, object]) -> None:
    arn = "arn:aws:acm:eu-central-1:123456789012:certificate/0123"
    hosts = {"publicHosts": {"certificateArn": arn, "inboundCidrs": ["203.0.113.0/24"]}, **DASHBOARD}
    classes = {"items": [{"metadata": {"name": "alb"}, "spec": {"controller": "eks.amazonaws.com/alb"}}]}
    cluster = with_answers(**{"/apis/networking.k8s.io/v1/ingressclasses": classes})
    problem = only(cluster, tmp_path, expectations(parse({**chosen, **hosts}), "test"))

    assert problem.found == "the controller of IngressClass 'alb' is eks.amazonaws.com/alb"
    assert "ingress.k8s.aws/alb" in problem.rule
    assert "linkerd-workshop:ingressClass' alb-workshop`" in problem.fix


def test_the_report_begins_with_what_aws_says(tmp_path: Path) -> None:
    status, text = checked(tmp_path, settings(), Cluster())

    assert status == 0
    assert text.count(" ok ") == 20
    for subject in ("AWS knows you", "the EKS cluster is ready", "the hosted zone is public", "pods get their rights"):
        assert subject in text


def test_the_report_goes_on_with_the_cluster_where_the_zone_is_wrong(tmp_path: Path) -> None:
    status, text = checked(tmp_path, settings(), Cluster(), without_zone())

    assert status == 1
    assert text.count(" ok ") == 19
    assert "there is no hosted zone" in text


def test_the_report_ends_where_nobody_knows_the_cluster(tmp_path: Path) -> None:
    aws = Account()
    aws.answers["GetCallerIdentity"] = Refusal("ExpiredToken", status=403)
    status, text = checked(tmp_path, settings(), Cluster(), aws)

    assert status == 1
    assert "workshop, for stack test" in text
    assert "expired" in text
    assert "permissions" not in text


def test_the_sdks_debug_messages_stay_here_unless_they_are_asked_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    found = find_spec("pulumi.log")  # a fresh one: a program that ran in this process has silenced the SDK's
    assert found is not None
    assert found.loader is not None
    fresh = module_from_spec(found)
    found.loader.exec_module(fresh)
    monkeypatch.setattr(pulumi.log, "debug", fresh.debug)

    def sent() -> int:
        caplog.clear()
        deploy(lambda: pulumi.ComponentResource("test:index:Any", "any") and None)
        return len([record for record in caplog.records if record.name == "root"])

    monkeypatch.setenv("PULUMI_DEBUG_MESSAGES", "1")
    silence_sdk()
    assert sent() > 0, "the SDK sends them by pulumi.log.debug"
    monkeypatch.delenv("PULUMI_DEBUG_MESSAGES")
    silence_sdk()
    assert sent() == 0


def test_a_call_that_the_engine_cancels_prints_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)
    monkeypatch.setattr(traceback, "print_exc", traceback.print_exc)
    silence_sdk()
    for error in (CancelledError("by the engine"), ValueError("a bug")):
        try:
            raise error
        except type(error):
            traceback.print_exc()  # as grpc does

    printed = capsys.readouterr().err
    assert "by the engine" not in printed
    assert printed.endswith("ValueError: a bug\n"), "what is wrong is still printed"
