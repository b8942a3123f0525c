"""Finding, removing and waiting for what controllers created in an AWS account."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from clients.aws.refusals import code
from workshop.drain.account import (
    VANISHED,
    Account,
    Found,
    Kind,
    Marks,
    find_load_balancers,
    find_records,
    find_security_groups,
    find_target_groups,
)
from workshop.terminal import build_table, count

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ChangeTypeDef


PATIENCE = 300
"""Seconds that ExternalDNS and the load balancer controller may take; they act at least once a minute."""
PAUSE = 5.0
"""Each look asks Route 53 once for each 300 records of the zone; an account may ask ten times a second."""


def wait_until_deleted(find: Callable[[], Sequence[Found]], console: Console, *, seconds: float) -> Sequence[Found]:
    """Return what still exists after `seconds`, or nothing once all is deleted. Raises InputError as `find` does."""
    end = time.monotonic() + seconds
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("asking AWS for resources that are left", total=None)
        while (left := find()) and time.monotonic() < end:
            progress.update(task, description=f"waiting until {count_kinds(left)} are deleted")
            time.sleep(PAUSE)
    return left


def count_kinds(things: Sequence[Found]) -> str:
    """Return the number of resources of each kind, in words."""
    counts = Counter(str(each.kind) for each in things)
    return ", ".join(count(number, kind) for kind, number in counts.items())


def build_found_table(title: str, things: Sequence[Found]) -> Table:
    """Return a table of what was found."""
    return build_table(title, ("what", "name", "id"), ((each.kind, each.name, each.id) for each in things))


def report_found(console: Console, title: str, left: Sequence[Found], otherwise: str) -> int:
    """Print a table of what is left and return 1; if nothing is, print `otherwise` and return 0."""
    console.print(build_found_table(title, left) if left else otherwise)
    return 1 if left else 0


IN_USE = {"DependencyViolation", "ResourceInUse", "ResourceInUseException"}
_retry_while_in_use = Retrying(
    retry=retry_if_exception(lambda error: isinstance(error, ClientError) and code(error) in IN_USE),
    # A load balancer's network interfaces keep its security groups and target groups in use for so long at most.
    stop=stop_after_delay(300),
    wait=wait_fixed(5),
    reraise=True,
)
"""Calls a function again while a resource that was just removed still uses the one that it removes."""
GONE = {"InvalidGroup.NotFound", *VANISHED}
"""AWS' errors for a resource that a controller has deleted meanwhile."""


def find_everything(account: Account, marks: Marks) -> list[Found]:
    """Return all that the controllers created for the stack, in an order in which it can be removed.

    Raises InputError if AWS does not answer.
    """
    finders = (find_records, find_load_balancers, find_target_groups, find_security_groups)
    return [each for find in finders for each in find(account, marks)]


def remove(account: Account, things: Sequence[Found], zone: str | None) -> None:
    """Remove `things`, which are in the order of `find_everything`. Raises InputError if AWS refuses."""
    _remove_records(account, [each for each in things if each.kind is Kind.RECORD], zone)
    for each in things:
        if each.kind in REMOVERS:
            action, removed = REMOVERS[each.kind]
            with account.asking(action):
                try:
                    _retry_while_in_use(removed, account, each.id)
                except ClientError as error:
                    if code(error) not in GONE:
                        raise


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
    """Remove a group, and the rules of other groups that admit it, such as the nodes' group."""
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
"""The action and its function, by kind."""
