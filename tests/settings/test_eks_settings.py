"""Settings of a stack on EKS: what goes together, and what a person reads who wrote something else."""

from collections.abc import Mapping

import pytest

from model.problem import InputError, Problem
from settings import Settings
from settings.loading import parse

EKS = {"cluster": "workshop", "region": "eu-central-1", "owner": "platform-team"}
DNS = {"zone": "example.com", "domain": "dev.example.com"}
HOST = {"booksapp": {"host": "books.dev.example.com"}}
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
OIDC = dict.fromkeys(
    ["issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint"], "https://login.example.com/"
)
READY: Mapping[str, object] = {
    "eks": EKS,
    "dns": DNS,
    "demos": HOST,
    "publicHosts": {"inboundCidrs": ["203.0.113.0/24"]},
}


def problems(raw: Mapping[str, object]) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        parse(raw)
    return list(caught.value.problems)


def only(raw: Mapping[str, object]) -> Problem:
    found = problems(raw)
    assert len(found) == 1, found
    assert "\n" not in str(found[0])
    return found[0]


def test_a_complete_environment_is_taken_with_the_defaults_of_least_privilege() -> None:
    settings = parse(READY)

    assert settings.eks
    assert settings.eks.identity == "pod-identity"
    assert settings.eks.load_balancer_controller.enabled
    assert settings.eks.external_dns.enabled
    assert not settings.eks.load_balancer_controller.waf
    assert settings.public_hosts.https
    assert settings.public_hosts.scheme == "internet-facing"


def test_an_empty_mapping_is_no_cluster_and_no_zone() -> None:
    assert parse({"eks": {}, "dns": {}}) == Settings()


RULES: list[tuple[dict[str, object], str, str]] = [
    ({"eks": {**EKS, "cluster": "-w"}}, "eks.cluster", "letters, digits"),
    ({"eks": {**EKS, "cluster": "w" * 101}}, "eks.cluster", "at most 100"),
    ({"eks": {**EKS, "region": "frankfurt"}}, "eks.region", "an AWS region"),
    ({"eks": {**EKS, "owner": "me; you"}}, "eks.owner", "the tag `owner`"),
    ({"eks": {**EKS, "profile": ""}}, "eks.profile", "a profile of ~/.aws/config"),
    ({"eks": {**EKS, "roleArn": "workshop"}}, "eks.roleArn", "the ARN of an IAM role"),
    ({"eks": {**EKS, "identity": "kiam"}}, "eks.identity", "pod-identity (EKS Pod Identity) or irsa"),
    ({"eks": {**EKS, "installPodIdentityAgent": "perhaps"}}, "eks.installPodIdentityAgent", "true (this stack"),
    ({"eks": {**EKS, "loadBalancerController": {"waf": 7}}}, "eks.loadBalancerController.waf", "web ACLs"),
    ({"eks": "workshop"}, "eks", "a mapping of settings"),
    ({"dns": {"zone": "com"}}, "dns.zone", "a DNS name of at least two labels"),
    ({"dns": {**DNS, "zoneId": "/hostedzone/Z1"}}, "dns.zoneId", "a hosted zone's id"),
    ({"dns": {**DNS, "domain": "Dev.example.com"}}, "dns.domain", "a DNS name"),
    ({"publicHosts": {"scheme": "public"}}, "publicHosts.scheme", "internet-facing or internal"),
    ({"publicHosts": {"inboundCidrs": []}}, "publicHosts.inboundCidrs", "IPv4 networks"),
    ({"publicHosts": {"inboundCidrs": "0.0.0.0/0"}}, "publicHosts.inboundCidrs", "IPv4 networks"),
    ({"publicHosts": {"inboundCidrs": ["10.0.0.0/8", "10.1.1.1/8"]}}, "publicHosts.inboundCidrs[1]", "IPv4 networks"),
    ({"publicHosts": {"inboundCidrs": ["::/0"]}}, "publicHosts.inboundCidrs[0]", "IPv4 networks"),
    ({"publicHosts": {"certificateArn": "arn:aws:acm:x"}}, "publicHosts.certificateArn", "the ARN of a certificate"),
]


@pytest.mark.parametrize(("raw", "key", "rule"), RULES)
def test_a_wrong_value_is_told_with_its_key_the_rule_and_a_fix(raw: dict[str, object], key: str, rule: str) -> None:
    problem = only(raw)

    assert problem.where == f"linkerd-workshop:{key}"
    assert rule in problem.rule
    assert f"'linkerd-workshop:{key}" in problem.fix


def test_what_has_to_be_given_is_told_by_its_key() -> None:
    found = problems({"eks": {"profile": "x"}, "dns": {"domain": "example.com"}})

    keys = ["dns.zone", "eks.cluster", "eks.owner", "eks.region"]
    assert [problem.where for problem in found] == [f"linkerd-workshop:{key}" for key in keys]


@pytest.mark.parametrize("key", ["kubeconfig", "context"])
def test_a_stack_has_one_cluster(key: str) -> None:
    problem = only({**READY, key: "other"})

    assert problem.where == f"linkerd-workshop:{key}"
    assert problem.found == "it is set beside eks"


def test_a_zone_without_a_cluster_on_eks_is_nobodys() -> None:
    assert only({"dns": DNS}).where == "linkerd-workshop:dns"


