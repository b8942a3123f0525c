"""A role for one service account: known by name in a preview, there before the pods and gone after them."""

import json
from functools import cache

import pytest

from components.addons.pod_identity_role import PodIdentityRole, PodIdentityRoleArgs
from components.resources.iam_policy import statement
from model.names import Identity
from tests.deployment import Deployment
from tests.engine import deploy
from tests.iam.stack import ACCOUNT, CLUSTER, ISSUER
from tests.recorded_values import UNKNOWN, at, plain_texts

ARGS: PodIdentityRoleArgs = {
    "cluster": CLUSTER,
    "role_name": "dev-workshop-dns-01234567",
    "namespace": "external-dns",
    "service_account": "dns",
    "statements": [statement("Read", ["route53:ListHostedZones"], ["*"])],
    "identity": Identity.POD_IDENTITY,
}
ROLE, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"


@cache
def role(identity: Identity, *, preview: bool = False) -> Deployment:
    return deploy(lambda: PodIdentityRole("dns", {**ARGS, "identity": identity}), preview=preview)


def test_the_association_hands_the_role_to_exactly_one_service_account() -> None:
    association = role(Identity.POD_IDENTITY).one(ASSOCIATION)

    assert {key: association.at(key) for key in ("clusterName", "namespace", "serviceAccount")} == {
        "clusterName": "workshop",
        "namespace": "external-dns",
        "serviceAccount": "dns",
    }


def test_no_pod_gets_the_role_before_its_rights() -> None:
    deployment = role(Identity.POD_IDENTITY)

    assert deployment.before(deployment.one(ASSOCIATION)) == ["dns-policy", "dns-role"]


def test_with_irsa_there_is_no_association_and_the_account_is_told_its_role() -> None:
    made: list[PodIdentityRole] = []
    deployment = deploy(lambda: made.append(PodIdentityRole("dns", {**ARGS, "identity": Identity.IRSA})))

    assert deployment.of(ASSOCIATION) == []
    arn = f"arn:aws:iam::{ACCOUNT}:role/dev-workshop-dns-01234567"
    assert [each.annotations for each in made] == [{"eks.amazonaws.com/role-arn": arn}]
    document = json.loads(str(deployment.one(ROLE).at("assumeRolePolicy")))
    assert at(document, "Statement", 0, "Principal") == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"}


def test_with_pod_identity_the_account_carries_nothing() -> None:
    made: list[PodIdentityRole] = []
    deploy(lambda: made.append(PodIdentityRole("dns", ARGS)))

    assert [each.annotations for each in made] == [{}]


@pytest.mark.parametrize("identity", Identity)
def test_the_role_has_the_rights_that_it_is_given_and_nothing_attached_besides(identity: Identity) -> None:
    deployment = role(identity)
    document = json.loads(str(deployment.one(POLICY).at("policy")))

    assert document["Statement"] == [{"Effect": "Allow", **ARGS["statements"][0]}]
    assert not {"managedPolicyArns", "inlinePolicies"} & set(deployment.one(ROLE).inputs)


@pytest.mark.parametrize("identity", Identity)
def test_its_name_and_who_may_take_it_are_known_in_a_preview(identity: Identity) -> None:
    inputs = role(identity, preview=True).one(ROLE).inputs

    assert inputs["name"] == "dev-workshop-dns-01234567"
    assert str(UNKNOWN) not in plain_texts(inputs)
