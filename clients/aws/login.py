"""The login to AWS: a session with the credentials that the settings name.

The only module that touches `boto3`, whose own types say little.
"""

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore import config
from botocore import session as core_session
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import TypeAdapter

from clients import limits
from clients.aws.refusals import DENIED, Question, code, explain_helper, explain_refusals
from clients.limits import finish_within
from model.names import PROJECT
from model.problem import InputError, Problem, SilenceError, on_one_line
from model.sandbox_only import check_target
from settings.eks import Eks

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

SECONDS_TO_CONNECT = 5
SECONDS_TO_ANSWER = limits.SECONDS
"""The limit for all attempts together, so a call without an answer is not retried."""
SECONDS_FOR_A_PERSON = 120
"""The limit for a profile that may ask a person at a terminal, such as for a second factor."""
ATTEMPTS = 3
"""Attempts at a call that fails quickly, such as for too many requests."""
ASKING = ("mfa_serial", "credential_process")
"""The keys of a profile that may ask."""

_LET_IN = "Let the role's trust policy name you, and your own policies allow sts:AssumeRole on it, or correct the ARN."
_boto3: Any = boto3
_botocore: Any = core_session
_NAMES = TypeAdapter(list[str])
_PROFILES = TypeAdapter(dict[str, dict[str, object]])


class _Limited:
    """Ends every call of a client in time, with all its attempts."""

    meta: Any
    seconds_in_all: float

    def _make_api_call(self, *call: object) -> object:
        parent: Any = super()
        try:
            return finish_within(self.seconds_in_all, partial(parent._make_api_call, *call))  # noqa: SLF001
        except TimeoutError:
            raise ReadTimeoutError(endpoint_url=self.meta.endpoint_url) from None


def _limit(base_classes: list[type], **_: object) -> None:
    base_classes.insert(0, _Limited)


def client(session: Any, service: str, region: str, seconds: float | None = None) -> Any:  # noqa: ANN401  boto3 makes these classes at run time
    """Return the client of a service; `seconds` is a shorter limit than usual.

    Raises InputError if it may not be asked.
    """
    # Before the client is made, which may run a login helper, and after, since each service may have its own address.
    check_target(os.environ.get("AWS_ENDPOINT_URL", ""), "AWS")
    session.events.register("creating-client-class", _limit, unique_id="limit")
    limit = config.Config(
        connect_timeout=seconds or SECONDS_TO_CONNECT,
        read_timeout=seconds or SECONDS_TO_ANSWER,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    made = session.client(service, region_name=region, config=limit)
    made.seconds_in_all = seconds or limits.SECONDS
    check_target(made.meta.endpoint_url, f"AWS, service {service}")
    return made


def log_in(login: Eks) -> tuple[Any, str]:
    """Return a session, and the ARN of its caller. Raises InputError if AWS knows no caller."""
    where = f"AWS, profile '{login.profile}'" if login.profile else "AWS"
    with explain_refusals(Question("sts:GetCallerIdentity", where, login)):
        session = _session(login, where)
        sts: STSClient = client(session, "sts", login.region)
        if not login.role_arn:
            return session, sts.get_caller_identity()["Arn"]
    with explain_refusals(Question("sts:AssumeRole", where, login)):
        return _assumed(sts, login.role_arn, login.region)


def _session(login: Eks, where: str) -> Any:  # noqa: ANN401  as above
    """Return a session that has its credentials."""
    check_target(os.environ.get("AWS_ENDPOINT_URL", ""), "AWS")  # a login helper may run
    core = _botocore.Session(profile=login.profile)
    if login.profile:
        known = _NAMES.validate_python(core.available_profiles)
        if login.profile not in known:
            raise InputError([_unknown(login.profile, known)])

    def load() -> None:
        if found := core.get_credentials():
            found.get_frozen_credentials()

    profiles = _PROFILES.validate_python(core.full_config["profiles"]).values()
    helpers = [str(each["credential_process"]) for each in profiles if "credential_process" in each]
    may_ask = any(key in each for each in profiles for key in ASKING)
    asks = may_ask and sys.stdin is not None and sys.stdin.isatty()
    seconds = SECONDS_FOR_A_PERSON if asks else limits.SECONDS
    question = Question("", where, login)
    try:
        with explain_helper(question, helpers):
            finish_within(seconds, load)
    except TimeoutError:
        found, rule = f"no credentials came within {seconds:g} s", "AWS answers only with credentials"
        raise SilenceError([Problem(where, found, rule, question.log_in)]) from None
    return _boto3.Session(botocore_session=core, region_name=login.region)


def _unknown(profile: str, known: list[str]) -> Problem:
    key = f"{PROJECT}:eks.profile"
    fix = f"Set another with `pulumi config set --path '{key}' <profile>`, or make it with `aws configure sso`."
    if os.environ.get("GITHUB_ACTIONS") == "true":  # a job has its credentials in variables
        fix = f"Remove it with `pulumi config rm --path '{key}'`, and set AWS_PROFILE on your own machine instead."
    found, rule = f"there is no profile '{profile}'", f"the known ones are {', '.join(sorted(known)) or 'none'}"
    return Problem(key, found, rule, fix)


def _assumed(sts: "STSClient", role: str, region: str) -> tuple[Any, str]:
    """Return a session as the role, and its ARN."""
    try:
        answer = sts.assume_role(RoleArn=role, RoleSessionName=PROJECT)
    except ClientError as error:
        if code(error) not in DENIED:
            raise
        found, rule = f"you may not assume {role} ({on_one_line(str(error))})", "it is assumed for everything"
        raise InputError([Problem(f"{PROJECT}:eks.roleArn", found, rule, _LET_IN)]) from None
    given = answer["Credentials"]
    session = _boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=region,
    )
    return session, answer["AssumedRoleUser"]["Arn"]
