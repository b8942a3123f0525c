"""The account as the two controllers ask it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_route53 import Route53Client

_boto3: Any = boto3
KEY = "controllers"
"""The access key by which the double knows their requests from others."""


@dataclass(frozen=True)
class Aws:
    """One client a service: making one takes a tenth of a second."""

    elbv2: "ElasticLoadBalancingv2Client"
    ec2: "EC2Client"
    acm: "ACMClient"
    route53: "Route53Client"
    eks: "EKSClient"
    iam: "IAMClient"


def connect(region: str, endpoint: str | None = None) -> Aws:
    """Make the clients, of the double at an address if one is given."""
    session = _boto3.Session(KEY, "sandbox", region_name=region)
    names = ("elbv2", "ec2", "acm", "route53", "eks", "iam")
    return Aws(**{name: session.client(name, endpoint_url=endpoint) for name in names})
