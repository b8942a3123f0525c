"""Where the stack's EKS cluster is, and what a person reads where it is not."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from clients.aws.api import AwsApi
from clients.aws.clusters import find_cluster
from model.eks import EksCluster
from model.problem import InputError, Problem
from tests.doubles.aws_server import ACCOUNT, CLUSTER, ISSUER, Account, Refusal, serving
from tests.doubles.moto_server import login

NO_ARN = json.dumps({"cluster": {**CLUSTER, "arn": "workshop"}}).encode()
ABSENT = Refusal("ResourceNotFoundException", "No cluster found for name: workshop.", 404)


def answered(account: Account, folder: Path) -> EksCluster | Problem:
    with serving(account, folder):
        try:
            return find_cluster(AwsApi(login()))
        except InputError as error:
            (problem,) = error.problems
            return problem


def told(answer: object, folder: Path, regions: Mapping[str, object] | None = None, **others: object) -> Problem:
    account = Account(regions=regions or {})
    account.answers |= {"DescribeCluster": answer, **others}
    problem = answered(account, folder)
    assert isinstance(problem, Problem)
    assert "\n" not in str(problem)
    return problem


def test_a_cluster_is_known_by_what_aws_tells_of_it(tmp_path: Path) -> None:
    assert answered(Account(), tmp_path) == EksCluster(
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


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "FAILED", "PENDING"])
def test_a_cluster_that_cannot_be_used_is_told_by_its_status(tmp_path: Path, status: str) -> None:
    problem = told({"cluster": {**CLUSTER, "status": status}}, tmp_path)

    assert problem.found == f"the cluster is {status}"
    assert problem.where == f"AWS account {ACCOUNT}, eu-central-1, cluster workshop"


def test_a_cluster_whose_pods_have_ipv6_addresses_is_refused(tmp_path: Path) -> None:
    problem = told({"cluster": {**CLUSTER, "kubernetesNetworkConfig": {"ipFamily": "ipv6"}}}, tmp_path)

    assert problem.where == f"AWS account {ACCOUNT}, eu-central-1, cluster workshop"
    assert problem.found == "its pods have IPv6 addresses only (ipFamily ipv6)"


def test_a_cluster_that_is_being_upgraded_can_be_used(tmp_path: Path) -> None:
    account = Account()
    account.answers["DescribeCluster"] = {"cluster": {**CLUSTER, "status": "UPDATING"}}

    assert isinstance(answered(account, tmp_path), EksCluster)


def test_a_cluster_that_is_nowhere_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    problem = told(ABSENT, tmp_path, ListClusters={"clusters": ["staging", "prod"]})

    assert problem.where == f"linkerd-workshop:eks.cluster, AWS account {ACCOUNT}"
    assert problem.found == "there is no cluster 'workshop' in eu-central-1"
    assert "those in eu-central-1 are prod, staging" in problem.fix


def test_who_may_not_list_clusters_is_told_of_the_missing_one_all_the_same(tmp_path: Path) -> None:
    problem = told(ABSENT, tmp_path, ListClusters=Refusal("AccessDeniedException", status=403))

    assert problem.found == "there is no cluster 'workshop' in eu-central-1"
    assert "none that you may see" in problem.fix


def test_a_cluster_in_another_region_is_told_with_that_region(tmp_path: Path) -> None:
    disabled = Refusal("UnrecognizedClientException", status=403)
    problem = told(ABSENT, tmp_path, {"eu-west-1": {"cluster": CLUSTER}, "ap-east-1": disabled})

    assert problem.where == f"linkerd-workshop:eks.region, AWS account {ACCOUNT}"
    assert "It is in eu-west-1:" in problem.fix
    assert "pulumi config set --path 'linkerd-workshop:eks.region' eu-west-1" in problem.fix


def test_a_user_who_may_not_see_clusters_is_told_the_action_to_ask_for(tmp_path: Path) -> None:
    refusal = Refusal("AccessDeniedException", "User: x is not authorized to perform: eks:DescribeCluster", 403)

    assert told(refusal, tmp_path).fix.startswith("Ask for a policy that allows eks:DescribeCluster")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"\xff", b'{"cluster": 7}', NO_ARN])
def test_an_answer_that_is_none_is_told(tmp_path: Path, body: bytes) -> None:
    assert told(body, tmp_path).found == "it does not answer as AWS does"


def test_a_private_endpoint_and_one_for_some_networks_are_told_apart_from_an_open_one(tmp_path: Path) -> None:
    def networks(**access: object) -> tuple[str, ...]:
        account = Account()
        account.answers["DescribeCluster"] = {"cluster": {**CLUSTER, "resourcesVpcConfig": {"vpcId": "v", **access}}}
        found = answered(account, tmp_path)
        assert isinstance(found, EksCluster)
        return found.public_networks

    assert networks(endpointPublicAccess=False, publicAccessCidrs=["0.0.0.0/0"]) == ()
    assert networks(endpointPublicAccess=True, publicAccessCidrs=["203.0.113.0/24"]) == ("203.0.113.0/24",)
    assert networks() == ("0.0.0.0/0",)
