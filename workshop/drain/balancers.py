"""What the AWS Load Balancer Controller has made: load balancers, target groups, security groups."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from clients.limits import limited
from model.names import CLUSTER_TAG, GROUP_TAG
from workshop.drain.account import Account, Found, Kind, Marks

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SecurityGroupTypeDef

MOST_ARNS = 20
"""How many `elasticloadbalancing:DescribeTags` takes."""
SHARED = ("elbv2.k8s.aws/resource", "backend-sg")
"""Tag of the security group that the controller makes once, for all load balancers of a cluster."""


def load_balancers(account: Account, marks: Marks) -> list[Found]:
    """Return the stack's load balancers. Raises InputError if AWS does not tell, as all of these do."""
    with account.asking("elasticloadbalancing:DescribeLoadBalancers"), limited():
        pages = account.elbv2.get_paginator("describe_load_balancers").paginate()
        known = [each for page in pages for each in page["LoadBalancers"]]
    names = {each.get("LoadBalancerArn", ""): each.get("LoadBalancerName", "") for each in known}
    return _marked(account, Kind.LOAD_BALANCER, names, marks)


def target_groups(account: Account, marks: Marks) -> list[Found]:
    """Return the stack's target groups."""
    with account.asking("elasticloadbalancing:DescribeTargetGroups"), limited():
        pages = account.elbv2.get_paginator("describe_target_groups").paginate()
        known = [each for page in pages for each in page["TargetGroups"]]
    names = {each.get("TargetGroupArn", ""): each.get("TargetGroupName", "") for each in known}
    return _marked(account, Kind.TARGET_GROUP, names, marks)


def _marked(account: Account, kind: Kind, names: Mapping[str, str], marks: Marks) -> list[Found]:
    """Return those of `names`, by ARN, that the tags say are the stack's."""
    arns, found = list(names), list[Found]()
    for first in range(0, len(arns), MOST_ARNS):
        with account.asking("elasticloadbalancing:DescribeTags"):
            told = account.elbv2.describe_tags(ResourceArns=arns[first : first + MOST_ARNS])["TagDescriptions"]
            tags = {
                each.get("ResourceArn", ""): {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])}
                for each in told
            }
            found += [Found(kind, arn, names[arn]) for arn, its in tags.items() if _is_the_stacks(its, marks)]
    return found


def _is_the_stacks(tags: Mapping[str, str], marks: Marks) -> bool:
    return tags.get(CLUSTER_TAG) == marks.cluster and marks.group in (None, tags.get(GROUP_TAG))


def security_groups(account: Account, marks: Marks) -> list[Found]:
    """Return the stack's security groups, last the one that all load balancers of the cluster share."""
    with account.asking("ec2:DescribeSecurityGroups"), limited():
        pages = account.ec2.get_paginator("describe_security_groups").paginate(
            Filters=[{"Name": f"tag:{CLUSTER_TAG}", "Values": [marks.cluster]}]
        )
        known = [each for page in pages for each in page["SecurityGroups"]]
    mine = [each for each in known if _is_the_stacks(_tags(each), marks)]
    mine.sort(key=lambda each: SHARED in _tags(each).items())
    return [Found(Kind.SECURITY_GROUP, each.get("GroupId", ""), each.get("GroupName", "")) for each in mine]


def _tags(group: "SecurityGroupTypeDef") -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in group.get("Tags", [])}
