"""What a person reads whom AWS does not know, or does not let do something: one sentence with a fix."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.aws.api import AwsApi
from model.problem import InputError, Problem
from settings.eks import Eks
from tests.doubles.aws_server import ACCOUNT, ROLE, Account, Refusal, environment, serving

PROFILES = "[profile workshop-dev]\nregion = us-east-1\n[profile other]\n"


def eks(profile: str | None = None, role: str | None = None) -> Eks:
    raw = {"cluster": "workshop", "region": "eu-central-1", "owner": "me", "profile": profile, "roleArn": role}
    return Eks.model_validate(raw)


def only(ask: Callable[[], object]) -> Problem:
    with pytest.raises(InputError) as caught:
        ask()
    assert len(caught.value.problems) == 1, caught.value
    problem = caught.value.problems[0]
    assert "\n" not in str(problem)
    assert "hunter2" not in str(problem)
    return problem


def refused(folder: Path, refusal: object, login: Eks | None = None) -> Problem:
    account = Account()
    account.answers["AssumeRole" if login and login.role_arn else "GetCallerIdentity"] = refusal
    with serving(account, folder):
        return only(lambda: AwsApi(login or eks()))


def test_who_asks_is_known_with_the_account(tmp_path: Path) -> None:
    with serving(Account(), tmp_path):
        api = AwsApi(eks())

    assert (api.account, api.caller) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/somebody")
    assert api.where == f"AWS account {ACCOUNT}, eu-central-1"


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_expired_credentials_are_told_as_what_they_are(tmp_path: Path, code: str) -> None:
    problem = refused(tmp_path, Refusal(code, "The security token included in the request is expired", 403))

    assert problem.found == f"the credentials have expired ({code})"
    assert "aws sso login" in problem.fix


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"])
def test_credentials_that_aws_does_not_know_are_told(tmp_path: Path, code: str) -> None:
    problem = refused(tmp_path, Refusal(code, "invalid", 403))

    assert problem.found == f"AWS does not know the credentials ({code})"
    assert "has not enabled region eu-central-1" in problem.fix


def test_a_wrong_clock_is_not_taken_for_wrong_credentials(tmp_path: Path) -> None:
    told = "Signature expired: 20260131T120000Z is now earlier than 20260131T121000Z"

    assert "clock" in refused(tmp_path, Refusal("SignatureDoesNotMatch", told, 403)).found


def test_a_denied_question_names_the_action_of_iam(tmp_path: Path) -> None:
    problem = refused(tmp_path, Refusal("AccessDenied", "User: arn:aws:iam::1:user/x is not authorized", 403))

    assert problem.found.startswith("you may not use sts:GetCallerIdentity (AccessDenied: User: arn:aws:iam::1:user/x")
    assert "allows sts:GetCallerIdentity" in problem.fix


@pytest.mark.parametrize("answer", [Refusal("Throttling", "Rate exceeded"), Refusal("Odd", ""), Refusal("", "", 500)])
def test_whatever_else_aws_refuses_is_told_in_a_sentence(tmp_path: Path, answer: Refusal) -> None:
    assert "sts:GetCallerIdentity" in str(refused(tmp_path, answer))


@pytest.mark.parametrize("answer", [b"", b"<html>Sign in</html>", b"\xff\xfe", b"{}"])
def test_answers_that_are_none_are_told(tmp_path: Path, answer: bytes) -> None:
    assert refused(tmp_path, answer).where.startswith("AWS")


def test_without_credentials_that_is_told(tmp_path: Path) -> None:
    with serving(Account(), tmp_path), pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.delenv("AWS_SECRET_ACCESS_KEY")
        problem = only(lambda: AwsApi(eks()))

    assert problem.found == "there are no AWS credentials"
    assert "linkerd-workshop:eks.profile" in problem.fix


def test_half_of_the_credentials_are_none(tmp_path: Path) -> None:
    with serving(Account(), tmp_path), pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_SECRET_ACCESS_KEY")

        assert "not complete" in only(lambda: AwsApi(eks())).found


def test_a_profile_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with serving(Account(), tmp_path, PROFILES):
        problem = only(lambda: AwsApi(eks("workshop-prod")))

    assert problem.where == "linkerd-workshop:eks.profile"
    assert problem.found == "there is no profile 'workshop-prod'"
    assert problem.rule == "the known ones are other, workshop-dev"


def test_a_committed_profile_is_told_to_a_workflow_with_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with serving(Account(), tmp_path):
        problem = only(lambda: AwsApi(eks("workshop-dev")))

    assert "pulumi config rm --path 'linkerd-workshop:eks.profile'" in problem.fix
    assert "AWS_PROFILE on your own machine" in problem.fix


def test_an_ended_login_of_a_profile_is_told_with_the_command_that_begins_one(tmp_path: Path) -> None:
    sso = "[profile workshop-dev]\nsso_start_url = https://sso.example.com\nsso_region = eu-central-1\n"
    sso += f"sso_account_id = {ACCOUNT}\nsso_role_name = x\n"
    with serving(Account(), tmp_path, sso), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path))
        problem = only(lambda: AwsApi(eks("workshop-dev")))

    assert problem.found.startswith("the login has ended")
    assert "aws sso login --profile workshop-dev" in problem.fix


def test_a_configuration_that_is_garbage_is_told(tmp_path: Path) -> None:
    with serving(Account(), tmp_path, "[profile x\n"):
        assert "aws-config" in only(lambda: AwsApi(eks("x"))).found


def test_the_settings_region_wins_over_the_profiles(tmp_path: Path) -> None:
    with serving(Account(), tmp_path, PROFILES), pytest.MonkeyPatch.context() as patch:
        (tmp_path / "no-credentials").write_text("[workshop-dev]\naws_access_key_id = a\naws_secret_access_key = b\n")
        patch.setenv("AWS_DEFAULT_REGION", "us-west-2")

        assert AwsApi(eks("workshop-dev")).eks.meta.region_name == "eu-central-1"


ASSUMED = {
    "Credentials": {
        "AccessKeyId": "ASIA",
        "SecretAccessKey": "hunter2",
        "SessionToken": "hunter2",
        "Expiration": "2027-01-31T12:00:00Z",
    },
    "AssumedRoleUser": {"Arn": "arn:aws:sts::210987654321:assumed-role/workshop-dev/x", "AssumedRoleId": "x"},
}


def test_a_role_is_assumed_for_everything(tmp_path: Path) -> None:
    account = Account()
    account.answers["AssumeRole"] = ASSUMED
    with serving(account, tmp_path):
        api = AwsApi(eks(role=ROLE))
        api.eks.describe_cluster(name="workshop")

    assert api.account == "210987654321"
    assert account.asked == ["AssumeRole", "DescribeCluster"]
    assert account.keys == ["AKIAIOSFODNN7EXAMPLE", "ASIA"]


def test_a_role_that_may_not_be_assumed_is_told_by_its_key(tmp_path: Path) -> None:
    told = f"User: x is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    problem = refused(tmp_path, Refusal("AccessDenied", told, 403), eks(role=ROLE))

    assert problem.where == "linkerd-workshop:eks.roleArn"
    assert problem.found.startswith(f"you may not assume {ROLE}")
    assert "trust policy" in problem.fix


def test_expired_credentials_are_not_taken_for_a_wrong_role(tmp_path: Path) -> None:
    assert "expired" in refused(tmp_path, Refusal("ExpiredToken", "x", 403), eks(role=ROLE)).found


def test_an_aws_that_is_not_there_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        for name, value in environment(f"http://127.0.0.1:{held.getsockname()[1]}", tmp_path).items():
            monkeypatch.setenv(name, value)
        began = time.monotonic()
        problem = only(lambda: AwsApi(eks()))

    assert time.monotonic() - began < 5
    assert problem.found.startswith("AWS does not answer (Could not connect")
    assert "eu-central-1 is the right region" in problem.fix


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp//x"])
def test_an_endpoint_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name, value in environment(url, tmp_path).items():
        monkeypatch.setenv(name, value)

    assert "AWS" in only(lambda: AwsApi(eks())).where
