"""AWS as the program and the operator's commands see it: one account and region."""

from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from clients.aws.login import client, log_in
from clients.aws.refusals import Question, explain_refusals
from clients.limits import limited
from settings.eks import Eks

if TYPE_CHECKING:
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_route53 import Route53Client


class AwsApi:
    """The account and region of a stack, asked as the settings say, with short time limits."""

    caller: str
    """The caller's ARN."""
    account: str
    """The number of the caller's account."""
    where: str
    """Its name in messages."""
    # A client takes tens of milliseconds to create, and most commands need only some of them.
    eks: "cached_property[EKSClient]" = cached_property(lambda api: api.client("eks"))
    iam: "cached_property[IAMClient]" = cached_property(lambda api: api.client("iam"))
    route53: "cached_property[Route53Client]" = cached_property(lambda api: api.client("route53"))
    acm: "cached_property[ACMClient]" = cached_property(lambda api: api.client("acm"))
    elbv2: "cached_property[ElasticLoadBalancingv2Client]" = cached_property(lambda api: api.client("elbv2"))
    ec2: "cached_property[EC2Client]" = cached_property(lambda api: api.client("ec2"))

    @limited()
    def __init__(self, login: Eks) -> None:
        """Find out who the caller is. Raises InputError if AWS knows no caller."""
        self.login = login
        self._session, self.caller = log_in(login)
        with explain_refusals(Question("sts:GetCallerIdentity", "AWS", login)):
            self.account = self.caller.split(":")[4]
        self.where = f"AWS account {self.account}, {login.region}"

    def asking(self, action: str) -> AbstractContextManager[None]:
        """Return a context in which AWS is asked for `action`; what it does not answer becomes InputError."""
        return explain_refusals(Question(action, self.where, self.login))

    def regions(self) -> list[str]:
        """Return the regions that have EKS, as far as this version of boto3 knows."""
        partition = self._session.get_partition_for_region(self.login.region)
        return list(self._session.get_available_regions("eks", partition_name=partition))

    def client(self, service: str, region: str | None = None, *, seconds: float | None = None) -> Any:  # noqa: ANN401  boto3 makes their classes at run time
        """Return the client of a service, in another region or with a shorter limit than usual if they are given."""
        return client(self._session, service, region or self.login.region, seconds)
