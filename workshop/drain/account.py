"""A stack's hosts in an AWS account, as the two controllers created them: load balancers, and records."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from clients.aws.refusals import ABSENT, code
from clients.limits import limited
from model.names import CLUSTER_TAG, DNS_TXT_PREFIX, GROUP_TAG, dns_owner, load_balancer_group
from model.stack_names import short_name
from settings import Settings, parts
from settings.eks import Dns, Eks

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import SecurityGroupTypeDef
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef

    from clients.aws.api import AwsApi


@dataclass(frozen=True)
class Account:
    """One account and region."""

    elbv2: "ElasticLoadBalancingv2Client"
    ec2: "EC2Client"
    route53: "Route53Client"
    asking: Callable[[str], AbstractContextManager[None]]
    """Returns a context for one action of AWS, in which AWS' errors become InputError."""
    tags: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """The tags of load balancers and target groups, by ARN: AWS cannot filter by them, and an owner never changes.

    Without this cache an account with 100 load balancers and 100 target groups would get 10 calls every few seconds.
    """


@dataclass(frozen=True)
class Marks:
    """Tags and names by which a stack's resources in the account are found."""

    cluster: str
    """The cluster's name."""
    group: str | None
    """The group of the stack's Ingresses; None for the whole cluster, if the only controller is the stack's."""
    zone: str | None
    """The id of the hosted zone; None if the stack has none."""
    owner: str
    """The owner id by which ExternalDNS knows the stack's records."""
    prefix: str = ""
    """The prefix of the names of its TXT records."""


class Kind(StrEnum):
    """The kind of a resource, in words for messages."""

    LOAD_BALANCER = "load balancer"
    TARGET_GROUP = "target group"
    SECURITY_GROUP = "security group"
    RECORD = "record"


@dataclass(frozen=True)
class Found:
    """One resource in the account."""

    kind: Kind
    id: str
    """ARN, security group id, or a record's type and name."""
    name: str
    record: "ResourceRecordSetOutputTypeDef | None" = None


@dataclass(frozen=True)
class Hosts:
    """A stack's account, and the marks of the resources to find in it."""

    account: Account
    own: Marks
    """Marks of what the controllers created for the stack's own Ingresses."""
    all: Marks
    """Marks of what no controller manages after the destroy: the whole cluster's, if its controller is the stack's."""


@limited()
def find_hosts(settings: Settings, stack: str) -> Hosts | None:
    """Return the stack's hosts; None if it is not on EKS. Raises InputError if AWS denies access."""
    if settings.eks is None:
        return None
    from clients.aws.api import AwsApi  # noqa: PLC0415  boto3 takes 0.3 s to import, and most stacks need none

    api, eks, name = AwsApi(settings.eks), settings.eks, short_name(stack)
    zone, group = _zone(api, settings.dns), load_balancer_group(name)
    own = Marks(eks.cluster, group, zone, dns_owner(name, eks.region, eks.cluster), DNS_TXT_PREFIX)
    account = Account(api.elbv2, api.ec2, api.route53, api.asking)
    return Hosts(account, own, replace(own, group=None) if parts.has_load_balancer_controller(settings) else own)


@limited()
def cluster_exists(login: Eks) -> bool:
    """Return whether the cluster exists, in any state. Raises InputError if AWS does not answer."""
    from clients.aws.api import AwsApi  # noqa: PLC0415  as above

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
    """Return the zone's id; None if the zone was deleted, and its records with it."""
    from preflight.zones import NoZoneError, find_public_zone  # noqa: PLC0415  as above

    if dns is None:
        return None
    try:
        return find_public_zone(api, dns).id
    except NoZoneError:
        return None


MOST_ARNS = 20
"""The most ARNs that `elasticloadbalancing:DescribeTags` takes."""
VANISHED = {"LoadBalancerNotFound", "TargetGroupNotFound"}
SHARED = ("elbv2.k8s.aws/resource", "backend-sg")
"""Tag of the security group that all load balancers of a cluster share."""


def find_load_balancers(account: Account, marks: Marks) -> list[Found]:
    """Return the stack's load balancers. Raises InputError if AWS does not answer, as all of these do."""
    with account.asking("elasticloadbalancing:DescribeLoadBalancers"), limited():
        pages = account.elbv2.get_paginator("describe_load_balancers").paginate()
        known = [each for page in pages for each in page["LoadBalancers"]]
    names = {each.get("LoadBalancerArn", ""): each.get("LoadBalancerName", "") for each in known}
    return _marked(account, Kind.LOAD_BALANCER, names, marks)


