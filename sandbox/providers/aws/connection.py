"""The provider's configuration, and its clients of the double."""

import json
import os
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.providers.errors import ProviderError

GONE = frozenset(("NoSuchEntity", "ResourceNotFoundException", "NoSuchHostedZone"))
PREFIX = "aws:config:"
KNOWN = frozenset(
    (
        "region", "profile", "assumeRoles", "defaultTags", "ignoreTags", "allowedAccountIds", "forbiddenAccountIds",
        "accessKey", "secretKey", "token", "maxRetries", "skipCredentialsValidation", "skipMetadataApiCheck",
        "skipRegionValidation", "skipRequestingAccountId", "version", "sharedConfigFiles", "sharedCredentialsFiles",
    )
)  # fmt: skip
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Aws:
    """One account in one region, as the provider was configured."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        values = {key.removeprefix(PREFIX): _parsed(value) for key, value in variables.items()}
        if unknown := sorted(values.keys() - KNOWN):
            raise ProviderError(f"the sandbox's aws provider does not know the option {unknown[0]}; leave it out")
        self.values: Mapping[str, Any] = values
        self.region = str(values.get("region") or os.environ.get("AWS_REGION") or "")
        given: Any = values.get("defaultTags") or {}
        self.default_tags: dict[str, str] = given.get("tags") or {}
        self._endpoint = _endpoint()
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Any = None

    def client(self, service: str, region: str = "") -> Any:  # noqa: ANN401  boto3 makes its clients at run time
        """A client of a service in a region, else in the provider's."""
        with self._lock:
            self._session = self._session or self._log_in()
            key = (service, region or self.region)
            if key not in self._clients:
                self._clients[key] = self._made(self._session, *key)
            return self._clients[key]

    def _made(self, session: Any, service: str, region: str) -> Any:  # noqa: ANN401
        config = Config(retries={"mode": "standard", "max_attempts": 2}, max_pool_connections=32)
        return session.client(service, region_name=region, endpoint_url=self._endpoint, config=config)

    def _log_in(self) -> Any:  # noqa: ANN401
        if not self.region:
            raise ProviderError(
                "Invalid provider configuration: Missing region: set it on the provider or in AWS_REGION"
            )
        keys = {"aws_access_key_id": "accessKey", "aws_secret_access_key": "secretKey", "aws_session_token": "token"}
        given = {name: self.values[key] for name, key in keys.items() if self.values.get(key)}
        session: Any = boto3
        with clearly("Invalid provider configuration"):
            made = session.Session(profile_name=self.values.get("profile") or None, **given)
            for role in self.values.get("assumeRoles") or ():
                made = self._assumed(made, role)
            self._check_account(made)
        return made

    def _assumed(self, session: Any, role: Mapping[str, Any]) -> Any:  # noqa: ANN401
        if "roleArn" not in role:
            # pulumi-aws writes a plain mapping with the Python names of its keys.
            raise ProviderError(
                f"assumeRoles has no roleArn but {', '.join(role)}: use pulumi_aws.ProviderAssumeRoleArgs"
            )
        wanted = {"RoleArn": role["roleArn"], "RoleSessionName": role.get("sessionName") or "pulumi"}
        if role.get("externalId"):
            wanted["ExternalId"] = role["externalId"]
        with clearly(f"Cannot assume IAM Role {role['roleArn']}"):
            found = self._made(session, "sts", self.region).assume_role(**wanted)["Credentials"]
        made: Any = boto3
        return made.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def _check_account(self, session: Any) -> None:  # noqa: ANN401
        allowed, forbidden = self.values.get("allowedAccountIds") or (), self.values.get("forbiddenAccountIds") or ()
        if not allowed and not forbidden:
            return
        account = self._made(session, "sts", self.region).get_caller_identity()["Account"]
        if account in forbidden or (allowed and account not in allowed):
            raise ProviderError(f"AWS account ID not allowed: {account}")


def _parsed(value: str) -> Any:  # noqa: ANN401
    """Values that are not text come as JSON; an account's number is text that looks like JSON."""
    return json.loads(value) if value[:1] in ("{", "[") else value


def _endpoint() -> str:
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if urlsplit(endpoint).hostname not in LOOPBACK:
        raise ProviderError(
            "the sandbox's aws provider speaks to the double of AWS on loopback only, and AWS_ENDPOINT_URL is "
            f"{endpoint or 'not set'}: run the stack with ON_SANDBOX=1"
        )
    return endpoint


@contextmanager
def clearly(what: str) -> Generator[None]:
    """Say what was tried when AWS refuses it."""
    try:
        yield
    except ClientError as error:
        told: Any = error.response
        found = told["Error"]
        raise RefusedError(what, str(found.get("Code")), str(found.get("Message"))) from None
    except BotoCoreError as error:
        raise ProviderError(f"{what}: {error}") from None


class RefusedError(ProviderError):
    """AWS refused; the sentence is its own."""

    def __init__(self, what: str, code: str, message: str) -> None:
        super().__init__(f"{what}: {code}: {message}")
        self.code = code

    @property
    def gone(self) -> bool:
        """True if what was asked for is not there."""
        return self.code in GONE


@contextmanager
def unless_gone(what: str) -> Generator[None]:
    """Ignore the error that the resource does not exist."""
    try:
        with clearly(what):
            yield
    except RefusedError as refusal:
        if not refusal.gone:
            raise
