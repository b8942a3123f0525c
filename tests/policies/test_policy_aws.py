"""Policies about rights in AWS and about zones."""

import json
from collections.abc import Iterable

import pytest

from policies import iam
from policies.judged import Finding, Judged, of_kubernetes, of_resource

ZONE = "arn:aws:route53:::hostedzone/Z0123456789"
CHANGE = "route53:ChangeResourceRecordSets"
OURS = {"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "workshop"}}


def policy(type_: str = "aws:iam/policy:Policy", key: str = "policy", /, **statement: object) -> Judged:
    """Return a policy of one statement."""
    given = {"Effect": "Allow", "Action": ["ec2:DescribeVpcs"], "Resource": ["*"], "Sid": "Why", **statement}
    return of_resource(type_, "rights", {key: json.dumps({"Version": "2012-10-17", "Statement": [given]})})


def found(findings: Iterable[Finding]) -> str:
    return "\n".join(map(str, findings))


@pytest.mark.parametrize(
    "action",
    [
        "elasticloadbalancing:DeleteLoadBalancer",
        "ec2:*",
        "*",
        "ec2:CreateTags",
        "iam:PassRole",
        "ELASTICLOADBALANCING:d*",
    ],
)
def test_an_action_that_changes_something_needs_a_condition(action: str) -> None:
    assert "there is no condition" in found(iam.find_unbound(policy(Action=[action])))
    assert "there is no condition" in found(iam.find_unbound(policy(Action=action))), "a text is a list of one"
    assert found(iam.find_unbound(policy(Action=[action], Condition=OURS))) == ""


@pytest.mark.parametrize("action", ["ec2:DescribeSubnets", "acm:ListCertificates", "acm:Get*", "EC2:describe*"])
def test_looking_needs_no_condition(action: str) -> None:
    assert found(iam.find_unbound(policy(Action=[action]))) == ""


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"Null": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "false"}},
        {"StringEqualsIfExists": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "workshop"}},
        {"StringNotEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "other"}},
        {"StringLike": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "*"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}},
        {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}},
    ],
    ids=["none", "a tag exists", "if it exists", "not another's", "any", "names of tags", "a region"],
)
def test_a_condition_that_something_of_another_cluster_meets_is_none(condition: dict[str, object]) -> None:
    changing = policy(Action=["elasticloadbalancing:DeleteLoadBalancer"], Condition=condition)

    assert "there is no condition" in found(iam.find_unbound(changing))


def test_every_place_of_a_document_is_read() -> None:
    trust = {"Action": ["sts:AssumeRole"], "Principal": {"Service": "pods.eks.amazonaws.com"}}
    document = json.loads(str(policy(Action=["ec2:*"]).content["policy"]))
    inline = of_resource("aws:iam/role:Role", "rights", {"inlinePolicies": [{"policy": json.dumps(document)}]})

    assert "statement Why" in found(iam.find_unbound(policy("aws:iam/rolePolicy:RolePolicy", Action=["ec2:*"])))
    assert "sts:AssumeRole" in found(iam.find_unbound(policy("aws:iam/role:Role", "assumeRolePolicy", **trust)))
    assert "ec2:*" in found(iam.find_unbound(inline))
    assert found(iam.find_unbound(policy("aws:sns/topic:Topic", Action=["ec2:*"]))) == "", "not a policy of IAM"


def test_a_statement_alone_needs_no_list_and_a_denial_is_none_of_our_business() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}

    assert "statement 1" in found(iam.find_unbound(of_resource("aws:iam/policy:Policy", "x", {"policy": document})))
    assert found(iam.find_unbound(policy(Effect="Deny", Action=["ec2:*"]))) == ""


@pytest.mark.parametrize("key", ["NotAction", "NotResource"])
def test_what_is_allowed_but_for_exceptions_is_found(key: str) -> None:
    assert "nobody has thought of" in found(iam.find_unbound(policy(**{key: ["ec2:*"]})))


def test_a_policy_of_aws_itself_is_found() -> None:
    arn = "arn:aws:iam::aws:policy/AmazonRoute53FullAccess"

    attached = of_resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "x", {"policyArn": arn})
    assert arn in found(iam.find_unbound(attached))
    assert arn in found(iam.find_unbound(of_resource("aws:iam/role:Role", "x", {"managedPolicyArns": [arn]})))
    own = of_resource(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "x", {"policyArn": arn.replace("aws:p", "1:p")}
    )
    assert found(iam.find_unbound(own)) == ""


@pytest.mark.parametrize(
    "resource", ["*", "arn:aws:route53:::hostedzone/*", "arn:aws:route53:::*", "arn:aws-cn:route53:::hostedzone/*"]
)
@pytest.mark.parametrize("action", [CHANGE, "route53:ListResourceRecordSets", "route53:*", "*"])
def test_rights_on_every_zone_are_found_even_with_a_condition(resource: str, action: str) -> None:
    statement = policy(Action=[action], Resource=[ZONE, resource], Condition=OURS)

    assert "every zone of the account" in found(iam.find_unnamed_zones(statement))


def test_rights_on_one_zone_and_looking_for_it_are_in_order() -> None:
    assert found(iam.find_unnamed_zones(policy(Action=[CHANGE], Resource=[ZONE]))) == ""
    assert found(iam.find_unnamed_zones(policy(Action=["route53:ListHostedZones"], Resource=["*"]))) == ""
    assert found(iam.find_unnamed_zones(policy(Action=["ec2:DescribeVpcs"], Resource=["*"]))) == ""


def external_dns(*args: str) -> Judged:
    container = {
        "name": "external-dns",
        "image": "registry.example.com/external-dns/external-dns:v0.21.0",
        "args": [*args],
    }
    spec = {"template": {"spec": {"containers": [container]}}}
    return of_kubernetes({"kind": "Deployment", "metadata": {"name": "external-dns"}, "spec": spec})


def test_an_external_dns_that_looks_after_every_zone_or_has_no_owner_is_found() -> None:
    kept = ("--domain-filter=dev.example.com", "--zone-id-filter=Z0123456789", "--txt-owner-id=workshop")

    assert found(iam.find_unnamed_zones(external_dns(*kept))) == ""
    for flag in kept:
        missing = found(iam.find_unnamed_zones(external_dns(*(each for each in kept if each != flag))))
        assert f"{flag.partition('=')[0]} is missing" in missing