def find_target_groups(account: Account, marks: Marks) -> list[Found]:
    """Return the stack's target groups."""
    with account.asking("elasticloadbalancing:DescribeTargetGroups"), limited():
        pages = account.elbv2.get_paginator("describe_target_groups").paginate()
        known = [each for page in pages for each in page["TargetGroups"]]
    names = {each.get("TargetGroupArn", ""): each.get("TargetGroupName", "") for each in known}
    return _marked(account, Kind.TARGET_GROUP, names, marks)


def _marked(account: Account, kind: Kind, names: Mapping[str, str], marks: Marks) -> list[Found]:
    """Return the resources of `names`, by ARN, whose tags are the stack's."""
    new = [arn for arn in names if arn not in account.tags]
    for first in range(0, len(new), MOST_ARNS):
        with account.asking("elasticloadbalancing:DescribeTags"):
            account.tags.update(_describe_tags(account, new[first : first + MOST_ARNS]))
    return [Found(kind, arn, name) for arn, name in names.items() if _has_marks(account.tags.get(arn, {}), marks)]


def _describe_tags(account: Account, arns: list[str]) -> Mapping[str, Mapping[str, str]]:
    """Return the tags of each resource; one that was deleted since it was listed has none."""
    try:
        told = account.elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
    except ClientError as error:
        if code(error) not in VANISHED:
            raise
        # One deleted resource makes AWS refuse the whole request.
        return {arn: tags for each in arns for arn, tags in _describe_tags(account, [each]).items()} if arns[1:] else {}
    return {
        each.get("ResourceArn", ""): {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])} for each in told
    }


def _has_marks(tags: Mapping[str, str], marks: Marks) -> bool:
    return tags.get(CLUSTER_TAG) == marks.cluster and marks.group in (None, tags.get(GROUP_TAG))


def find_security_groups(account: Account, marks: Marks) -> list[Found]:
    """Return the stack's security groups; the one that all load balancers of the cluster share comes last."""
    with account.asking("ec2:DescribeSecurityGroups"), limited():
        pages = account.ec2.get_paginator("describe_security_groups").paginate(
            Filters=[{"Name": f"tag:{CLUSTER_TAG}", "Values": [marks.cluster]}]
        )
        known = [each for page in pages for each in page["SecurityGroups"]]
    mine = [each for each in known if _has_marks(_tags(each), marks)]
    mine.sort(key=lambda each: SHARED in _tags(each).items())
    return [Found(Kind.SECURITY_GROUP, each.get("GroupId", ""), each.get("GroupName", "")) for each in mine]


def _tags(group: "SecurityGroupTypeDef") -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in group.get("Tags", [])}


TITLES = {"A": ("a", "cname"), "AAAA": ("aaaa",), "CNAME": ("cname",)}
"""Prefixes of the name of a record's TXT record, by type: an alias is an A record, and ExternalDNS calls it a CNAME.

Source: registry/txt and registry/mapper of ExternalDNS.
"""

TYPE_IN_PREFIX = "%{record_type}"
"""Placeholder of the type in a prefix; without it the type stands between prefix and name."""


@limited()
def find_records(account: Account, marks: Marks) -> list[Found]:
    """Return the stack's records, TXT records last. Raises InputError if AWS does not answer."""
    if marks.zone is None:
        return []
    with account.asking("route53:ListResourceRecordSets"):
        pages = account.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=marks.zone)
        known = [each for page in pages for each in page["ResourceRecordSets"]]
        owned = [each for each in known if each["Type"] == "TXT" and _names_owner(each, marks.owner)]
        names = {each["Name"] for each in owned}
        described = [each for each in known if _is_described(each, names, marks.prefix)]
        return [_describe_record(each) for each in (*described, *owned)]


def _names_owner(txt: "ResourceRecordSetOutputTypeDef", owner: str) -> bool:
    """Return whether a TXT record says that `owner` created the record that it describes."""
    values = (value["Value"].strip('"').split(",") for value in txt.get("ResourceRecords", []))
    return any({"heritage=external-dns", f"external-dns/owner={owner}"} <= set(parts) for parts in values)


def _is_described(record: "ResourceRecordSetOutputTypeDef", names: Collection[str], prefix: str) -> bool:
    """Return whether one of the TXT records `names` describes a record."""
    pattern = prefix if TYPE_IN_PREFIX in prefix else f"{prefix}{TYPE_IN_PREFIX}-"
    titles = TITLES.get(record["Type"], ())
    return any(pattern.replace(TYPE_IN_PREFIX, title) + record["Name"] in names for title in titles)


def _describe_record(record: "ResourceRecordSetOutputTypeDef") -> Found:
    name = record["Name"].rstrip(".")
    return Found(Kind.RECORD, f"{record['Type']} {name}", f"{name} ({record['Type']})", record)
