"""The roles of the load balancer controller and of ExternalDNS: their permissions, and who may assume them."""

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from components.addons import external_dns, load_balancer_policy
from components.addons.load_balancer_policy import Extra
from components.resources.iam_policy import policy_document
from model.names import Identity
from tests.iam import load_balancer_requests as asked
from tests.iam.simulator import Request, allowed_by, wrongly
from tests.iam.stack import ACCOUNT, CLUSTER, EXTRAS, ISSUER, REGION, rights, trust
from tests.program import ZONE as HOSTED_ZONE

CONTROLLER = "load-balancer-controller"
LONGEST = 10_240
"""Characters that IAM takes for all inline policies of a role, without white space."""


@pytest.mark.parametrize("extras", EXTRAS, ids=str)
def test_the_controller_may_do_what_an_ingress_needs_and_touches_nothing_of_others(extras: tuple[Extra, ...]) -> None:
    wanted = [*asked.CALLS, *(call for extra in extras for call in asked.EXTRAS[extra])]
    off = [call.request for extra, found in asked.EXTRAS.items() if extra not in extras for call in found]
    document = rights(CONTROLLER, extras=extras)

    assert wrongly(document, [call.request for call in wanted], [*asked.FORBIDDEN, *off]) == []
    assert document == rights(CONTROLLER, Identity.IRSA, extras), "however its pod gets them"


def test_all_permissions_of_the_controller_fit_into_an_inline_policy() -> None:
    assert len("".join(rights(CONTROLLER, extras=tuple(Extra)).split())) <= LONGEST


def test_in_another_partition_every_arn_is_of_that_partition() -> None:
    made = load_balancer_policy.statements(replace(CLUSTER, partition="aws-cn"), tuple(Extra))
    arns = {resource for each in made for resource in each["Resource"] if resource != "*"}

    assert {arn.split(":")[1] for arn in arns} == {"aws-cn"}


ZONE = "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"
OTHER_ZONE = "arn:aws:route53:::hostedzone/Z9999999999ABCDEFGHIJ"
OWNER = "_external-dns-cname."
CHANGE = "route53:ChangeResourceRecordSets"


def change(names: Sequence[str], types: Sequence[str] = ("A", "TXT"), zone: str = ZONE) -> Request:
    """Return a change of records, with the names as Route 53 normalizes them."""
    context = {f"{CHANGE}NormalizedRecordNames": names, f"{CHANGE}RecordTypes": types, f"{CHANGE}Actions": ["UPSERT"]}
    return Request(CHANGE, zone, context)


ALLOWED = [
    Request("route53:ListHostedZones"),
    Request("route53:ListResourceRecordSets", ZONE),
    change(["books.dev.example.com", f"{OWNER}books.dev.example.com"]),
    change(["books.dev.example.com"], ["CNAME", "TXT"]),
    change(["dev.example.com", f"{OWNER}dev.example.com"]),
    change([r"\052.dev.example.com", rf"{OWNER}\052.dev.example.com"]),
]
UPSTREAM = dict.fromkeys(
    (f"route53:{each}" for each in ("ListHostedZones", "ListResourceRecordSets", "ChangeResourceRecordSets")),
    "provider/aws/aws.go",
)
"""Every call of AWS that ExternalDNS makes for the stack, by its source, v0.21.0."""
FORBIDDEN = [
    Request("route53:ListResourceRecordSets", OTHER_ZONE),
    change(["books.dev.example.com"], zone=OTHER_ZONE),
    *(
        change([name])
        for name in (
            *("example.com", "www.example.com", "books.prod.example.com", "notdev.example.com"),
            *("books.notdev.example.com", "dev.example.com.evil.com", f"{OWNER}example.com"),
        )
    ),
    change(["books.dev.example.com", "www.example.com"]),
    *(change(["books.dev.example.com"], types) for types in (["MX"], ["A", "NS"], ["AAAA"])),
    change(["dev.example.com"], ["NS"]),
    Request(CHANGE, ZONE),
    Request(CHANGE, ZONE, {f"{CHANGE}RecordTypes": ["A"]}),
    Request(CHANGE, ZONE, {f"{CHANGE}NormalizedRecordNames": ["books.dev.example.com"]}),
    *(
        Request(f"route53:{action}", ZONE)
        for action in ("DeleteHostedZone", "ChangeTagsForResource", "AssociateVPCWithHostedZone")
    ),
    Request("route53:CreateHostedZone"),
    Request("elasticloadbalancing:DescribeLoadBalancers"),
    Request("ec2:CreateTags", "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-1"),
    Request("iam:PassRole", "arn:aws:iam::123456789012:role/admin"),
    Request("sts:AssumeRole", "arn:aws:iam::123456789012:role/admin"),
]


@pytest.mark.parametrize("identity", Identity)
def test_external_dns_may_change_the_records_of_the_stacks_hosts_and_of_their_owner_only(identity: Identity) -> None:
    assert wrongly(rights("external-dns", identity), ALLOWED, FORBIDDEN) == []


