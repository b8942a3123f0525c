"""How a stack on EKS reaches its cluster: by AWS's word, with a token of the AWS CLI."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clients import cluster_faults
from clients.aws import kubeconfig
from clients.cluster_api import check_connection
from clients.clusters import create_api
from clients.kubeconfig import Kubeconfig
from model.problem import InputError, Problem
from settings import Settings
from settings.eks import Eks
from tests.doubles.api_server import Cluster
from tests.doubles.aws_server import ROLE, Account
from tests.doubles.eks_account import KEY_AS_TOKEN, account, settings, shim
from tests.program import EKS, ROOT

WORKSHOP = {"cluster": "workshop", "region": "eu-central-1", "owner": "me"}
LOGIN = Eks.model_validate({**WORKSHOP, "profile": "workshop-dev", "roleArn": ROLE})


def met(api_settings: Settings, cluster: Cluster, folder: Path, **found: object) -> Problem | None:
    with account(folder, cluster, found=found):
        try:
            check_connection(create_api(api_settings))
        except InputError as error:
            (problem,) = error.problems
            return problem
    return None


def test_the_cluster_is_reached_with_the_token_of_the_aws_cli(tmp_path: Path) -> None:
    cluster = Cluster()
    with account(tmp_path, cluster) as log:
        api = create_api(settings())

        assert api.get("/version").body["gitVersion"] == "v1.36.3"
        assert cluster.tokens == ["Bearer hunter2"]
        call = "eks get-token --cluster-name workshop --region eu-central-1 --output json"
        assert log.read_text() == f"{call}\n"


def test_profile_and_role_of_the_settings_are_those_of_the_token(tmp_path: Path) -> None:
    with account(tmp_path, Cluster()) as log:
        create_api(
            settings(eks={**WORKSHOP, "profile": "workshop-dev", "roleArn": ROLE}), replace(EKS, endpoint="http://x")
        )

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
    text = Kubeconfig(kubeconfig.document(EKS, LOGIN), "there").contents

    assert text == Kubeconfig(kubeconfig.document(replace(EKS), LOGIN), "there").contents
    assert not {"token", "client-key-data", "password"} & set(text.split('"'))
    assert '"--profile", "workshop-dev"' in text


def test_a_missing_aws_cli_is_reported_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError) as caught:
        create_api(settings(), EKS)
    (problem,) = caught.value.problems

    assert problem.where == "EKS cluster workshop"
    assert "login helper failed" in problem.found
    assert problem.fix.startswith("Install the AWS CLI, version 2")


def test_an_aws_cli_that_refuses_is_reported_with_its_words(tmp_path: Path) -> None:
    with shim(tmp_path, "echo 'Error loading SSO Token' >&2; exit 255"), pytest.raises(InputError) as caught:
        create_api(settings(), EKS)

    assert "Error loading SSO Token" in str(caught.value)


def test_who_has_no_access_entry_reads_how_to_get_one(tmp_path: Path) -> None:
    stranger = Cluster(everything=(401, "application/json", b'{"message": "Unauthorized"}'))
    problem = met(settings(), stranger, tmp_path)

    assert problem
    assert "it does not know you" in problem.found
    assert problem.fix.startswith("Give your IAM user or role (`aws iam get-role --role-name <role> --query Role.Arn`")
    assert "an access entry with `aws eks create-access-entry`" in problem.fix, "which refuses the ARN of a session"


@pytest.mark.parametrize(
    ("access", "fix"),
    [
        ({"endpointPublicAccess": False}, "Its endpoint is private: run this inside vpc-1"),
        ({"publicAccessCidrs": ["203.0.113.0/24"]}, "Its endpoint answers to 203.0.113.0/24 only"),
        ({}, "Check that it runs"),
    ],
)
def test_an_endpoint_that_does_not_answer_is_reported_with_what_aws_knows_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: dict[str, object], fix: str
) -> None:
    monkeypatch.setattr(cluster_faults, "SECONDS_TO_ANSWER", 0.2)
    network = {"vpcId": "vpc-1", **access}
    problem = met(settings(), Cluster(silence=1), tmp_path, resourcesVpcConfig=network)

    assert problem
    assert "does not answer" in problem.found
    assert problem.fix.startswith(fix)


def test_a_private_endpoint_that_answers_is_as_good_as_any(tmp_path: Path) -> None:
    private = {"vpcId": "vpc-1", "endpointPublicAccess": False}

    assert met(settings(), Cluster(), tmp_path, resourcesVpcConfig=private) is None


def test_a_stack_elsewhere_does_not_wait_for_boto3_to_be_imported() -> None:
    program = "import sys, stack.cluster, workshop.check_cluster; print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
