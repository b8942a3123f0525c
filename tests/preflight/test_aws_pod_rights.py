"""Whether pods can get the rights of a role, before anything relies on it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from clients.aws.api import AwsApi
from clients.aws.clusters import find_cluster
from model.problem import InputError, Problem
from preflight.pod_rights import check_pod_rights
from settings.eks import Eks
from tests.doubles.aws_server import ACCOUNT, CLUSTER, ISSUER, Account, Refusal, serving
from tests.doubles.moto_server import login, moto
from tests.program import EKS

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
ABSENT = Refusal("ResourceNotFoundException", "No addon", 404)
OWN = {"project": "linkerd-workshop", "stack": "test"}
OFF = {"enabled": False}


def checked(folder: Path, account: Account, **chosen: object) -> list[Problem]:
    raw = {"cluster": "workshop", "region": "eu-central-1", "owner": "me", **chosen}
    with serving(account, folder):
        api = AwsApi(Eks.model_validate(raw))
        try:
            check_pod_rights(api, find_cluster(api), "test")
        except InputError as error:
            return list(error.problems)
    return []


def with_agent(tags: Mapping[str, str]) -> Account:
    account = Account()
    account.answers["DescribeAddon"] = {"addon": {"addonName": "eks-pod-identity-agent", "tags": tags}}
    return account


def without_agent(**cluster: object) -> Account:
    account = Account()
    account.answers |= {"DescribeAddon": ABSENT, "DescribeCluster": {"cluster": {**CLUSTER, **cluster}}}
    return account


def test_an_agent_that_is_there_is_enough(tmp_path: Path) -> None:
    assert checked(tmp_path, with_agent({})) == []


def test_without_an_agent_the_stack_has_to_install_it(tmp_path: Path) -> None:
    (problem,) = checked(tmp_path, without_agent())

    assert problem.where == "linkerd-workshop:eks.installPodIdentityAgent"
    assert problem.found == "cluster workshop has no add-on eks-pod-identity-agent"
    assert "installPodIdentityAgent' true" in problem.fix
    assert checked(tmp_path, without_agent(), installPodIdentityAgent=True) == []


def test_an_agent_of_somebody_else_is_not_installed_twice(tmp_path: Path) -> None:
    (problem,) = checked(tmp_path, with_agent({**OWN, "stack": "other"}), installPodIdentityAgent=True)

    assert problem.found == "cluster workshop has the add-on eks-pod-identity-agent already"
    assert "installPodIdentityAgent' false" in problem.fix


def test_the_stacks_own_agent_is_no_strangers(tmp_path: Path) -> None:
    assert checked(tmp_path, with_agent(OWN), installPodIdentityAgent=True) == [], "or the second up would be refused"


def test_auto_mode_brings_the_agent(tmp_path: Path) -> None:
    auto = without_agent(computeConfig={"enabled": True})
    (problem,) = checked(tmp_path, auto, installPodIdentityAgent=True)

    assert problem.found == "cluster workshop is in Auto Mode"
    assert checked(tmp_path, auto) == []


def test_who_may_not_see_add_ons_is_told_the_action_to_ask_for(tmp_path: Path) -> None:
    account = Account()
    account.answers["DescribeAddon"] = Refusal("AccessDeniedException", status=403)

    assert "eks:DescribeAddon" in checked(tmp_path, account)[0].fix


def test_without_add_ons_nobody_needs_rights(tmp_path: Path) -> None:
    assert checked(tmp_path, without_agent(), loadBalancerController=OFF, externalDns=OFF) == []
    assert len(checked(tmp_path, without_agent(), loadBalancerController=OFF)) == 1


def provider(*audiences: str) -> Account:
    account = Account()
    members = "".join(f"<member>{each}</member>" for each in audiences)
    account.answers["GetOpenIDConnectProvider"] = {"ClientIDList": members}
    return account


def test_irsa_needs_the_accounts_identity_provider_and_no_agent(tmp_path: Path) -> None:
    account = provider("sts.amazonaws.com")

    assert checked(tmp_path, account, identity="irsa") == []
    assert "DescribeAddon" not in account.asked


def test_a_missing_identity_provider_is_told_by_its_arn(tmp_path: Path) -> None:
    account = Account()
    account.answers["GetOpenIDConnectProvider"] = Refusal("NoSuchEntity", "OpenIDConnect Provider not found", 404)
    (problem,) = checked(tmp_path, account, identity="irsa")

    assert problem.where == f"linkerd-workshop:eks.identity, {PROVIDER}"
    assert "eksctl utils associate-iam-oidc-provider" in problem.fix


def test_an_identity_provider_for_others_is_none(tmp_path: Path) -> None:
    (problem,) = checked(tmp_path, provider("other"), identity="irsa")

    assert problem.found == "its audiences lack sts.amazonaws.com"
    assert f"--open-id-connect-provider-arn {PROVIDER} --client-id sts.amazonaws.com`" in problem.fix


@pytest.mark.parametrize("is_there", [True, False])
def test_an_account_that_keeps_what_it_is_told_agrees(tmp_path: Path, is_there: bool) -> None:  # noqa: FBT001  pytest's
    with moto(tmp_path) as api:
        arn = f"arn:aws:iam::{ACCOUNT}:role/eks"
        made = api.eks.create_cluster(name="workshop", roleArn=arn, resourcesVpcConfig={"subnetIds": ["subnet-1"]})
        issuer = made["cluster"].get("identity", {}).get("oidc", {}).get("issuer", "")
        if is_there:
            api.iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
        cluster = replace(EKS, oidc_issuer=issuer.removeprefix("https://"))
        irsa = AwsApi(login("irsa"))
        if is_there:
            check_pod_rights(irsa, cluster, "test")
        else:
            with pytest.raises(InputError, match="no such identity provider"):
                check_pod_rights(irsa, cluster, "test")
