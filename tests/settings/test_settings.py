"""Settings: what a stack's file may say, and what a person reads who wrote something else."""

import json
import re
from collections.abc import Mapping
from datetime import date
from operator import attrgetter

import pytest
from pydantic import TypeAdapter

from model.problem import InputError, Problem
from settings import Settings
from settings.loading import parse

MAPPING = TypeAdapter(dict[str, object])
EKS = {"cluster": "workshop", "region": "eu-central-1", "owner": "platform-team", "externalDns": {"enabled": False}}


def problems(raw: Mapping[str, object], secret: tuple[str, ...] = ()) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        parse(raw, secret)
    return list(caught.value.problems)


def only(raw: Mapping[str, object]) -> Problem:
    found = problems(raw)
    assert len(found) == 1, found
    return found[0]


def booksapp(**settings: object) -> dict[str, object]:
    return {"demos": {"booksapp": settings}}


def test_values_come_as_the_text_and_json_that_pulumi_hands_over() -> None:
    settings = parse(
        {"linkerd-workshop:demos": '{"booksapp": {"faultPercent": 25}}', "linkerd-workshop:context": "kind"}
    )

    assert settings.demos.booksapp.fault_percent == 25
    assert settings.context == "kind"


def test_what_others_configure_in_the_same_file_is_let_alone() -> None:
    assert parse({"aws:region": "eu-west-1", "pulumi:disable-default-providers": ["aws"]}) == Settings()


FOREIGN: list[tuple[dict[str, object], str, str, str]] = [
    ({}, "kubernetes:context", "kind-kind", "linkerd-workshop:context"),
    ({"context": "other"}, "kubernetes:context", "kind-kind", "linkerd-workshop:context"),
    ({}, "kubernetes:kubeconfig", "apiVersion: v1\ntoken: hunter2", "linkerd-workshop:kubeconfig"),
    ({}, "kubernetes:cluster", "kind", "linkerd-workshop:context"),
    ({"eks": EKS}, "kubernetes:context", "kind-kind", "linkerd-workshop:eks.cluster"),
    ({"eks": EKS}, "aws:region", "eu-west-1", "linkerd-workshop:eks.region"),
    ({"eks": EKS}, "aws:profile", "other", "linkerd-workshop:eks.profile"),
    (
        {"eks": EKS},
        "aws:assumeRoles",
        '[{"roleArn": "arn:aws:iam::123456789012:role/x"}]',
        "linkerd-workshop:eks.roleArn",
    ),
]


@pytest.mark.parametrize(("settings", "key", "value", "right"), FOREIGN)
def test_a_cluster_or_an_account_that_is_set_for_other_providers_is_refused(
    settings: dict[str, object], key: str, value: str, right: str
) -> None:
    found = only({**settings, key: value})

    assert (found.where, found.found) == (key, "it is set")
    assert f"read {right} instead" in found.rule
    assert right in found.fix
    assert f"`pulumi config rm {key}`" in found.fix
    assert "hunter2" not in str(found)


def test_the_same_cluster_and_account_may_be_set_for_other_providers() -> None:
    assert parse({"context": "kind", "kubernetes:context": "kind", "kubernetes:kubeconfig": ""}).context == "kind"
    assert parse({"eks": EKS, "aws:region": "eu-central-1"}).eks is not None


NUMBERS: list[tuple[dict[str, object], str, str]] = [
    ({"eks": {**EKS, "profile": 123456789012}}, "eks.profile", "123456789012"),
    ({"eks": {**EKS, "profile": True}}, "eks.profile", "true"),
    ({"eks": {**EKS, "cluster": 1}}, "eks.cluster", "1"),
    ({"demos": {"podinfo": {"headerValue": 42}}}, "demos.podinfo.header_value", "42"),
    ({"demos": {"podinfo": {"headerValue": False}}}, "demos.podinfo.header_value", "false"),
    ({"delivery": {"argoCd": {"application": {"revision": 7}}}}, "delivery.argo_cd.application.revision", "7"),
]


@pytest.mark.parametrize(("raw", "path", "text"), NUMBERS)
def test_a_text_that_looks_like_a_number_is_taken_as_it_was_set(raw: dict[str, object], path: str, text: str) -> None:
    assert attrgetter(path)(parse({key: json.dumps(value) for key, value in raw.items()})) == text


@pytest.mark.parametrize("number", [1.10, 1e21, 12345678901234567000, float("nan")])
def test_a_number_of_which_digits_may_be_lost_is_no_text(number: float) -> None:
    found = only({"demos": {"podinfo": {"headerValue": number}}})

    assert found.found == "it is a number, of which digits may be lost"
    assert "--type string 'linkerd-workshop:demos.podinfo.headerValue'" in found.fix


def test_a_day_without_quotes_is_the_date_that_pulumi_makes_of_it() -> None:
    assert parse({"workshopEnds": "2027-01-31 00:00:00 +0000 UTC"}).workshop_ends == date(2027, 1, 31)


