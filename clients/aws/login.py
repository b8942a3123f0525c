"""The login to AWS: a session with the credentials that the settings name.

The only module that touches `boto3`, whose own types say little.
"""

import os
from typing import TYPE_CHECKING, Any

import boto3
from botocore import config
from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from clients.aws.refusals import DENIED, Question, code, explained
from model.names import PROJECT
from model.problem import InputError, Problem, on_one_line
from model.sandbox_only import check_target
from settings.eks import Eks

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

SECONDS_TO_CONNECT = 5
SECONDS_TO_ANSWER = 15
ATTEMPTS = 2

_boto3: Any = boto3
_NAMES = TypeAdapter(list[str])


def client(session: Any, service: str, region: str, seconds: float | None = None) -> Any:  # noqa: ANN401  boto3 makes these classes at run time
    """Return the client of a service; `seconds` is a shorter limit than usual.

    Raises InputError if it may not be asked.
    """
    # Before the client is made, which may run a login helper, and after, since each service may have its own address.
    check_target(os.environ.get("AWS_ENDPOINT_URL", ""), "AWS")
    limits = config.Config(
        connect_timeout=seconds or SECONDS_TO_CONNECT,
        read_timeout=seconds or SECONDS_TO_ANSWER,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    made = session.client(service, region_name=region, config=limits)
    check_target(made.meta.endpoint_url, f"AWS, service {service}")
    return made


def log_in(login: Eks) -> tuple[Any, str]:
    """Return a session, and the ARN of who asks in it. Raises InputError if that is nobody."""
    where = f"AWS, profile '{login.profile}'" if login.profile else "AWS"
    with explained(Question("sts:GetCallerIdentity", where, login)):
        session = _session(login)
        sts: STSClient = client(session, "sts", login.region)
        if not login.role_arn:
            return session, sts.get_caller_identity()["Arn"]
    with explained(Question("sts:AssumeRole", where, login)):
        return _assumed(sts, login.role_arn, login.region)


def _session(login: Eks) -> Any:  # noqa: ANN401  as above
    if login.profile:
        known = _NAMES.validate_python(_boto3.Session().available_profiles)
        if login.profile not in known:
            raise InputError([_unknown(login.profile, known)])
    return _boto3.Session(profile_name=login.profile, region_name=login.region)


def _unknown(profile: str, known: list[str]) -> Problem:
    key = f"{PROJECT}:eks.profile"
    fix = f"Set another with `pulumi config set --path '{key}' <profile>`, or make it with `aws configure sso`."
    found, rule = f"there is no profile '{profile}'", f"the known ones are {', '.join(sorted(known)) or 'none'}"
    return Problem(key, found, rule, fix)


def _assumed(sts: "STSClient", role: str, region: str) -> tuple[Any, str]:
    """Return a session as the role, and its ARN."""
    try:
        answer = sts.assume_role(RoleArn=role, RoleSessionName=PROJECT)
    except ClientError as error:
        if code(error) not in DENIED:
            raise
        raise InputError([_not_assumed(role, on_one_line(str(error)))]) from None
    given = answer["Credentials"]
    session = _boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=region,
    )
    return session, answer["AssumedRoleUser"]["Arn"]


def _not_assumed(role: str, reason: str) -> Problem:
    fix = "Let the role's trust policy name you, and your own policies allow sts:AssumeRole on it, or correct the ARN."
    return Problem(
        f"{PROJECT}:eks.roleArn", f"you may not assume {role} ({reason})", "it is assumed for everything", fix
    )