def test_without_a_domain_of_its_own_the_stack_has_the_whole_zone_and_no_other() -> None:
    document = policy_document(external_dns.statements(CLUSTER, HOSTED_ZONE, "example.com"))

    refused = [change(["www.example.org"]), change(["notexample.com"]), change(["example.com"], zone=OTHER_ZONE)]
    assert wrongly(document, [change(["www.example.com"]), change(["example.com"])], refused) == []


DOUBLED = {"InTheVpc StringEquals ec2:VpcID"}
"""The condition that only repeats the statement's resource."""


def weakened(document: str) -> Iterator[tuple[str, str]]:
    """Yield the policy without each one of its conditions, after the condition that is missing."""
    whole: Any = json.loads(document)
    for index, statement in enumerate(whole["Statement"]):
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                less = copy.deepcopy(whole)
                condition = less["Statement"][index]["Condition"]
                del condition[operator][key]
                less["Statement"][index]["Condition"] = {name: left for name, left in condition.items() if left}
                yield f"{statement['Sid']} {operator} {key}", json.dumps(less)


@pytest.mark.parametrize(
    ("document", "forbidden"),
    [
        (rights(CONTROLLER, Identity.POD_IDENTITY, tuple(Extra)), asked.FORBIDDEN),
        (rights("external-dns"), FORBIDDEN),
    ],
    ids=["load balancers", "records"],
)
def test_without_any_one_condition_something_forbidden_is_allowed(document: str, forbidden: list[Request]) -> None:
    mutants = dict(weakened(document))
    judged = allowed_by(mutants.values(), forbidden)

    idle = {missing for missing, answers in zip(mutants, judged, strict=True) if not any(answers)}
    assert idle - DOUBLED == set()


ADD_ONS = {CONTROLLER: "aws-load-balancer-controller", "external-dns": "external-dns"}
"""Each with its namespace, which is its service account's name, too."""
POD_IDENTITY, AGENT = "pods.eks.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:role/dev"
OTHER_ISSUER = ISSUER.replace("0123", "9999")

every_add_on = pytest.mark.parametrize(("add_on", "name"), ADD_ONS.items())


def by_pod_identity(namespace: str, account: str, **other: str) -> Request:
    """Return how EKS assumes the role for a pod of a service account; `other`: session tags and keys that differ."""
    tags = {
        "eks-cluster-arn": CLUSTER.arn,
        "eks-cluster-name": CLUSTER.name,
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": account,
    }
    context = {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {"aws:SourceAccount": ACCOUNT} | other
    return Request("sts:AssumeRole", AGENT, context, POD_IDENTITY)


def by_token(subject: str, audience: str = "sts.amazonaws.com", issuer: str = ISSUER) -> Request:
    """Return how a pod assumes the role with the token of its service account."""
    context = {f"{issuer}:sub": f"system:serviceaccount:{subject}", f"{issuer}:aud": audience}
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
    return Request("sts:AssumeRoleWithWebIdentity", AGENT, context, provider)


def without(request: Request, key: str) -> Request:
    """Return a request that lacks a key."""
    return replace(request, context={name: value for name, value in request.context.items() if name != key})


@every_add_on
def test_eks_assumes_the_role_for_the_one_service_account_and_for_nobody_else(add_on: str, name: str) -> None:
    document, right = trust(add_on, Identity.POD_IDENTITY), by_pod_identity(name, name)
    cluster = "aws:RequestTag/eks-cluster-arn"
    others = [
        by_pod_identity("default", name),
        by_pod_identity(name, "default"),
        by_pod_identity(name, name, **{cluster: f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/other"}),
        by_pod_identity(name, name, **{cluster: CLUSTER.arn.replace(REGION, "us-east-1")}),
        by_pod_identity(name, name, **{"aws:SourceAccount": "999999999999"}),
        *(without(right, key) for key in right.context if not key.endswith("eks-cluster-name")),
        *(replace(right, principal=f"{service}.amazonaws.com") for service in ("eks", "ec2", "lambda")),
        replace(right, principal=f"arn:aws:iam::{ACCOUNT}:role/admin"),
        by_token(f"{name}:{name}"),
    ]

    assert wrongly(document, [right, replace(right, action="sts:TagSession")], others, trust=True) == []


@every_add_on
def test_the_token_of_the_one_service_account_assumes_the_role_and_no_other_does(add_on: str, name: str) -> None:
    document, right = trust(add_on, Identity.IRSA), by_token(f"{name}:{name}")
    others = [
        *(by_token(subject) for subject in (f"default:{name}", f"{name}:default", f"{name}:{name}-2")),
        by_token(f"{name}:{name}", "someone.example.com"),
        by_token(f"{name}:{name}", issuer=OTHER_ISSUER),
        replace(right, principal=f"arn:aws:iam::{ACCOUNT}:oidc-provider/{OTHER_ISSUER}"),
        *(without(right, f"{ISSUER}:{key}") for key in ("sub", "aud")),
        by_pod_identity(name, name),
        replace(right, action="sts:AssumeRole"),
    ]

    assert wrongly(document, [right], others, trust=True) == []
