"""The facts that are found before anything is registered; all faults are reported at once."""

import importlib
import io
import traceback
from asyncio import CancelledError
from fnmatch import fnmatchcase
from pathlib import Path

import pulumi
import pytest
from rich.console import Console

from charts import sources
from model.eks import Zone
from model.problem import InputError, Problem
from preflight.startup import Start, expectations, prepare, silence_sdk
from settings import Settings, loading
from settings.loading import parse
from tests.components.test_argo_rollouts import deploy
from tests.doubles.api_server import INJECTOR, Cluster
from tests.doubles.aws_server import EKS, Account, Refusal, account, answering, settings, zone
from tests.doubles.clusters import only, with_answers
from workshop import check_cluster

HOST = {"booksapp": {"host": "books.example.com"}}
OPEN = {"inboundCidrs": ["0.0.0.0/0"]}
WITHOUT_CONTROLLER = {**EKS, "loadBalancerController": {"enabled": False}}
LOGIN = dict.fromkeys(("issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint"), "https://login.example")
DASHBOARD = {"viz": {"dashboard": {"host": "viz.example.com", "oidc": {**LOGIN, "secretName": "oidc"}}}}
CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"


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


EXPIRED = {"GetCallerIdentity": Refusal("ExpiredToken", status=403)}
NO_ZONE = {"ListHostedZonesByName": {"HostedZones": zone("other.com", "Z2")}}
NO_AGENT = {"DescribeAddon": Refusal("ResourceNotFoundException", status=404)}


@pytest.mark.parametrize(("organization", "stack"), [("organization", "dev"), ("acme", "acme/dev")])
def test_remedies_of_the_program_name_its_stack_with_its_organization(
    monkeypatch: pytest.MonkeyPatch, organization: str, stack: str
) -> None:
    monkeypatch.setattr(pulumi, "get_organization", lambda: organization)
    monkeypatch.setattr(loading, "load", lambda: parse({"highAvailability": "maybe"}))
    with pytest.raises(InputError, match=f"`pulumi config set --stack {stack} --path"):
        prepare("dev")


def test_a_stack_on_eks_starts_with_the_facts_and_serves_its_hosts_by_its_own_controller(tmp_path: Path) -> None:
    no_class: dict[str, object] = {CLASSES: {"items": []}}
    start = started(tmp_path, settings(demos=HOST, publicHosts=OPEN), with_answers(**no_class))

    assert isinstance(start, Start)
    assert start.eks
    assert (start.eks.cluster.name, start.eks.zone) == ("workshop", Zone("Z1", "example.com"))
    assert start.facts.identity == "uid-1"
    assert start.served("books.example.com") == "books.example.com"


MESH = {INJECTOR: {"metadata": {"labels": {"linkerd.io/control-plane-ns": "mesh"}}}}
NGINX = {CLASSES: {"items": [{"metadata": {"name": "nginx"}}]}}
UNSERVED = settings(eks=WITHOUT_CONTROLLER, demos=HOST, publicHosts=OPEN)


@pytest.mark.parametrize(
    ("chosen", "cluster", "account", "texts"),
    [
        (
            settings(),
            with_answers(**MESH),
            answering(**NO_ZONE, **NO_AGENT),
            ["*no hosted zone 'example.com'*", "*no add-on eks-pod-identity-agent*", "*Linkerd is installed*"],
        ),
        (settings(), Cluster(), answering(**EXPIRED), ["*: the credentials have expired (ExpiredToken),*"]),
        (settings(), Cluster(), answering(ListHostedZonesByName=b"<R></R>"), ["*: it does not answer as AWS does,*"]),
        (UNSERVED, with_answers(**NGINX), answering(), ["*: it has no IngressClass 'alb', but *there is nginx*"]),
        (UNSERVED, Cluster(), answering(), []),
    ],
    ids=["AWS and the cluster", "one wrong login", "no AWS", "a host that nothing serves", "a host that others serve"],
)
def test_everything_that_stops_a_start_is_reported_at_once(
    tmp_path: Path, chosen: Settings, cluster: Cluster, account: Account, texts: list[str]
) -> None:
    found = started(tmp_path, chosen, cluster, account)
    said = [str(each) for each in found] if isinstance(found, list) else []

    assert isinstance(found, Start) == (not texts)
    assert len(said) == len(texts)
    assert all(any(fnmatchcase(each, text) for each in said) for text in texts), said


@pytest.mark.parametrize(
    "chosen",
    [
        {"eks": {**WITHOUT_CONTROLLER, "externalDns": {"enabled": False}}},
        {"eks": EKS, "dns": {"zone": "example.com"}},
        {},
    ],
    ids=["of the cluster", "of the stack", "not on EKS"],
)
def test_a_class_of_another_controller_serves_no_dashboard(tmp_path: Path, chosen: dict[str, object]) -> None:
    arn = "arn:aws:acm:eu-central-1:123456789012:certificate/0123"
    hosts = {"publicHosts": {"certificateArn": arn, "inboundCidrs": ["203.0.113.0/24"]}, **DASHBOARD}
    alb = {"metadata": {"name": "alb"}, "spec": {"controller": "eks.amazonaws.com/alb"}}
    problem = only(
        with_answers(**{CLASSES: {"items": [alb]}}), tmp_path, expectations(parse({**chosen, **hosts}), "test")
    )

    assert problem.found == "the controller of IngressClass 'alb' is eks.amazonaws.com/alb"
    assert "ingress.k8s.aws/alb" in problem.rule
    assert "linkerd-workshop:ingressClass' alb-workshop`" in problem.fix


SUBJECTS = ["AWS knows you", "the EKS cluster is ready", "the hosted zone is public", "pods get their rights"]


@pytest.mark.parametrize(
    ("answers", "status", "passed", "said"),
    [
        ({}, 0, 20, SUBJECTS),
        (NO_ZONE, 1, 19, ["there is no hosted zone", "permissions"]),
        (EXPIRED, 1, 0, ["workshop, for stack test", "expired"]),
    ],
    ids=["ready", "a wrong zone", "an unknown cluster"],
)
def test_the_report_begins_with_aws_and_goes_on_with_the_cluster_if_it_is_known(
    tmp_path: Path, answers: dict[str, object], status: int, passed: int, said: list[str]
) -> None:
    printed = io.StringIO()
    with account(tmp_path, Cluster(), answering(**answers)):
        found = check_cluster.check_cluster(settings(), "test", Console(file=printed, width=300))

    assert (found, printed.getvalue().count(" ok ")) == (status, passed)
    assert all(each in printed.getvalue() for each in said)
    assert ("permissions" in printed.getvalue()) == bool(passed)


def test_the_sdks_debug_messages_stay_here_unless_they_are_asked_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)
    importlib.reload(pulumi.log)  # a program that ran in this process has silenced the SDK's

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
