"""How the settings of an EKS environment become the arguments of its add-ons."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.addons.load_balancer_policy import Extra
from model.names import dns_owner
from settings import Settings, parts
from settings.loading import parse
from stack.addons import LONGEST_ROLE_NAME, extras, role_name
from tests.fuzzing import few
from tests.iam.stack import CLUSTER

EKS: dict[str, object] = {"cluster": "workshop", "region": "eu-central-1", "owner": "platform team"}
OURS = {"aws-load-balancer-controller", "external-dns"}


def with_eks(**more: object) -> Settings:
    dns = more.pop("dns", {"zone": "example.com"})
    return parse({"eks": {**EKS, **more}, **({"dns": dns} if dns else {})})


@few(100)
@given(stack=st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=100), other=st.integers(0, 9))
def test_the_name_of_a_role_is_one_that_iam_takes_and_no_other_stack_or_cluster_has(stack: str, other: int) -> None:
    name = role_name(stack, CLUSTER, "load-balancers")

    assert re.fullmatch(r"[\w+=,.@-]+", name)
    assert len(name) <= LONGEST_ROLE_NAME
    assert name == role_name(stack, CLUSTER, "load-balancers")
    elsewhere = replace(CLUSTER, arn=CLUSTER.arn.replace("central-1", f"west-{other}"))
    assert len({name, role_name(stack, CLUSTER, "dns"), role_name(f"{stack}x", CLUSTER, "load-balancers")}) == 3
    assert name != role_name(stack, elsewhere, "load-balancers")


def test_a_short_name_says_whose_role_it_is() -> None:
    assert re.fullmatch(r"dev-workshop-dns-[0-9a-f]{8}", role_name("dev", CLUSTER, "dns"))


def test_records_keep_their_owner_when_the_stack_is_created_again_and_have_another_in_another_stack() -> None:
    owners = {dns_owner(*each) for each in (("a-b", "r", "c"), ("a", "r", "b-c"), ("a", "r-b", "c"), ("a", "b", "r-c"))}

    assert dns_owner("dev", "eu-central-1", "workshop") == "linkerd-workshop/dev/eu-central-1/workshop"
    assert len(owners) == 4
    assert not [owner for owner in owners if re.search('[,="]', owner)], "the record's text is made of `key=value,…`"


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        (with_eks(dns=None, externalDns={"enabled": False}), {"aws-load-balancer-controller"}),
        (with_eks(externalDns={"enabled": False}), {"aws-load-balancer-controller"}),
        (with_eks(loadBalancerController={"enabled": False}), {"external-dns"}),
        (parse({}), set[str]()),
    ],
)
def test_what_is_switched_off_or_has_no_zone_is_left_out(settings: Settings, there: set[str]) -> None:
    assert set(parts.namespaces(settings)) & OURS == there
    assert {str(part) for part in parts.charts(settings)} & OURS == there


def test_rights_beyond_load_balancers_are_those_that_the_settings_name() -> None:
    eks = with_eks(loadBalancerController={"waf": True, "cognito": True}).eks

    assert eks
    assert extras(eks) == [Extra.WAF, Extra.COGNITO]