RULES: list[tuple[dict[str, object], str, str]] = [
    *(
        (booksapp(faultPercent=percent), "demos.booksapp.faultPercent", "a whole number from 0 to 100")
        for percent in (101, -1, 2.5, "ten", True, None)
    ),
    (booksapp(authorsFailureRate=1.5), "demos.booksapp.authorsFailureRate", "a number from 0 to 1"),
    (booksapp(authorsFailureRate=float("nan")), "demos.booksapp.authorsFailureRate", "a number from 0 to 1"),
    (booksapp(webappReplicas=0), "demos.booksapp.webappReplicas", "a whole number from 1 to 100"),
    (booksapp(enabled="perhaps"), "demos.booksapp.enabled", "true or false"),
    (booksapp(routeApi="extensions"), "demos.booksapp.routeApi", "gateway.networking.k8s.io or policy.linkerd.io"),
    *(
        (booksapp(host=host), "demos.booksapp.host", "a DNS name of at least two labels")
        for host in (
            "books",
            "https://books.example.com",
            "books.example.com:80",
            "Books.Example.com",
            "books_1.example.com",
            "-books.example.com",
            "books..example.com",
            ".".join(["a" * 60] * 5),
        )
    ),
    ({"demos": {"progressiveDelivery": {"version": "v1"}}}, "demos.progressiveDelivery.version", "three numbers"),
    *[
        ({"demos": {"podinfo": {"headerValue": value}}}, "demos.podinfo.headerValue", "visible ASCII characters")
        for value in ("größe", "alternative ", " alternative", "a\tb", "", " ", "a" * 201)
    ],
    ({"trust": {"anchorDays": 0}}, "trust.anchorDays", "whole days from 1 to 36500"),
    ({"trust": {"generation": 0}}, "trust.generation", "a whole number from 1"),
    ({"gatewayApi": {"install": "maybe"}}, "gatewayApi.install", "true (this stack owns them) or false"),
    ({"gatewayApi": "yes please"}, "gatewayApi", "a mapping of settings"),
    ({"gatewayApi": []}, "gatewayApi", "a mapping of settings"),
    ({"demos": {"booksapp": "on"}}, "demos.booksapp", "a mapping of settings"),
    ({"kubeconfig": []}, "kubeconfig", "the path of a file"),
    ({"kubeconfig": "a\nb"}, "kubeconfig", "the path of a file"),
    ({"context": "x" * 5000}, "context", "the name of a kubeconfig context"),
    ({"chartMirror": ["a"]}, "chartMirror", "a folder of chart archives"),
    ({"ingressClass": ""}, "ingressClass", "the name of an IngressClass"),
    *(
        ({"workshopDays": days}, "workshopDays", "whole days from 1 to 366")
        for days in ("-1", "367", "1.5", True, False, "soon", 0.0)
    ),
    *(
        ({"workshopEnds": day}, "workshopEnds", "the workshop's last day, YYYY-MM-DD; it ends at 24:00 UTC")
        for day in ("2027-01-31T10:00:00", "20270131", "31.1.2027", "soon", "2027-02-30", "1800000000", 1800000000)
    ),
]
RULES_ON_EKS: list[tuple[dict[str, object], str, str]] = [
    ({"eks": {**EKS, "cluster": "-w"}}, "eks.cluster", "letters, digits"),
    ({"eks": {**EKS, "cluster": "w" * 101}}, "eks.cluster", "at most 100"),
    ({"eks": {**EKS, "region": "frankfurt"}}, "eks.region", "an AWS region"),
    *(
        ({"eks": {**EKS, "owner": owner}}, "eks.owner", "the tag `owner`")
        for owner in ("me; you", "a: b", "a,b", "a#b", 'a"b')  # which would break the controllers' arguments
    ),
    ({"eks": {**EKS, "profile": ""}}, "eks.profile", "a profile of ~/.aws/config"),
    ({"eks": {**EKS, "roleArn": "workshop"}}, "eks.roleArn", "the ARN of an IAM role"),
    ({"eks": {**EKS, "identity": "kiam"}}, "eks.identity", "pod-identity (EKS Pod Identity) or irsa"),
    ({"eks": {**EKS, "installPodIdentityAgent": "perhaps"}}, "eks.installPodIdentityAgent", "true (this stack"),
    ({"eks": {**EKS, "loadBalancerController": {"waf": 7}}}, "eks.loadBalancerController.waf", "web ACLs"),
    ({"eks": "workshop"}, "eks", "a mapping of settings"),
    ({"dns": {"zone": "com"}}, "dns.zone", "a DNS name of at least two labels"),
    ({"dns": {"zone": "example.com", "zoneId": "/hostedzone/Z1"}}, "dns.zoneId", "a hosted zone's id"),
    ({"dns": {"zone": "example.com", "domain": "Dev.example.com"}}, "dns.domain", "a DNS name"),
    ({"publicHosts": {"scheme": "public"}}, "publicHosts.scheme", "internet-facing or internal"),
    ({"publicHosts": {"inboundCidrs": []}}, "publicHosts.inboundCidrs", "IPv4 networks"),
    ({"publicHosts": {"inboundCidrs": "0.0.0.0/0"}}, "publicHosts.inboundCidrs", "IPv4 networks"),
    ({"publicHosts": {"inboundCidrs": ["10.0.0.0/8", "10.1.1.1/8"]}}, "publicHosts.inboundCidrs[1]", "IPv4 networks"),
    ({"publicHosts": {"inboundCidrs": ["::/0"]}}, "publicHosts.inboundCidrs[0]", "IPv4 networks"),
    ({"publicHosts": {"certificateArn": "arn:aws:acm:x"}}, "publicHosts.certificateArn", "the ARN of a certificate"),
]


