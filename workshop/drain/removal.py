"""Removing from an AWS account what a controller would have removed, had it been there."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from workshop.drain.account import Account, Found, Kind, Marks
from workshop.drain.balancers import load_balancers, security_groups, target_groups
from workshop.drain.records import records

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ChangeTypeDef

SECONDS = 300
"""How long a load balancer's network interfaces may hold its security groups and target groups."""
PAUSE = 5
IN_USE = {"DependencyViolation", "ResourceInUse", "ResourceInUseException"}


def everything(account: Account, marks: Marks) -> list[Found]:
    """Return all that the controllers have made for the stack, in the order in which it can be removed.

    Raises InputError if AWS does not tell.
    """
    finders = (records, load_balancers, target_groups, security_groups)
    return [each for find in finders for each in find(account, marks)]


def remove(account: Account, things: Sequence[Found], zone: str | None, *, pause: float = PAUSE) -> None:
    """Remove `things`, which are in the order of `everything`. Raises InputError if AWS refuses."""
    _remove_records(account, [each for each in things if each.kind is Kind.RECORD], zone)
    for each in things:
        if each.kind in REMOVERS:
            action, removed = REMOVERS[each.kind]
            with account.asking(action):
                _patiently(partial(removed, account, each.id), pause)


def _patiently(attempt: Callable[[], None], pause: float) -> None:
    """Try again while what was removed a moment ago still holds the thing."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return attempt()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in IN_USE or time.monotonic() > end:
                raise
        time.sleep(pause)


def _remove_records(account: Account, found: Sequence[Found], zone: str | None) -> None:
    changes: list[ChangeTypeDef] = [
        {"Action": "DELETE", "ResourceRecordSet": each.record} for each in found if each.record
    ]
    if changes and zone:
        with account.asking("route53:ChangeResourceRecordSets"):
            account.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def _remove_load_balancer(account: Account, arn: str) -> None:
    account.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    account.elbv2.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[arn])


def _remove_target_group(account: Account, arn: str) -> None:
    account.elbv2.delete_target_group(TargetGroupArn=arn)


def _remove_security_group(account: Account, id_: str) -> None:
    """Remove a group and the rules of others that let it in, such as those of the nodes."""
    others = account.ec2.describe_security_groups(Filters=[{"Name": "ip-permission.group-id", "Values": [id_]}])
    for other in others["SecurityGroups"]:
        rules = account.ec2.describe_security_group_rules(
            Filters=[{"Name": "group-id", "Values": [other.get("GroupId", "")]}]
        )["SecurityGroupRules"]
        admitting = [
            rule.get("SecurityGroupRuleId", "")
            for rule in rules
            if not rule.get("IsEgress") and rule.get("ReferencedGroupInfo", {}).get("GroupId") == id_
        ]
        account.ec2.revoke_security_group_ingress(GroupId=other.get("GroupId", ""), SecurityGroupRuleIds=admitting)
    account.ec2.delete_security_group(GroupId=id_)


REMOVERS: Mapping[Kind, tuple[str, Callable[[Account, str], None]]] = {
    Kind.LOAD_BALANCER: ("elasticloadbalancing:DeleteLoadBalancer", _remove_load_balancer),
    Kind.TARGET_GROUP: ("elasticloadbalancing:DeleteTargetGroup", _remove_target_group),
    Kind.SECURITY_GROUP: ("ec2:DeleteSecurityGroup", _remove_security_group),
}
"""What is asked for, and how, by what is to be removed."""
