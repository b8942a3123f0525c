"""The permissions of the operator who brings the stack up: all that it takes, and little else.

The actions behind a resource are those that a provider needs over its life, by the API references of the services;
no real account has confirmed the list.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from string import Template

import pytest
from pydantic import BaseModel

from tests.iam.simulator import Request, wrongly
from tests.program import EKS, ROOT, ZONE
from tests.test_program import deployed

STACK = "dev"
PATH = ROOT / "docs" / "iam" / "operator.json"
ROLE = f"arn:aws:iam::{EKS.account}:role/{STACK}-workshop-load-balancers-01234567"
EKS_ARN = f"arn:aws:eks:{EKS.region}:{EKS.account}"
ASSOCIATION = f"{EKS_ARN}:podidentityassociation/workshop/a-0123"
ADD_ON = f"{EKS_ARN}:addon/workshop/eks-pod-identity-agent/0123"
CERTIFICATE = f"arn:aws:acm:{EKS.region}:{EKS.account}:certificate/0123"
GROUP = f"arn:aws:ec2:{EKS.region}:{EKS.account}:security-group/sg-0123"
BALANCING = f"arn:aws:elasticloadbalancing:{EKS.region}:{EKS.account}"
BALANCER = f"{BALANCING}:loadbalancer/app/k8s-x/0123"
TARGETS = f"{BALANCING}:targetgroup/k8s-x/0123"
HOSTED_ZONE = f"arn:aws:route53:::hostedzone/{ZONE.id}"
OWN = {"project": "linkerd-workshop", "stack": STACK}
NEW = {"aws:RequestedRegion": EKS.region} | {f"aws:RequestTag/{key}": value for key, value in OWN.items()}
OF_CLUSTER = {"aws:ResourceTag/elbv2.k8s.aws/cluster": EKS.name}


class _Statement(BaseModel):
    Action: str | list[str]


class _Policy(BaseModel):
    Statement: list[_Statement]


def each(service: str, actions: str, resource: str = "*", **context: str) -> list[Request]:
    return [Request(f"{service}:{action}", resource, context) for action in actions.split()]


BY_TYPE = {
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": [
        *each("eks", "CreatePodIdentityAssociation ListPodIdentityAssociations", EKS.arn),
        *each(
            "eks",
            "DescribePodIdentityAssociation UpdatePodIdentityAssociation DeletePodIdentityAssociation"
            " TagResource UntagResource ListTagsForResource",
            ASSOCIATION,
        ),
        Request("iam:PassRole", ROLE, {"iam:PassedToService": "pods.eks.amazonaws.com"}),
        *each("iam", "GetRole", ROLE),
    ],
    "aws:eks/addon:Addon": [
        *each("eks", "CreateAddon", EKS.arn),
        *each("eks", "DescribeUpdate", ADD_ON),
        *each("eks", "DescribeAddon UpdateAddon DeleteAddon TagResource UntagResource ListTagsForResource", ADD_ON),
    ],
    "aws:iam/role:Role": each(
        "iam",
        "CreateRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy TagRole UntagRole ListRoleTags"
        " ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole DeleteRole",
        ROLE,
    ),
    "aws:iam/rolePolicy:RolePolicy": each("iam", "PutRolePolicy GetRolePolicy DeleteRolePolicy", ROLE),
    "aws:acm/certificate:Certificate": [
        Request("acm:RequestCertificate", "*", NEW),
        *each(
            "acm",
            "DescribeCertificate ListTagsForCertificate AddTagsToCertificate RemoveTagsFromCertificate"
            " DeleteCertificate",
            CERTIFICATE,
        ),
    ],
    "aws:acm/certificateValidation:CertificateValidation": each("acm", "DescribeCertificate", CERTIFICATE),
    "aws:route53/record:Record": [
        *each("route53", "GetHostedZone ListResourceRecordSets ChangeResourceRecordSets", HOSTED_ZONE),
        *each("route53", "GetChange", "arn:aws:route53:::change/C0123"),
    ],
}
BUCKET = f"arn:aws:s3:::linkerd-workshop-{STACK}-{EKS.account}"
KEY = f"arn:aws:kms:{EKS.region}:{EKS.account}:key/0123"
OWN_KEY = {"kms:ResourceAliases": [f"alias/linkerd-workshop-{STACK}"]}
OTHERS_KEY = {"kms:ResourceAliases": ["alias/linkerd-workshop-prod"]}
ASKED = [
    *each("s3", "ListBucket", BUCKET),
    *each("s3", "GetObject PutObject DeleteObject", f"{BUCKET}/.pulumi/stacks/linkerd-workshop/dev.json"),
    *(Request(f"kms:{action}", KEY, OWN_KEY) for action in ("Decrypt", "Encrypt")),
    *each("eks", "DescribeCluster", EKS.arn),
    *each("eks", "DescribeCluster", EKS.arn.replace(EKS.region, "us-east-1")),
    *each("eks", "DescribeAddon", ADD_ON),
    *each("eks", "ListClusters"),
    *each("iam", "GetOpenIDConnectProvider", f"arn:aws:iam::{EKS.account}:oidc-provider/{EKS.oidc_issuer}"),
    *each("route53", "ListHostedZonesByName"),
    *each("route53", "ListResourceRecordSets ChangeResourceRecordSets", HOSTED_ZONE),
    *each("elasticloadbalancing", "DescribeLoadBalancers DescribeTargetGroups DescribeTags"),
    *each("ec2", "DescribeSecurityGroups DescribeSecurityGroupRules"),
    Request("elasticloadbalancing:DeleteLoadBalancer", BALANCER, OF_CLUSTER),
    Request("elasticloadbalancing:DeleteTargetGroup", TARGETS, OF_CLUSTER),
    Request("ec2:DeleteSecurityGroup", GROUP, OF_CLUSTER),
    *(
        Request("ec2:RevokeSecurityGroupIngress", GROUP, {"aws:ResourceTag/kubernetes.io/cluster/workshop": of_nodes})
        for of_nodes in ("owned", "shared")
    ),
    *each("acm", "ListCertificates"),
    *each("acm", "ListTagsForCertificate", CERTIFICATE),
]
"""What the program and the commands beside it ask by themselves."""
NEEDED = [*ASKED, *(each for requests in BY_TYPE.values() for each in requests)]
OTHERS = [
    *each("s3", "ListBucket DeleteBucket", BUCKET.replace(STACK, "prod")),
    *each("s3", "GetObject", f"{BUCKET.replace(STACK, 'prod')}/.pulumi/stacks/linkerd-workshop/prod.json"),
    *(Request(f"kms:{action}", KEY, OTHERS_KEY) for action in ("Decrypt", "Encrypt")),
    *each("kms", "Decrypt ScheduleKeyDeletion", KEY),
    *each("eks", "CreatePodIdentityAssociation CreateAddon", EKS.arn.replace("workshop", "other")),
    *each("eks", "DeletePodIdentityAssociation", ASSOCIATION.replace("workshop", "other")),
    *each("eks", "DeleteAddon", ADD_ON.replace("eks-pod-identity-agent", "coredns")),
    *each("eks", "DeleteCluster UpdateClusterConfig CreateAccessEntry", EKS.arn),
    *each("iam", "CreateRole PutRolePolicy UpdateAssumeRolePolicy DeleteRole", ROLE.replace(STACK, "prod")),
    *each("iam", "CreateRole PutRolePolicy", f"arn:aws:iam::{EKS.account}:role/admin"),
    *each("iam", "AttachRolePolicy PutRolePermissionsBoundary", ROLE),
    Request("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
    Request("acm:RequestCertificate", "*", {**NEW, "aws:RequestTag/stack": "prod"}),
    *each("acm", "DeleteCertificate", CERTIFICATE.replace(EKS.region, "us-east-1")),
    *each("acm", "ExportCertificate", CERTIFICATE),
    *each("route53", "ChangeResourceRecordSets", HOSTED_ZONE.replace(ZONE.id, "Z9")),
    *each("route53", "DeleteHostedZone", HOSTED_ZONE),
    *each("elasticloadbalancing", "DeleteLoadBalancer", BALANCER, **{next(iter(OF_CLUSTER)): "other"}),
    *each("ec2", "DeleteSecurityGroup RevokeSecurityGroupIngress", GROUP),
    *each("sts", "AssumeRole", ROLE),
]


@cache
def rights() -> str:
    """Return the policy for the stack `dev`."""
    values = {"ACCOUNT": EKS.account, "REGION": EKS.region, "CLUSTER": EKS.name, "STACK": STACK, "ZONE": ZONE.id}
    return Template(PATH.read_text(encoding="utf-8")).substitute(values)


def test_the_table_has_every_kind_of_resource_that_a_stack_has_in_the_account() -> None:
    made = {each.type for each in deployed("eks").registrations if each.type.startswith("aws:")}

    assert made <= set(BY_TYPE)
    assert len(made) >= 5


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc"])
def test_the_operator_may_create_change_and_delete_every_resource_and_call_what_the_commands_call(
    partition: str,
) -> None:
    moved = [replace(each, resource=each.resource.replace("arn:aws:", f"arn:{partition}:")) for each in NEEDED]

    assert wrongly(rights(), moved) == []


def test_the_table_has_every_call_of_the_commands() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in ("clients", "preflight", "workshop")
        for path in Path(ROOT, folder).rglob("*.py")
    ]
    literals = {name for text in sources for name in re.findall(r'"([a-z0-9]+:[A-Z][A-Za-z]+)"', text)}
    free = {"sts:GetCallerIdentity", "sts:AssumeRole"}

    assert literals - free <= {request.action for request in ASKED}, "the policy has to allow it"
    assert len(literals) > 10


def test_the_operator_may_not_touch_other_clusters_roles_zones_and_certificates() -> None:
    assert wrongly(rights(), denied=OTHERS) == []


def test_every_permission_is_needed() -> None:
    statements = _Policy.model_validate_json(PATH.read_text(encoding="utf-8")).Statement
    named = {name for each in statements for name in ([each.Action] if isinstance(each.Action, str) else each.Action)}

    assert named - {request.action for request in NEEDED} == set()
