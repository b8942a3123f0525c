"""The roles of `.github/aws/environment.yaml`: which jobs may assume them, and what they allow."""

import ast
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from warnings import catch_warnings

import boto3
import pytest
from moto import mock_aws

from tests.iam.simulator import Request, wrongly
from tests.program import EKS, ROOT, ZONE

TEMPLATE = (ROOT / ".github" / "aws" / "environment.yaml").read_text(encoding="utf-8")
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{EKS.account}:oidc-provider/{ISSUER}"
PARAMETERS = {
    "Owner": "example",
    "OwnerId": "123456",
    "Repository": "workshop",
    "RepositoryId": "456789",
    "Environment": "dev",
    "ClusterName": EKS.name,
    "HostedZoneId": ZONE.id,
    "OidcProvider": PROVIDER,
    "DeployPolicies": f"arn:aws:iam::{EKS.account}:policy/workshop-operator-dev",
}
BY_IDS, BY_NAMES = "repo:example@123456/workshop@456789", "repo:example/workshop"
_boto3: Any = boto3


@dataclass(frozen=True)
class Role:
    """A role, as the account has it."""

    trust: str
    rights: str
    policies: tuple[str, ...]
    """The ARNs of its managed policies."""


@cache
def roles(subject: str = "ids") -> Mapping[str, Role]:
    """Return the roles that CloudFormation creates from the template, by the last part of their names."""
    parameters = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in (PARAMETERS | {"Subject": subject}).items()
    ]
    with mock_aws(), catch_warnings(category=UserWarning, action="ignore"):  # moto has no access entries
        formation, iam = (_boto3.client(name, region_name=EKS.region) for name in ("cloudformation", "iam"))
        formation.create_stack(StackName="dev", TemplateBody=TEMPLATE, Parameters=parameters)
        return {each["RoleName"].rpartition("-")[2]: _role(iam, each) for each in iam.list_roles()["Roles"]}


def _role(iam: Any, found: Mapping[str, Any]) -> Role:  # noqa: ANN401  boto3 makes their classes at run time
    name = found["RoleName"]
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    rights = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]  # which moto keeps as Python
    managed = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return Role(
        json.dumps(found["AssumeRolePolicyDocument"]),
        json.dumps(ast.literal_eval(rights)),
        tuple(each["PolicyArn"] for each in managed),
    )


def job(repository: str, environment: str, audience: str = "sts.amazonaws.com") -> Request:
    """Return how a workflow's job assumes a role with the token that GitHub gives it."""
    subject = f"{repository}:{environment}"
    context = {f"{ISSUER}:sub": subject, f"{ISSUER}:aud": audience}
    return Request("sts:AssumeRoleWithWebIdentity", f"arn:aws:iam::{EKS.account}:role/x", context, PROVIDER)


ENVIRONMENTS = {"preview": {"dev-preview"}, "deploy": {"dev", "dev-teardown"}}
OTHERS = [
    *(job(BY_IDS, each) for each in ("environment:prod", "environment:dev-other", "ref:refs/heads/main")),
    *(job(BY_IDS.replace(old, "9"), "environment:dev-preview") for old in ("123456", "456789", "example", "workshop")),
    *(job(BY_IDS.replace(old, "9"), "environment:dev") for old in ("123456", "456789", "example", "workshop")),
    *(job(BY_IDS, f"environment:{name}", "someone.example.com") for name in ("dev", "dev-preview")),
]


@pytest.mark.parametrize(("subject", "repository"), [("ids", BY_IDS), ("names", BY_NAMES)])
@pytest.mark.parametrize("role", ENVIRONMENTS)
def test_a_role_trusts_the_environments_of_its_stack_by_the_chosen_form_of_the_subject(
    role: str, subject: str, repository: str
) -> None:
    trust, every = roles(subject)[role].trust, {name for names in ENVIRONMENTS.values() for name in names}
    right = [job(repository, f"environment:{name}") for name in ENVIRONMENTS[role]]
    others = [job(repository, f"environment:{name}") for name in every - ENVIRONMENTS[role]]
    other_form = BY_NAMES if subject == "ids" else BY_IDS

    strangers = [job(other_form, f"environment:{name}") for name in every]
    assert wrongly(trust, right, [*others, *OTHERS, *strangers], trust=True) == []


STATE = {"s3:ListBucket", "s3:GetObject", "kms:Decrypt"}
"""The calls of Pulumi for a preview, by its sources: its backend takes no lock, and the key decrypts secrets."""
FREE = {"sts:GetCallerIdentity"}
"""The calls that everybody may make."""


def question(action: str, parameters: Mapping[str, str]) -> Request:
    """Return a call of boto3 as IAM judges it."""
    arn = f"arn:aws:eks:{EKS.region}:{EKS.account}"
    match action:
        case "eks:DescribeCluster":
            resource = f"{arn}:cluster/{parameters['name']}"
        case "eks:DescribeAddon":
            resource = f"{arn}:addon/{parameters['clusterName']}/{parameters['addonName']}/0123"
        case "acm:ListTagsForCertificate":
            resource = parameters["CertificateArn"]
        case "iam:GetOpenIDConnectProvider":
            resource = parameters["OpenIDConnectProviderArn"]
        case "route53:ListResourceRecordSets":
            resource = f"arn:aws:route53:::hostedzone/{ZONE.id}"
        case _:
            resource = "*"
    return Request(action, resource)


def check_preview_rights(asked: Iterable[tuple[str, Mapping[str, str]]]) -> None:
    """Check that the preview role allows each of the recorded calls, and nothing else."""
    requests = [question(action, parameters) for action, parameters in asked if action not in FREE]
    (statements,) = (json.loads(roles()["preview"].rights)["Statement"],)
    named = {
        name
        for each in statements
        for name in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }

    assert wrongly(roles()["preview"].rights, requests) == []
    assert named == STATE | {request.action for request in requests}
    assert roles()["preview"].policies == ()
