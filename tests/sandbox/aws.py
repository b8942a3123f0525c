"""A double of AWS for tests: a process of its own with an account as it is before the stack."""

import json
import urllib.request
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from sandbox.aws import process
from sandbox.aws.environment import prepare_environment
from sandbox.aws.process import Account
from sandbox.paths import Home
from sandbox.processes import stop

ACCOUNT = Account("workshop", "eu-central-1", "example.com")


@dataclass(frozen=True)
class AwsDouble:
    """The double, and clients of it."""

    home: Home
    account: Account
    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which boto3 and Pulumi's plugin find the double, and nothing else of AWS."""
        found = prepare_environment(self.home, self.account, {})
        return {key: value for key, value in found.items() if key != "PATH"}

    def client(self, service: str) -> Any:  # noqa: ANN401  each service has a type of its own
        """A client of one service."""
        session: Any = boto3.Session("sandbox", "sandbox", region_name=self.account.region)
        return session.client(service, endpoint_url=self.endpoint)

    def trouble(self, **what: str) -> None:
        """Have some troubles of the double's (`Troubles`), and no others."""
        body = json.dumps(what).encode()
        process.ask(urllib.request.Request(f"{self.endpoint}/sandbox/troubles", body))  # noqa: S310  on loopback

    @property
    def zone_id(self) -> str:
        """The hosted zone's id, without the path before it."""
        zones = self.client("route53").list_hosted_zones_by_name(DNSName=self.account.zone or "")["HostedZones"]
        return zones[0]["Id"].rpartition("/")[2]


@contextmanager
def aws_double(home: Home, account: Account = ACCOUNT) -> Generator[AwsDouble]:
    """Run a double beside a sandbox (or alone: the cluster's address leads nowhere then) for a while."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the process is not this one's to wait for
        endpoint = process.up(home)
    try:
        process.ensure(home, account)
        yield AwsDouble(home, account, endpoint)
    finally:
        stop(home, [process.NAME])
