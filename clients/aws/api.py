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
    from mypy_boto3_sts import STSClient


class AwsApi:
    """The account and region of a stack, asked as the settings say, with short time limits."""

    caller: str
    """The ARN of who asks."""
    account: str
    """The number of the caller's account."""
    where: str
    """Its name in messages."""

    @limited()
    def __init__(self, login: Eks) -> None:
        """Find out who asks. Raises InputError if that is nobody."""
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

    @cached_property
    def eks(self) -> "EKSClient":
        """Clusters, add-ons and associations."""
        return self.client("eks")

    @cached_property
    def sts(self) -> "STSClient":
        """The ARN of the user or role."""
        return self.client("sts")

    @cached_property
    def iam(self) -> "IAMClient":
        """Roles and identity providers."""
        return self.client("iam")

    @cached_property
    def route53(self) -> "Route53Client":
        """Zones and records."""
        return self.client("route53")

    @cached_property
    def acm(self) -> "ACMClient":
        """Certificates."""
        return self.client("acm")

    @cached_property
    def elbv2(self) -> "ElasticLoadBalancingv2Client":
        """Load balancers and target groups."""
        return self.client("elbv2")

    @cached_property
    def ec2(self) -> "EC2Client":
        """Security groups."""
        return self.client("ec2")

    def client(self, service: str, region: str | None = None, *, seconds: float | None = None) -> Any:  # noqa: ANN401  boto3 makes their classes at run time
        """Return the client of a service, in another region or with a shorter limit than usual if they are given."""
        return client(self._session, service, region or self.login.region, seconds)