def test_a_domain_lies_in_its_zone() -> None:
    problem = only({**READY, "dns": {"zone": "example.com", "domain": "dev.notexample.com"}})

    assert problem.where == "linkerd-workshop:dns.domain"
    assert problem.found == "the domain 'dev.notexample.com' lies outside the zone 'example.com'"


def test_the_zones_name_is_the_domain_if_none_is_given() -> None:
    parse({**READY, "dns": {"zone": "dev.example.com"}})
    assert "below 'other.com'" in only({**READY, "dns": {"zone": "other.com"}}).found


@pytest.mark.parametrize("host", ["books.example.com", "dev.example.com", "books.xdev.example.com"])
def test_every_host_lies_below_the_domain(host: str) -> None:
    problem = only({**READY, "demos": {"booksapp": {"host": host}}})

    assert problem.where == "linkerd-workshop:demos.booksapp.host"
    assert problem.found == f"the host '{host}' does not lie below 'dev.example.com'"


def test_the_host_of_a_part_that_is_off_is_nobodys_business() -> None:
    parse({**READY, "demos": {"booksapp": {"enabled": False, "host": "elsewhere.org"}}})


def test_external_dns_needs_a_zone() -> None:
    problem = only({"eks": EKS})

    assert problem.where == "linkerd-workshop:eks.externalDns.enabled"
    assert "dns.zone" in problem.fix
    parse({"eks": {**EKS, "externalDns": {"enabled": False}}})


BY_HAND = {**READY, "eks": {**EKS, "externalDns": {"enabled": False}}, "dns": {}}


def test_https_needs_a_certificate_or_a_zone_to_make_one_in() -> None:
    assert only(BY_HAND).where == "linkerd-workshop:publicHosts.https"
    hosts = {"inboundCidrs": ["203.0.113.0/24"]}
    parse({**BY_HAND, "publicHosts": {**hosts, "certificateArn": CERTIFICATE}})
    parse({**BY_HAND, "publicHosts": {**hosts, "https": False}})


@pytest.mark.parametrize("region", ["eusc-de-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-7"])
def test_a_region_of_any_partition_is_taken(region: str) -> None:
    settings = parse({**READY, "eks": {**EKS, "region": region}})

    assert settings.eks
    assert settings.eks.region == region


def test_the_stacks_own_certificate_needs_a_domain_that_acm_takes_behind_a_wildcard() -> None:
    def named(domain: str) -> dict[str, object]:
        return {**READY, "dns": {**DNS, "domain": domain}, "demos": {"booksapp": {"host": f"books.{domain}"}}}

    longest = f"{'d' * 50}.example.com"
    assert len(f"*.{longest}") == 64
    parse(named(longest))
    problem = only(named(f"d{longest}"))

    assert problem.where == "linkerd-workshop:dns.domain"
    assert problem.found == f"the domain 'd{longest}' has 63 characters"
    given = {"inboundCidrs": ["203.0.113.0/24"], "certificateArn": CERTIFICATE}
    parse({**named(f"d{longest}"), "publicHosts": given})


def test_the_stacks_own_certificate_is_valid_for_one_label_below_the_domain() -> None:
    deep = {**READY, "demos": {"booksapp": {"host": "books.team.dev.example.com"}}}
    problem = only(deep)

    assert problem.where == "linkerd-workshop:demos.booksapp.host"
    assert problem.rule == "the certificate is for *.dev.example.com"
    assert "books-team.dev.example.com" in problem.fix
    parse({**deep, "publicHosts": {"inboundCidrs": ["203.0.113.0/24"], "certificateArn": CERTIFICATE}})
    parse({**deep, "publicHosts": {"inboundCidrs": ["203.0.113.0/24"], "https": False}})


def test_a_public_dashboard_is_always_over_https() -> None:
    viz = {"dashboard": {"host": "viz.dev.example.com", "oidc": {**OIDC, "secretName": "oidc"}}}
    plain = {"inboundCidrs": ["203.0.113.0/24"], "https": False}

    assert "dashboard" in only({**BY_HAND, "viz": viz, "publicHosts": plain}).found
    parse({**READY, "viz": viz, "publicHosts": plain})


def test_a_certificate_of_another_region_is_refused() -> None:
    arn = CERTIFICATE.replace("eu-central-1", "us-east-1")
    problem = only({**READY, "publicHosts": {"inboundCidrs": ["203.0.113.0/24"], "certificateArn": arn}})

    assert problem.found == "the certificate is in us-east-1, and the cluster in eu-central-1"


def test_who_may_connect_from_the_internet_is_chosen_on_purpose() -> None:
    problem = only({**READY, "publicHosts": {}})

    assert problem.where == "linkerd-workshop:publicHosts.inboundCidrs"
    assert "demos.booksapp.host" in problem.rule
    parse({**READY, "publicHosts": {"inboundCidrs": ["0.0.0.0/0"]}})
    parse({**READY, "publicHosts": {"scheme": "internal"}})
    parse({**READY, "publicHosts": {}, "demos": {}})


def test_a_cluster_that_is_not_on_eks_is_asked_none_of_this() -> None:
    parse({"demos": HOST})


def test_all_of_it_is_told_at_once() -> None:
    found = problems({**READY, "context": "x", "dns": {**DNS, "domain": "x.org"}, "publicHosts": {}})

    assert len(found) == 3
