"""The AWS clients of the two controllers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_route53 import Route53Client

_boto3: Any = boto3
KEY = "controllers"
"""The access key by which the double recognizes their requests."""


@dataclass(frozen=True)
class Aws:
    """One client per service: creating one takes a tenth of a second."""

    elbv2: "ElasticLoadBalancingv2Client"
    ec2: "EC2Client"
    acm: "ACMClient"
    route53: "Route53Client"
    eks: "EKSClient"
    iam: "IAMClient"


def connect(region: str, endpoint: str | None = None, role: str | None = None) -> Aws:
    """Create the clients, of the double at an address if one is given, in the account of a role if one is given."""
    # Past every proxy of the user's: the double is on loopback.
    direct = partial(_boto3.Session(KEY, "sandbox").client, config=Config(proxies={}), endpoint_url=endpoint)
    if role:
        session = direct("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName=KEY)["Credentials"]
        keys = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        direct = partial(_boto3.Session(*keys).client, config=Config(proxies={}), endpoint_url=endpoint)
    names = ("elbv2", "ec2", "acm", "route53", "eks", "iam")
    return Aws(**{name: direct(name, region_name=region) for name in names})


def pairs(tags: Mapping[str, str]) -> Any:  # noqa: ANN401  each service has a type of its own
    """Return tags as requests take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
