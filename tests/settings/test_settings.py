"""Settings: what a stack's file may say, and what a person reads who wrote something else."""

import json
import re
from collections.abc import Mapping
from datetime import date

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


def test_an_empty_file_gives_the_workshop_of_the_log() -> None:
    settings = parse({})

    assert settings.demos.booksapp.enabled
    assert settings.demos.booksapp.fault_percent == 10
    assert settings.demos.booksapp.authors_failure_rate == 0
    assert settings.demos.booksapp.webapp_replicas == 3
    assert settings.demos.booksapp.route_api == "gateway.networking.k8s.io"
    assert settings.demos.booksapp.host is None
    assert (settings.trust.anchor_days, settings.trust.issuer_days, settings.trust.renewal_days) == (3650, 365, 90)
    assert settings.gateway_api.install


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


NUMBERS: list[tuple[dict[str, object], tuple[str, ...], str]] = [
    ({"eks": {**EKS, "profile": 123456789012}}, ("eks", "profile"), "123456789012"),
    ({"eks": {**EKS, "profile": True}}, ("eks", "profile"), "true"),
    ({"eks": {**EKS, "cluster": 1}}, ("eks", "cluster"), "1"),
    ({"demos": {"podinfo": {"headerValue": 42}}}, ("demos", "podinfo", "header_value"), "42"),
    ({"demos": {"podinfo": {"headerValue": False}}}, ("demos", "podinfo", "header_value"), "false"),
    (
        {"delivery": {"argoCd": {"application": {"revision": 7}}}},
        ("delivery", "argo_cd", "application", "revision"),
        "7",
    ),
]


@pytest.mark.parametrize(("raw", "path", "text"), NUMBERS)
def test_a_text_that_looks_like_a_number_is_taken_as_it_was_set(
    raw: dict[str, object], path: tuple[str, ...], text: str
) -> None:
    found: object = parse({key: json.dumps(value) for key, value in raw.items()})
    for name in path:
        found = getattr(found, name)
    assert found == text


@pytest.mark.parametrize("number", [1.10, 1e21, 12345678901234567000, float("nan")])
def test_a_number_of_which_digits_may_be_lost_is_no_text(number: float) -> None:
    found = only({"demos": {"podinfo": {"headerValue": number}}})

    assert found.found == "it is a number, of which digits may be lost"
    assert "--type string 'linkerd-workshop:demos.podinfo.headerValue'" in found.fix


def test_a_day_without_quotes_is_the_date_that_pulumi_makes_of_it() -> None:
    assert parse({"workshopEnds": "2027-01-31 00:00:00 +0000 UTC"}).workshop_ends == date(2027, 1, 31)


def test_settings_cannot_be_changed_once_they_are_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(parse({}), "context", "other")  # noqa: B010  the type checker knows it already


RULES: list[tuple[dict[str, object], str, str]] = [
    (booksapp(faultPercent=101), "demos.booksapp.faultPercent", "a whole number from 0 to 100"),
    (booksapp(faultPercent=-1), "demos.booksapp.faultPercent", "a whole number from 0 to 100"),
    (booksapp(faultPercent=2.5), "demos.booksapp.faultPercent", "a whole number from 0 to 100"),
    (booksapp(faultPercent="ten"), "demos.booksapp.faultPercent", "a whole number from 0 to 100"),
    (booksapp(faultPercent=True), "demos.booksapp.faultPercent", "a whole number from 0 to 100"),
    (booksapp(faultPercent=None), "demos.booksapp.faultPercent", "a whole number from 0 to 100"),
    (booksapp(authorsFailureRate=1.5), "demos.booksapp.authorsFailureRate", "a number from 0 to 1"),
    (booksapp(authorsFailureRate=float("nan")), "demos.booksapp.authorsFailureRate", "a number from 0 to 1"),
    (booksapp(webappReplicas=0), "demos.booksapp.webappReplicas", "a whole number from 1 to 100"),
    (booksapp(enabled="perhaps"), "demos.booksapp.enabled", "true or false"),
    (booksapp(routeApi="extensions"), "demos.booksapp.routeApi", "gateway.networking.k8s.io or policy.linkerd.io"),
    (booksapp(host="books"), "demos.booksapp.host", "a DNS name of at least two labels"),
    (booksapp(host="https://books.example.com"), "demos.booksapp.host", "a DNS name of at least two labels"),
    (booksapp(host="books.example.com:80"), "demos.booksapp.host", "a DNS name of at least two labels"),
    (booksapp(host="Books.Example.com"), "demos.booksapp.host", "a DNS name of at least two labels"),
    (booksapp(host="books_1.example.com"), "demos.booksapp.host", "a DNS name of at least two labels"),
    (booksapp(host="-books.example.com"), "demos.booksapp.host", "a DNS name of at least two labels"),
    (booksapp(host="books..example.com"), "demos.booksapp.host", "a DNS name of at least two labels"),
    (booksapp(host=".".join(["a" * 60] * 5)), "demos.booksapp.host", "a DNS name of at least two labels"),
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
]


@pytest.mark.parametrize(("raw", "key", "rule"), RULES)
def test_a_wrong_value_is_reported_with_its_key_the_rule_and_a_fix(raw: dict[str, object], key: str, rule: str) -> None:
    problem = only(raw)

    assert problem.where == f"linkerd-workshop:{key}"
    assert rule in problem.rule
    command = "rm" if "mapping" in rule else "set"
    assert f"`pulumi config {command} --path 'linkerd-workshop:{key}'" in problem.fix
    assert "\n" not in str(problem)


def test_a_wrong_value_is_repeated() -> None:
    assert only(booksapp(faultPercent=101)).found == "the value is '101'"
    assert only(booksapp(host="no host")).found == "the value is 'no host'"


def test_a_value_of_several_lines_is_not_repeated_for_it_may_hold_a_token() -> None:
    assert only({"kubeconfig": "users:\n- user: {token: canary}\n"}).found == "the value is a text of 31 characters"


def test_a_long_value_is_cut_and_control_characters_are_spelled_out() -> None:
    assert len(only(booksapp(host="x" * 10_000)).found) < 100
    assert "\\x1b[31m" in only(booksapp(host="\x1b[31mred")).found


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


def test_a_key_like_no_other_is_to_be_removed() -> None:
    assert only({"zzz": 1}).fix == "Remove it with `pulumi config rm --path 'linkerd-workshop:zzz'`."


def test_the_names_of_pythons_fields_are_no_keys() -> None:
    assert only({"chart_mirror": "x"}).fix == "Did you mean 'chartMirror'?"


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


@pytest.mark.parametrize(
    "trust",
    [
        {"renewalDays": 365},
        {"renewalDays": 400},
        {"issuerDays": 90},
        {"issuerDays": 4000},
        {"anchorDays": 300},
    ],
)
def test_lives_that_contradict_each_other_are_refused(trust: dict[str, object]) -> None:
    problem = only({"trust": trust})

    assert problem.where == "linkerd-workshop:trust"
    assert all(str(days) in problem.found for days in trust.values())
    assert problem.rule == "renewalDays has to be below issuerDays, and issuerDays not above anchorDays"
    assert problem.fix


def test_lives_that_just_fit_are_taken() -> None:
    assert parse({"trust": {"renewalDays": 1, "issuerDays": 2, "anchorDays": 2}}).trust.issuer_days == 2
