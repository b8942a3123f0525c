"""The message to a user whom AWS does not know, or does not let do something: one sentence with a fix."""

import socket
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from clients import limits
from clients.aws.api import AwsApi
from tests.doubles.aws_server import ACCOUNT, ROLE, Account, Refusal, answering, login, serving
from tests.fuzzing import catch_problem

PROFILES = "[profile workshop-dev]\nregion = us-east-1\n[profile other]\n"
SSO = (
    "[profile workshop-dev]\nsso_start_url = https://sso.example.com\nsso_region = eu-central-1\n"
    f"sso_account_id = {ACCOUNT}\nsso_role_name = x\n"
)


pytestmark = pytest.mark.usefixtures("loaded")


def test_the_user_is_known_with_the_account(tmp_path: Path) -> None:
    with serving(Account(), tmp_path):
        api = AwsApi(login())

    assert (api.account, api.caller) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/somebody")
    assert api.where == f"AWS account {ACCOUNT}, eu-central-1"


SKEWED = "Signature expired: 20260131T120000Z is now earlier than 20260131T121000Z"
NOT_AUTHORIZED = "User: arn:aws:iam::1:user/x is not authorized"
DENIED = "you may not use sts:GetCallerIdentity (AccessDenied: User: arn:aws:iam::1:user/x*"
NO_ROLE = f"User: x is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
NO_CREDENTIALS = "*: there are no AWS credentials*linkerd-workshop:eks.profile*"
NO_PROFILE = (
    "linkerd-workshop:eks.profile: there is no profile 'workshop-prod', *the known ones are other, workshop-dev*"
)
IN_A_WORKFLOW = "*pulumi config rm --path 'linkerd-workshop:eks.profile'*AWS_PROFILE on your own machine*"
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
UNKNOWN = ("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("answer", "role", "expected"),
    [
        *(
            (Refusal(code, "x", 403), None, f"AWS*: the credentials have expired ({code})*aws sso login*")
            for code in EXPIRED
        ),
        *(
            (Refusal(code, "x", 403), None, f"*: AWS does not know the credentials ({code})*not enabled region eu-c*")
            for code in UNKNOWN
        ),
        (Refusal("SignatureDoesNotMatch", SKEWED, 403), None, "*clock*"),
        (Refusal("AccessDenied", NOT_AUTHORIZED, 403), None, f"*: {DENIED}allows sts:GetCallerIdentity*"),
        (Refusal("Throttling", "Rate exceeded"), None, "*sts:GetCallerIdentity*"),
        (Refusal("Odd", ""), None, "*sts:GetCallerIdentity*"),
        (Refusal("", "", 500), None, "*sts:GetCallerIdentity*"),
        *(
            (answer, None, "AWS*: it does not answer as AWS does,*")
            for answer in (b"", b"<html>Sign in</html>", b"\xff\xfe", b"{}", {"Arn": "x"}, {"Arn": ""})
        ),
        (
            Refusal("AccessDenied", NO_ROLE, 403),
            ROLE,
            f"linkerd-workshop:eks.roleArn: you may not assume {ROLE}*trust policy*",
        ),
        (Refusal("ExpiredToken", "x", 403), ROLE, "*expired*"),
    ],
)
def test_a_refusal_of_aws_is_one_sentence_that_names_the_cause_and_the_fix(
    tmp_path: Path, answer: object, role: str | None, expected: str
) -> None:
    account = answering(**{"AssumeRole" if role else "GetCallerIdentity": answer})
    with serving(account, tmp_path):
        text = str(catch_problem(lambda: AwsApi(login(roleArn=role))))

    assert fnmatchcase(text, expected), text


@pytest.mark.parametrize(
    ("config", "profile", "variables", "expected"),
    [
        ("", None, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, NO_CREDENTIALS),
        ("", None, {"AWS_SECRET_ACCESS_KEY": ""}, "*not complete*"),
        (PROFILES, "workshop-prod", {}, NO_PROFILE),
        ("", "workshop-dev", {"GITHUB_ACTIONS": "true"}, IN_A_WORKFLOW),
        (SSO, "workshop-dev", {"HOME": "/nowhere"}, "*: the login has ended*aws sso login --profile workshop-dev*"),
        ("[profile x\n", "x", {}, "*: *aws-config*"),
    ],
    ids=["no credentials", "half", "unknown profile", "profile in a workflow", "ended login", "broken configuration"],
)
def test_missing_credentials_are_reported_with_how_to_log_in(
    tmp_path: Path, config: str, profile: str | None, variables: dict[str, str], expected: str
) -> None:
    with serving(Account(), tmp_path, config), pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
            if not value:
                patch.delenv(name)
        text = str(catch_problem(lambda: AwsApi(login(profile=profile))))

    assert fnmatchcase(text, expected), text


