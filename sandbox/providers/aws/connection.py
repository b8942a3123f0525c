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

from sandbox.providers.aws.serving import ProviderError

MISSING = frozenset(("NoSuchEntity", "ResourceNotFoundException", "NoSuchHostedZone"))
PREFIX = "aws:config:"
KNOWN = frozenset(
    (
        "region", "profile", "assumeRoles", "defaultTags", "allowedAccountIds", "version",
        "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId",
    )
)  # fmt: skip
"""The options that the program sets, and those that the SDK sets by itself."""
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
        self._clients: dict[str, Any] = {}
        self._session: Any = None

    def client(self, service: str) -> Any:  # noqa: ANN401  boto3 makes its clients at run time
        """Return the client of a service."""
        with self._lock:
            self._session = self._session or self._log_in()
            if service not in self._clients:
                self._clients[service] = self._connect(self._session, service)
            return self._clients[service]

    def _connect(self, session: Any, service: str) -> Any:  # noqa: ANN401
        config = Config(retries={"mode": "standard", "max_attempts": 2}, max_pool_connections=32)
        return session.client(service, region_name=self.region, endpoint_url=self._endpoint, config=config)

    def _log_in(self) -> Any:  # noqa: ANN401
        if not self.region:
            raise ProviderError(
                "Invalid provider configuration: Missing region: set it on the provider or in AWS_REGION"
            )
        with clearly("Invalid provider configuration"):
            session: Any = boto3.Session(profile_name=self.values.get("profile") or None)
            for role in self.values.get("assumeRoles") or ():
                session = self._assume(session, role)
            if allowed := self.values.get("allowedAccountIds"):
                account = self._connect(session, "sts").get_caller_identity()["Account"]
                if account not in allowed:
                    raise ProviderError(f"AWS account ID not allowed: {account}")
        return session

    def _assume(self, session: Any, role: Mapping[str, Any]) -> Any:  # noqa: ANN401
        if "roleArn" not in role:
            # pulumi-aws writes a plain mapping with the Python names of its keys.
            raise ProviderError(
                f"assumeRoles has no roleArn but {', '.join(role)}: use pulumi_aws.ProviderAssumeRoleArgs"
            )
        wanted = {"RoleArn": role["roleArn"], "RoleSessionName": role.get("sessionName") or "pulumi"}
        with clearly(f"Cannot assume IAM Role {role['roleArn']}"):
            found = self._connect(session, "sts").assume_role(**wanted)["Credentials"]
        return boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


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


class RefusedError(ProviderError):
    """AWS refused; the sentence is its own."""

    def __init__(self, what: str, code: str, message: str) -> None:
        super().__init__(f"{what}: {code}: {message}")
        self.is_missing = code in MISSING


@contextmanager
def clearly(what: str) -> Generator[None]:
    """Say what was tried when AWS refuses it."""
    try:
        yield
    except ClientError as error:
        reported: Any = error.response
        raise RefusedError(what, str(reported["Error"].get("Code")), str(reported["Error"].get("Message"))) from None
    except BotoCoreError as error:
        raise ProviderError(f"{what}: {error}") from None
