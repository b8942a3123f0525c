"""An account in this process, with what the two controllers create in it."""

import uuid
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moto import mock_aws

from sandbox.aws import backends
from sandbox.aws.corrections.permissions import describe_tags_of_what_is_there
from sandbox.controllers.aws import Aws, connect
from sandbox.controllers.balancers import Balancers
from sandbox.controllers.cluster import Ingress
from sandbox.controllers.groups import groups
from sandbox.controllers.network import Network
from workshop.drain.account import Account, Marks

if TYPE_CHECKING:
    from mypy_boto3_route53.literals import RRTypeType
    from mypy_boto3_route53.type_defs import ResourceRecordSetTypeDef

REGION, OWNER = "eu-central-1", "workshop-dev"
PREFIX = "_external-dns-%{record_type}."


@dataclass(frozen=True)
class InProcess:
    """A cluster and a zone in the account, without a check of the caller."""

    cluster: str
    vpc: str
    zone: str
    aws: Aws

    @property
    def account(self) -> Account:
        """The account as commands see it."""
        return Account(self.aws.elbv2, self.aws.ec2, self.aws.route53, lambda _: nullcontext())

    def marks(self, group: str | None = "workshop-dev") -> Marks:
        """Return the marks of what belongs to the stack `dev`."""
        return Marks(self.cluster, group, self.zone, OWNER, PREFIX)

    def serve(self, group: str, *names: str, cluster: str | None = None) -> None:
        """Let the load balancer controller serve an Ingress of each name in a group."""
        alb = "alb.ingress.kubernetes.io"
        annotations = {f"{alb}/group.name": group, f"{alb}/scheme": "internet-facing"}
        ingresses = [
            Ingress("apps", name, annotations, ((f"{name}.example.com", name, 80),), (), is_going=False, address="")
            for name in names
        ]
        Balancers(self.aws, Network(self.aws, cluster or self.cluster, self.vpc)).make(groups(ingresses)[0])

    def record(self, name: str, type_: "RRTypeType", value: str) -> None:
        """Write a record."""
        record: ResourceRecordSetTypeDef = {"Name": name, "Type": type_, "TTL": 60, "ResourceRecords": []}
        record["ResourceRecords"] = [{"Value": value}]
        self.aws.route53.change_resource_record_sets(
            HostedZoneId=self.zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        )

    def own(self, host: str, owner: str = OWNER) -> None:
        """Write a host's record and its owner's, as ExternalDNS does."""
        self.record(host, "CNAME", "balancer.example.net")
        owned = f'"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/apps/shop"'
        self.record(PREFIX.replace("%{record_type}", "cname") + host, "TXT", owned)


@contextmanager
def account() -> Generator[InProcess]:
    """Give an account with a network, a zone and an empty cluster."""
    backends.replace("moto.elbv2.models:ELBv2Backend.describe_tags", describe_tags_of_what_is_there)
    with mock_aws():
        aws = connect(REGION)
        yield InProcess("workshop", _vpc(aws), _zone(aws), aws)


def another(before: InProcess) -> InProcess:
    """Return the same account with another, empty cluster and another, empty zone."""
    return replace(before, cluster=f"{before.cluster}-next", zone=_zone(before.aws))


def _vpc(aws: Aws) -> str:
    vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"].get("VpcId", "")
    for number in range(2):
        aws.ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{number}.0/24",
            AvailabilityZone=f"{REGION}{'ab'[number]}",
            TagSpecifications=[{"ResourceType": "subnet", "Tags": [{"Key": "kubernetes.io/role/elb", "Value": "1"}]}],
        )
    return vpc


def _zone(aws: Aws) -> str:
    made = aws.route53.create_hosted_zone(Name="example.com", CallerReference=uuid.uuid4().hex)
    return made["HostedZone"]["Id"].rpartition("/")[2]