HELPER = "AWS, profile 'x': the login helper "
CORRECT = "*Correct `credential_process` of the profile in ~/.aws/config.*aws sso login --profile x*"


@pytest.mark.parametrize(
    ("helper", "found"),
    [
        ("/nowhere/helper --for me", "cannot be run (/nowhere/helper: No such file or directory)"),
        ("no-such-helper", "cannot be run (no-such-helper: No such file or directory)"),
        ("/", "cannot be run (/: Permission denied)"),
        ("true", "prints no JSON (Expecting value: line 1 column 1 (char 0))"),
        ("echo [1]", "prints no credentials"),
        (r"printf \\377", "prints no credentials"),
        ("echo hunter2", "prints no JSON (Expecting value: line 1 column 1 (char 0))"),
    ],
)
def test_a_login_helper_that_gives_no_credentials_is_reported_with_where_to_correct_it(
    tmp_path: Path, helper: str, found: str
) -> None:
    config = f"[profile x]\ncredential_process = {helper}\n"
    with serving(Account(), tmp_path, config), pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.delenv("AWS_SECRET_ACCESS_KEY")
        text = str(catch_problem(lambda: AwsApi(login(profile="x"))))

    assert fnmatchcase(text, f"{HELPER}{found}{CORRECT}"), text


def test_a_missing_file_of_a_web_identity_is_named(tmp_path: Path) -> None:
    config = f"[profile x]\nrole_arn = {ROLE}\nweb_identity_token_file = /nowhere/identity\n"
    with serving(Account(), tmp_path, config), pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.delenv("AWS_SECRET_ACCESS_KEY")
        text = str(catch_problem(lambda: AwsApi(login(profile="x"))))

    assert "it cannot be asked (/nowhere/identity: No such file or directory)" in text


def test_the_region_of_the_settings_wins_over_that_of_the_profile(tmp_path: Path) -> None:
    with serving(Account(), tmp_path, PROFILES), pytest.MonkeyPatch.context() as patch:
        (tmp_path / "no-credentials").write_text("[workshop-dev]\naws_access_key_id = a\naws_secret_access_key = b\n")
        patch.setenv("AWS_DEFAULT_REGION", "us-west-2")

        assert AwsApi(login(profile="workshop-dev")).eks.meta.region_name == "eu-central-1"


def test_a_role_is_assumed_for_every_question(tmp_path: Path) -> None:
    keys = {"AccessKeyId": "ASIA", "SecretAccessKey": "hunter2", "SessionToken": "hunter2"}
    user = {"Arn": "arn:aws:sts::210987654321:assumed-role/workshop-dev/x", "AssumedRoleId": "x"}
    credentials = {**keys, "Expiration": "2027-01-31T12:00:00Z"}
    account = answering(AssumeRole={"Credentials": credentials, "AssumedRoleUser": user})
    with serving(account, tmp_path):
        api = AwsApi(login(roleArn=ROLE))
        api.eks.describe_cluster(name="workshop")

    assert api.account == "210987654321"
    assert account.asked == ["AssumeRole", "DescribeCluster"]
    assert account.keys == ["AKIAIOSFODNN7EXAMPLE", "ASIA"]


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp//x", "http://127.0.0.1:{}"])
def test_an_endpoint_where_no_aws_answers_is_reported_at_once(
    use_aws: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(limits, "SECONDS", 100)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        use_aws(url.format(held.getsockname()[1]))
        began = time.monotonic()
        text = str(catch_problem(lambda: AwsApi(login())))

    refused = "AWS*: AWS does not answer (Could not connect*eu-central-1 is the right region*"
    assert fnmatchcase(text, refused if "{}" in url else "AWS*")
    assert time.monotonic() - began < 60
