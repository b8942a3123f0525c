"""Who may take the add-ons' roles: the one service account of the one cluster, by either way."""

from dataclasses import replace

import pytest

from model.names import Identity
from tests.iam.simulator import Request, wrongly
from tests.iam.stack import ACCOUNT, CLUSTER, ISSUER, REGION, trust

ADD_ONS = {"load-balancer-controller": "aws-load-balancer-controller", "external-dns": "external-dns"}
"""Each with its namespace, which is its service account's name, too."""
POD_IDENTITY, AGENT = "pods.eks.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:role/dev"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
OTHER_ISSUER = ISSUER.replace("0123", "9999")


def by_pod_identity(namespace: str, account: str, **other: str) -> Request:
    """Return how EKS takes the role for a pod of a service account; `other`: session tags and keys that differ."""
    tags = {
        "eks-cluster-arn": CLUSTER.arn,
        "eks-cluster-name": CLUSTER.name,
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": account,
    }
    context = {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {"aws:SourceAccount": ACCOUNT} | other
    return Request("sts:AssumeRole", AGENT, context, POD_IDENTITY)


def by_token(subject: str, audience: str = "sts.amazonaws.com", issuer: str = ISSUER) -> Request:
    """Return how a pod takes the role with the token of its service account."""
    context = {f"{issuer}:sub": f"system:serviceaccount:{subject}", f"{issuer}:aud": audience}
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
    return Request("sts:AssumeRoleWithWebIdentity", AGENT, context, provider)


def without(request: Request, key: str) -> Request:
    """Return a request that lacks a key."""
    return replace(request, context={name: value for name, value in request.context.items() if name != key})


@pytest.mark.parametrize(("add_on", "name"), ADD_ONS.items())
def test_eks_takes_the_role_for_the_one_service_account_and_for_nobody_else(add_on: str, name: str) -> None:
    document, right = trust(add_on, Identity.POD_IDENTITY), by_pod_identity(name, name)
    other_cluster = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/other"
    others = [
        by_pod_identity("default", name),
        by_pod_identity(name, "default"),
        by_pod_identity(name, name, **{"aws:RequestTag/eks-cluster-arn": other_cluster}),
        by_pod_identity(name, name, **{"aws:RequestTag/eks-cluster-arn": CLUSTER.arn.replace(REGION, "us-east-1")}),
        by_pod_identity(name, name, **{"aws:SourceAccount": "999999999999"}),
        *(without(right, key) for key in right.context if not key.endswith("eks-cluster-name")),
        *(replace(right, principal=f"{service}.amazonaws.com") for service in ("eks", "ec2", "lambda")),
        replace(right, principal=f"arn:aws:iam::{ACCOUNT}:role/admin"),
        by_token(f"{name}:{name}"),
    ]

    session = replace(right, action="sts:TagSession")
    assert wrongly(document, [right, session], allows=True, trust=True) == []
    assert wrongly(document, others, allows=False, trust=True) == []


@pytest.mark.parametrize(("add_on", "name"), ADD_ONS.items())
def test_the_token_of_the_one_service_account_takes_the_role_and_no_other_does(add_on: str, name: str) -> None:
    document = trust(add_on, Identity.IRSA)
    right = by_token(f"{name}:{name}")
    others = [
        by_token(f"default:{name}"),
        by_token(f"{name}:default"),
        by_token(f"{name}:{name}-2"),
        by_token(f"{name}:{name}", "someone.example.com"),
        by_token(f"{name}:{name}", issuer=OTHER_ISSUER),
        replace(right, principal=f"arn:aws:iam::{ACCOUNT}:oidc-provider/{OTHER_ISSUER}"),
        without(right, f"{ISSUER}:sub"),
        without(right, f"{ISSUER}:aud"),
        by_pod_identity(name, name),
        replace(right, action="sts:AssumeRole"),
    ]

    assert wrongly(document, [right], allows=True, trust=True) == []
    assert wrongly(document, others, allows=False, trust=True) == []
