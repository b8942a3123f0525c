"""Whether a stack has hosts in AWS, and by what they are known there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clients.limits import limited
from model.names import DNS_TXT_PREFIX, dns_owner, load_balancer_group
from model.stack_names import short_name
from settings import Settings, parts
from settings.eks import Dns, Eks
from workshop.drain.account import Account, Marks

if TYPE_CHECKING:
    from clients.aws.api import AwsApi


@dataclass(frozen=True)
class Served:
    """A stack's account, and what to look for in it."""

    account: Account
    own: Marks
    """Of what the controllers have made for the stack's own Ingresses."""
    all: Marks
    """Of what nobody looks after once the stack is gone: all of the cluster, where its controller is the stack's."""


@limited()
def served(settings: Settings, stack: str) -> Served | None:
    """Return what to look for, or None where the stack is not on EKS. Raises InputError if AWS lets nobody in."""
    if settings.eks is None:
        return None
    from clients.aws.api import AwsApi  # noqa: PLC0415  boto3 takes 0.3 s to import, and most stacks need none

    api, eks, name = AwsApi(settings.eks), settings.eks, short_name(stack)
    zone, group = _zone(api, settings.dns), load_balancer_group(name)
    own = Marks(eks.cluster, group, zone, dns_owner(name, eks.region, eks.cluster), DNS_TXT_PREFIX)
    whole = Marks(own.cluster, None, zone, own.owner, own.prefix)
    account = Account(api.elbv2, api.ec2, api.route53, api.asking)
    return Served(account, own, whole if parts.has_load_balancer_controller(settings) else own)


@limited()
def is_there(login: Eks) -> bool:
    """Return whether AWS knows the cluster, in whatever state. Raises InputError if it does not tell."""
    from botocore.exceptions import ClientError  # noqa: PLC0415  as above

    from clients.aws.api import AwsApi  # noqa: PLC0415  as above
    from clients.aws.refusals import ABSENT, code  # noqa: PLC0415  as above

    api = AwsApi(login)
    with api.asking("eks:DescribeCluster"):
        try:
            api.eks.describe_cluster(name=login.cluster)
        except ClientError as error:
            if code(error) not in ABSENT:
                raise
            return False
    return True


def _zone(api: "AwsApi", dns: Dns | None) -> str | None:
    """Return the zone's id; None if there is none any more, which then has no records either."""
    from preflight.zones import NoZoneError, public_zone  # noqa: PLC0415  as above

    if dns is None:
        return None
    try:
        return public_zone(api, dns).id
    except NoZoneError:
        return None
