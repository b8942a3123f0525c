"""The stack's EKS cluster as AWS describes it, and the message where there is none that can be used."""

import json
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from clients.aws.api import AwsApi
from clients.aws.clusters import find_cluster
from model.eks import EksCluster
from tests.doubles.aws_server import ACCOUNT, CLUSTER, ISSUER, Account, Refusal, answering, login, serving
from tests.fuzzing import catch_problem

NO_ARN = json.dumps({"cluster": {**CLUSTER, "arn": "workshop"}}).encode()
NO_MOMENT = b'{"cluster": {"createdAt": 1e300}}'
ABSENT = Refusal("ResourceNotFoundException", "No cluster found for name: workshop.", 404)
NONE: Mapping[str, object] = {}


pytestmark = pytest.mark.usefixtures("loaded")


def find(folder: Path, account: Account | None = None, **cluster: object) -> EksCluster:
    """Find the cluster in an account, by default in one that has it, with these properties."""
    with serving(account or answering(DescribeCluster={"cluster": {**CLUSTER, **cluster}}), folder):
        return find_cluster(AwsApi(login()))


def test_a_cluster_is_known_by_the_facts_of_aws(tmp_path: Path) -> None:
    assert find(tmp_path) == EksCluster(
        name="workshop",
        arn=f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/workshop",
        region="eu-central-1",
        account=ACCOUNT,
        partition="aws",
        version="1.36",
        endpoint="https://127.0.0.1:1",
        certificate_authority="Y2E=",
        vpc_id="vpc-1",
        oidc_issuer=ISSUER,
        created_at="2026-01-31T12:00:00+00:00",
    )
    assert find(tmp_path, status="UPDATING"), "a cluster that is being upgraded can be used"


@pytest.mark.parametrize(
    ("cluster", "found"),
    [
        *(({"status": each}, f"the cluster is {each}") for each in ("CREATING", "DELETING", "FAILED", "PENDING")),
        ({"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}, "its pods have IPv6 addresses only (ipFamily ipv6)"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_reported(tmp_path: Path, cluster: dict[str, object], found: str) -> None:
    problem = catch_problem(lambda: find(tmp_path, None, **cluster))

    assert str(problem).startswith(f"AWS account {ACCOUNT}, eu-central-1, cluster workshop: {found},")


IN_ANOTHER_REGION = {"eu-west-1": {"cluster": CLUSTER}, "ap-east-1": Refusal("UnrecognizedClientException", status=403)}
MISSING = f"linkerd-workshop:eks.cluster, AWS account {ACCOUNT}: there is no cluster 'workshop' in eu-central-1*"
SET_REGION = "pulumi config set --path 'linkerd-workshop:eks.region' eu-west-1"
NOT_AUTHORIZED = Refusal("AccessDeniedException", "User: x is not authorized to perform: eks:DescribeCluster", 403)
HIDDEN = Refusal("AccessDeniedException", status=403)


@pytest.mark.parametrize(
    ("answers", "regions", "expected"),
    [
        (
            {"ListClusters": {"clusters": ["staging", "prod"]}},
            NONE,
            f"{MISSING}those in eu-central-1 are prod, staging*",
        ),
        ({"ListClusters": HIDDEN}, NONE, f"{MISSING}none that you may see*"),
        (NONE, IN_ANOTHER_REGION, f"linkerd-workshop:eks.region, AWS*{ACCOUNT}: *It is in eu-west-1: *{SET_REGION}*"),
        ({"DescribeCluster": NOT_AUTHORIZED}, NONE, "*. Ask for a policy that allows eks:DescribeCluster*"),
        *(
            ({"DescribeCluster": body}, NONE, "*: it does not answer as AWS does,*")
            for body in (b"", b"[]", b"<html>", b"\xff", b"[" * 100_000, b'{"cluster": 7}', NO_ARN, NO_MOMENT)
        ),
    ],
)
def test_a_cluster_that_is_not_found_is_reported_with_what_aws_says(
    tmp_path: Path, answers: Mapping[str, object], regions: Mapping[str, object], expected: str
) -> None:
    account = replace(answering(**{"DescribeCluster": ABSENT, **answers}), regions=regions)
    text = str(catch_problem(lambda: find(tmp_path, account)))

    assert fnmatchcase(text, expected), text


@pytest.mark.parametrize(
    ("access", "networks"),
    [
        ({"endpointPublicAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}, ()),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]}, ("203.0.113.0/24",)),
        ({}, ("0.0.0.0/0",)),
    ],
)
def test_the_networks_that_reach_the_endpoint_are_known(
    tmp_path: Path, access: dict[str, object], networks: tuple[str, ...]
) -> None:
    assert find(tmp_path, resourcesVpcConfig={"vpcId": "v", **access}).public_networks == networks
