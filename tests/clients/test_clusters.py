"""The way of a stack on EKS to its cluster: at the address that AWS gives, with a token of the AWS CLI."""

import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from clients import cluster_faults
from clients.cluster_api import check_connection
from clients.clusters import create_api, create_eks_document
from clients.kubeconfig import Kubeconfig
from tests.doubles.api_server import Cluster
from tests.doubles.aws_server import EKS as WORKSHOP
from tests.doubles.aws_server import KEY_AS_TOKEN, ROLE, Account, account, login, settings, shim
from tests.fuzzing import catch_problem
from tests.program import EKS, ROOT

CHOSEN = {"profile": "workshop-dev", "roleArn": ROLE}
LOGIN = login(**CHOSEN)


def test_the_cluster_is_reached_with_the_token_of_the_aws_cli(tmp_path: Path) -> None:
    cluster = Cluster()
    with account(tmp_path, cluster) as log:
        api = create_api(settings())

        assert api.get("/version").body["gitVersion"] == "v1.36.3"
        assert cluster.tokens == ["Bearer hunter2"]
        call = "eks get-token --cluster-name workshop --region eu-central-1 --output json"
        assert log.read_text() == f"{call}\n"


def test_the_token_is_that_of_the_profile_and_role_in_the_settings(tmp_path: Path) -> None:
    with account(tmp_path, Cluster()) as log:
        create_api(settings(eks={**WORKSHOP, **CHOSEN}), replace(EKS, endpoint="http://x"))

        assert log.read_text().endswith(f" --profile workshop-dev --role-arn {ROLE}\n")


def test_the_profile_of_the_settings_wins_over_exported_keys_and_an_exported_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster()
    config = "[profile workshop-dev]\naws_access_key_id = PROFILE\naws_secret_access_key = hunter2\n"
    aws = Account()
    with account(tmp_path, cluster, aws, config=config), shim(tmp_path, KEY_AS_TOKEN):
        monkeypatch.setenv("AWS_PROFILE", "another")
        create_api(settings(eks={**WORKSHOP, "profile": "workshop-dev"})).get("/version")

    assert set(aws.keys) == {"PROFILE"}, "the program asks AWS with it"
    assert cluster.tokens == ["Bearer PROFILE"], "the AWS CLI asks with it for the token"


def test_a_cluster_that_is_known_already_is_not_looked_up_again(tmp_path: Path) -> None:
    aws = Account()
    with account(tmp_path, Cluster(), aws):
        create_api(settings(), EKS)

    assert aws.asked == []


def test_the_kubeconfig_holds_no_secret_and_is_equal_for_equal_facts() -> None:
    text = Kubeconfig(create_eks_document(EKS, LOGIN), "there").contents

    assert text == Kubeconfig(create_eks_document(replace(EKS), LOGIN), "there").contents
    assert not {"token", "client-key-data", "password"} & set(text.split('"'))
    assert '"--profile", "workshop-dev"' in text


INSTALL = "EKS cluster workshop: *login helper failed*. Install the AWS CLI, version 2*"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(None, INSTALL), ("echo 'Error loading SSO Token' >&2; exit 255", "*Error loading SSO Token*")],
    ids=["no AWS CLI", "an AWS CLI that refuses"],
)
def test_a_token_that_cannot_be_had_is_reported_in_the_words_of_the_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None, expected: str
) -> None:
    with shim(tmp_path, answer or ""):
        if answer is None:
            monkeypatch.setenv("PATH", str(tmp_path))
        text = str(catch_problem(lambda: create_api(settings(), EKS)))

    assert fnmatchcase(text, expected)


UNAUTHORIZED = (401, "application/json", b'{"message": "Unauthorized"}')
ENTRY = "an access entry with `aws eks create-access-entry`"
KNOW_YOU = f"*it does not know you*. Give your IAM user or role (`aws iam get-role --role-name <role> *{ENTRY}*"


@pytest.mark.parametrize(
    ("cluster", "network", "expected"),
    [
        (Cluster(everything=UNAUTHORIZED), {}, KNOW_YOU),
        (Cluster(silence=60), {"endpointPublicAccess": False}, "*. Its endpoint is private: run this inside vpc-1*"),
        (
            Cluster(silence=60),
            {"publicAccessCidrs": ["203.0.113.0/24"]},
            "*. Its endpoint answers to 203.0.113.0/24 o*",
        ),
        (Cluster(silence=60), {}, "*. Check that it runs*"),
    ],
    ids=["no access entry", "private", "for some networks", "public"],
)
def test_an_endpoint_that_refuses_or_is_silent_is_reported_with_what_aws_knows_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Cluster, network: dict[str, object], expected: str
) -> None:
    with account(tmp_path, cluster, found={"resourcesVpcConfig": {"vpcId": "vpc-1", **network}}):
        api = create_api(settings())
        monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.2 if cluster.silence else 10)
        text = str(catch_problem(lambda: check_connection(api)))

    assert fnmatchcase(text, expected), text
    assert ("does not answer" in text) == bool(cluster.silence)


def test_a_private_endpoint_that_answers_is_used(tmp_path: Path) -> None:
    private = {"vpcId": "vpc-1", "endpointPublicAccess": False}
    with account(tmp_path, Cluster(), found={"resourcesVpcConfig": private}):
        check_connection(create_api(settings()))


def test_a_stack_elsewhere_does_not_wait_for_boto3_to_be_imported() -> None:
    program = "import sys, stack.cluster, workshop.check_cluster; print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
