"""A double of AWS for tests: a process of its own with an account as it is before the stack."""

import json
import os
import urllib.request
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from sandbox.aws import process
from sandbox.aws.wanted import Account
from sandbox.paths import Home
from sandbox.processes import stop

if TYPE_CHECKING:
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_sts import STSClient

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
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": self.account.region,
            "AWS_DEFAULT_REGION": self.account.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def client(self, service: str) -> Any:  # noqa: ANN401  the properties say which
        """A client of one service."""
        session: Any = boto3.Session("sandbox", "sandbox", region_name=self.account.region)
        return session.client(service, endpoint_url=self.endpoint)

    @property
    def iam(self) -> "IAMClient":
        """IAM."""
        return self.client("iam")

    @property
    def eks(self) -> "EKSClient":
        """EKS."""
        return self.client("eks")

    @property
    def acm(self) -> "ACMClient":
        """ACM."""
        return self.client("acm")

    @property
    def ec2(self) -> "EC2Client":
        """EC2."""
        return self.client("ec2")

    @property
    def elbv2(self) -> "ElasticLoadBalancingv2Client":
        """Load balancers and target groups."""
        return self.client("elbv2")

    @property
    def route53(self) -> "Route53Client":
        """Route 53."""
        return self.client("route53")

    @property
    def sts(self) -> "STSClient":
        """STS."""
        return self.client("sts")

    @property
    def tagging(self) -> "ResourceGroupsTaggingAPIClient":
        """What has which tag."""
        return self.client("resourcegroupstaggingapi")

    def trouble(self, **what: str) -> None:
        """Have some troubles of the double's (`Troubles`), and no others."""
        body = json.dumps(what).encode()
        process.ask(urllib.request.Request(f"{self.endpoint}/sandbox/troubles", body))  # noqa: S310  on loopback

    @property
    def zone_id(self) -> str:
        """The hosted zone's id, without the path before it."""
        zones = self.route53.list_hosted_zones_by_name(DNSName=self.account.zone or "")["HostedZones"]
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
