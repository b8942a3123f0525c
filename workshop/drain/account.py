"""What the hosts of a stack have in an AWS account, made by the two controllers and not by Pulumi."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef


@dataclass(frozen=True)
class Account:
    """One account and region."""

    elbv2: "ElasticLoadBalancingv2Client"
    ec2: "EC2Client"
    route53: "Route53Client"
    asking: Callable[[str], AbstractContextManager[None]]
    """Gives a context in which AWS is asked for an action; what it does not answer becomes InputError."""


@dataclass(frozen=True)
class Marks:
    """By what a stack's things in the account are known."""

    cluster: str
    """The cluster's name."""
    group: str | None
    """That of the stack's Ingresses; None for all of the cluster, where the stack has brought its only controller."""
    zone: str | None
    """The id of the hosted zone; None if the stack has none."""
    owner: str
    """The owner id by which ExternalDNS knows the stack's records."""
    prefix: str = ""
    """What the names of its TXT records begin with."""


class Kind(StrEnum):
    """What is left, as a person would say it."""

    LOAD_BALANCER = "load balancer"
    TARGET_GROUP = "target group"
    SECURITY_GROUP = "security group"
    RECORD = "record"


@dataclass(frozen=True)
class Found:
    """One thing in the account."""

    kind: Kind
    id: str
    """ARN, security group id, or a record's type and name."""
    name: str
    record: "ResourceRecordSetOutputTypeDef | None" = None

    def __str__(self) -> str:
        """Return it as a table shows it."""
        return f"{self.kind} {self.name}"
