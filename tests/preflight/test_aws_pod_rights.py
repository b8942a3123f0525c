"""Whether pods can get the rights of a role, which is checked before anything relies on it."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from clients.aws.api import AwsApi
from clients.aws.clusters import find_cluster
from model.problem import InputError
from preflight.pod_rights import check_pod_rights
from tests.doubles.aws_server import ACCOUNT, CLUSTER, ISSUER, Account, Refusal, answering, login, serving

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
OWN = {"project": "linkerd-workshop", "stack": "test"}
OFF = {"enabled": False}
INSTALL, IRSA = {"installPodIdentityAgent": True}, {"identity": "irsa"}


def check(folder: Path, account: Account, **chosen: object) -> list[str]:
    with serving(account, folder):
        api = AwsApi(login(**chosen))
        try:
            check_pod_rights(api, find_cluster(api), "test")
        except InputError as error:
            return [str(each) for each in error.problems]
    return []


def with_agent(**tags: str) -> Account:
    return answering(DescribeAddon={"addon": {"addonName": "eks-pod-identity-agent", "tags": tags}})


def without_agent(code: str = "ResourceNotFoundException", **cluster: object) -> Account:
    refusal = Refusal(code, "No addon", 404)
    return answering(DescribeAddon=refusal, DescribeCluster={"cluster": {**CLUSTER, **cluster}})


def provider(audience: str) -> Account:
    return answering(GetOpenIDConnectProvider={"ClientIDList": f"<member>{audience}</member>"})


ABSENT = Refusal("NoSuchEntity", "OpenIDConnect Provider not found", 404)
AUTO_MODE = without_agent(computeConfig={"enabled": True})
KEY = "linkerd-workshop:eks.installPodIdentityAgent"
NO_AGENT = f"{KEY}: cluster workshop has no add-on eks-pod-identity-agent, *installPodIdentityAgent' true*"
SECOND = "*: cluster workshop has the add-on eks-pod-identity-agent already, *installPodIdentityAgent' false*"
NO_PROVIDER = f"linkerd-workshop:eks.identity, {PROVIDER}: *eksctl utils associate-iam-oidc-provider*"
ADD_AUDIENCE = f"--open-id-connect-provider-arn {PROVIDER} --client-id sts.amazonaws.com`"
CASES: dict[str, tuple[Account, dict[str, object], str]] = {
    "an agent": (with_agent(), {}, ""),
    "no agent": (without_agent(), {}, NO_AGENT),
    "an agent that the stack installs": (without_agent(), {**INSTALL}, ""),
    "an agent of another stack": (with_agent(**{**OWN, "stack": "other"}), {**INSTALL}, SECOND),
    "the stack's own agent, or the second up would be refused": (with_agent(**OWN), {**INSTALL}, ""),
    "Auto Mode": (AUTO_MODE, {}, ""),
    "a second agent in Auto Mode": (AUTO_MODE, {**INSTALL}, "*: cluster workshop is in Auto Mode,*"),
    "add-ons that may not be seen": (without_agent("AccessDeniedException"), {}, "*. *eks:DescribeAddon*"),
    "no pods that need rights": (without_agent(), {"loadBalancerController": OFF, "externalDns": OFF}, ""),
    "pods of one add-on": (without_agent(), {"loadBalancerController": OFF}, NO_AGENT),
    "an identity provider": (provider("sts.amazonaws.com"), {**IRSA}, ""),
    "no identity provider": (answering(GetOpenIDConnectProvider=ABSENT), {**IRSA}, NO_PROVIDER),
    "an identity provider for others": (
        provider("other"),
        {**IRSA},
        f"*: its audiences lack sts.amazonaws.com, *{ADD_AUDIENCE}*",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_pods_need_an_agent_or_an_identity_provider(tmp_path: Path, case: str) -> None:
    account, chosen, expected = CASES[case]
    found = check(tmp_path, account, **chosen)

    assert len(found) == bool(expected)
    assert all(fnmatchcase(text, expected) for text in found), found
    assert chosen != IRSA or "DescribeAddon" not in account.asked, "IRSA needs no agent"