@pytest.mark.parametrize(("raw", "key", "rule"), [*RULES, *RULES_ON_EKS])
def test_a_wrong_value_is_reported_with_its_key_the_rule_and_a_fix(raw: dict[str, object], key: str, rule: str) -> None:
    problem = only(raw)

    assert problem.where == f"linkerd-workshop:{key}"
    assert rule in problem.rule
    command = "rm" if "mapping" in rule else "set"
    asked = rf"`pulumi config {command} --path 'linkerd-workshop:{re.escape(key)}(\[0\])?'"
    assert re.search(asked, problem.fix)
    assert "\n" not in str(problem)


@pytest.mark.parametrize(
    ("raw", "key"), [({"dns": {"domain": "d.example.com"}}, "dns.zone"), ({"eks": {"cluster": "w"}}, "eks.")]
)
def test_a_required_setting_that_is_missing_is_reported_as_not_set(raw: dict[str, object], key: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(raw)

    assert {each.found for each in caught.value.problems} == {"it is not set"}
    assert all(each.where.startswith(f"linkerd-workshop:{key}") for each in caught.value.problems)


def test_a_text_in_place_of_a_list_is_removed_first_since_pulumi_adds_no_element_to_it() -> None:
    remove, add = (f"pulumi config {each} --path 'linkerd-workshop:attendees.names" for each in ("rm", "set"))

    assert (
        only({"attendees": {"names": "anna,bob"}}).fix
        == f"Remove it with `{remove}'`, and set it with `{add}[0]' ada`."
    )
    assert only({"attendees": {"names": []}}).fix == f"Set it with `{add}[0]' ada`."


def test_a_wrong_value_is_repeated_if_it_is_short_and_on_one_line() -> None:
    assert only(booksapp(faultPercent=101)).found == "the value is '101'"
    assert only(booksapp(host="no host")).found == "the value is 'no host'"
    assert len(only(booksapp(host="x" * 10_000)).found) < 100
    assert "\\x1b[31m" in only(booksapp(host="\x1b[31mred")).found
    found = only({"kubeconfig": "users:\n- user: {token: canary}\n"}).found
    assert found == "the value is a text of 31 characters", "it may hold a token"


def test_the_fix_is_a_value_that_is_taken() -> None:
    for raw, _, _ in RULES:
        _, key, value = re.split(r"'(?=[ `])| '", only(raw).fix, maxsplit=2)
        nested: object = value.strip(" `.")
        if only(raw).fix.startswith("Remove"):
            continue
        for step in reversed(key.removeprefix("linkerd-workshop:").split(".")):
            nested = {step: nested}
        parse(MAPPING.validate_python(nested))


def test_a_wrong_key_is_reported_with_the_known_ones_and_a_guess() -> None:
    problem = only(booksapp(faultPercentage=10))

    assert problem.where == "linkerd-workshop:demos.booksapp.faultPercentage"
    assert problem.found == "there is no such setting"
    assert "authorsFailureRate" in problem.rule
    assert "faultPercent" in problem.rule
    assert problem.fix == "Did you mean 'faultPercent'?"
    assert only({"chart_mirror": "x"}).fix == "Did you mean 'chartMirror'?", "a name of Python's"
    assert only({"zzz": 1}).fix == "Remove it with `pulumi config rm --path 'linkerd-workshop:zzz'`."


def test_an_unknown_demo_is_called_a_demo() -> None:
    problem = only({"demos": {"bookapp": {}}})

    assert problem.found == "there is no such demo"
    assert problem.rule == "the known ones are booksapp, circuitBreaking, podinfo, progressiveDelivery"
    assert problem.fix == "Did you mean 'booksapp'?"


def test_every_error_is_reported_at_once_in_the_order_of_keys() -> None:
    with pytest.raises(InputError) as caught:
        parse({"contxt": "x", "trust": '{"anchorDays": "long"}', **booksapp(faultPercent=101, host="x", hots="y")})

    where = [problem.where for problem in caught.value.problems]
    assert where == [
        "linkerd-workshop:contxt",
        "linkerd-workshop:demos.booksapp.faultPercent",
        "linkerd-workshop:demos.booksapp.host",
        "linkerd-workshop:demos.booksapp.hots",
        "linkerd-workshop:trust.anchorDays",
    ]
    assert str(caught.value).startswith("5 problems found; nothing was changed:\n  1. linkerd-workshop:contxt: ")
    assert len(str(caught.value).splitlines()) == 6


def test_broken_json_does_not_hide_the_other_errors() -> None:
    found = problems({"trust": "{", "contxt": "x"})

    assert [each.where for each in found] == ["linkerd-workshop:contxt", "linkerd-workshop:trust"]
    assert "a mapping of settings" in found[1].rule
