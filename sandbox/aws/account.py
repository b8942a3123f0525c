"""Creates what an account has before the stack: the cluster with its network, a hosted zone, the operator's role."""

import hashlib
import json
import time
from typing import Any

from sandbox.aws import backends
from sandbox.aws.calls import RefusalError
from sandbox.aws.eks import Eks
from sandbox.aws.process import Account

AGENT = "eks-pod-identity-agent"
ZONES = ("a", "b", "c")


def ensure(account: Account, eks: Eks) -> bool:
    """Create what is missing; return whether anything was created. Raises if there is no such region."""
    if not backends.knows(account.region):
        raise RefusalError("InvalidParameterException", f"EKS is in no region {account.region}: correct `eks.region`")
    created = [
        ensure_role(account.number, account.role) if account.role else False,
        ensure_cluster(account, eks),
        ensure_zone(account.number, account.zone) if account.zone else False,
    ]
    return any(created)


def ensure_role(account: str, arn: str) -> bool:
    """Create a role that everybody in the account may assume, if it is missing."""
    if backends.role_exists(arn):
        return False
    path, _, name = arn.partition(":role")[2].rpartition("/")
    create_role(account, name, f"{path}/", {"AWS": f"arn:aws:iam::{account}:root"})
    return True


def create_role(account: str, name: str, path: str, principal: dict[str, str]) -> str:
    """Create a role for a principal; return its ARN."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    role: Any = backends.of("iam", account, "aws").create_role(
        role_name=name,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        path=path,
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    return str(role.arn)


def ensure_cluster(account: Account, eks: Eks) -> bool:
    """Create the cluster that is this sandbox, its network, OIDC provider and Pod Identity add-on, if it is missing."""
    number, region, name = account.number, account.region, account.cluster
    if name in backends.clusters(number, region):
        return False
    backends.prepare(number, region)
    vpc, subnets = create_network(account)
    arn = create_role(number, f"{name}-{region}-cluster", "/", {"Service": "eks.amazonaws.com"})
    security_group: Any = backends.of("ec2", number, region).create_security_group(
        f"eks-cluster-sg-{name}", "EKS created security group", vpc_id=vpc
    )
    network = {"subnetIds": subnets, "securityGroupIds": [], "clusterSecurityGroupId": security_group.id, "vpcId": vpc}
    network |= {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
    cluster: Any = backends.of("eks", number, region).create_cluster(
        name=name, role_arn=arn, resources_vpc_config=network, tags={}
    )
    cluster.sandbox = True
    issuer = (
        f"https://oidc.eks.{region}.amazonaws.com/id/{hashlib.sha256(cluster.arn.encode()).hexdigest()[:32].upper()}"
    )
    cluster.identity = {"oidc": {"issuer": issuer}}
    backends.of("iam", number, "aws").create_open_id_connect_provider(issuer, [], ["sts.amazonaws.com"], [])
    eks.records(number, region, name, "addons").create({"addonName": AGENT})
    return True


def create_network(account: Account) -> tuple[str, list[str]]:
    """Create a VPC with a public and a private subnet in each of three zones; return its id and theirs."""
    ec2 = backends.of("ec2", account.number, account.region)
    vpc = str(ec2.create_vpc("10.0.0.0/16").id)
    subnets: list[str] = []
    for number, (zone, role) in enumerate((zone, role) for role in ("elb", "internal-elb") for zone in ZONES):
        subnet = ec2.create_subnet(vpc, f"10.0.{number * 16}.0/20", availability_zone=f"{account.region}{zone}")
        tags = {f"kubernetes.io/role/{role}": "1", f"kubernetes.io/cluster/{account.cluster}": "shared"}
        ec2.create_tags([subnet.id], tags)
        subnets.append(str(subnet.id))
    return vpc, subnets


def ensure_zone(account: str, name: str) -> bool:
    """Create a public hosted zone, if it is missing."""
    route53 = backends.of("route53", account, "aws")
    if any(zone.name.rstrip(".") == name.rstrip(".") for zone in route53.zones.values()):
        return False
    route53.create_hosted_zone(f"{name.rstrip('.')}.", private_zone=False, caller_reference=str(time.time()))
    return True
