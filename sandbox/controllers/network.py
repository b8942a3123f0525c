"""The security groups of load balancers, and the subnets that they go to."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.controllers.aws import Aws, pairs

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, IpPermissionTypeDef, IpRangeTypeDef

CLUSTER, RESOURCE = "elbv2.k8s.aws/cluster", "elbv2.k8s.aws/resource"
STACK, PART = "ingress.k8s.aws/stack", "ingress.k8s.aws/resource"
SHARED = "backend-sg"
ROLES = {"internet-facing": "kubernetes.io/role/elb", "internal": "kubernetes.io/role/internal-elb"}
LONGEST_NAME = 32


def short(name: str, cluster: str) -> str:
    """Return a name as ELB takes it, unique in the account and region."""
    mark = hashlib.sha256(f"{cluster}/{name}".encode()).hexdigest()[:8]
    plain = "".join(each if each.isalnum() else "-" for each in name)
    return f"{plain[: LONGEST_NAME - 9].strip('-')}-{mark}"


@dataclass(frozen=True)
class Network:
    """One cluster's VPC."""

    aws: Aws
    cluster: str
    vpc: str

    def subnets(self, scheme: str) -> Sequence[str]:
        """Return the subnets that are marked for load balancers of a scheme."""
        marked: FilterTypeDef = {"Name": f"tag:{ROLES[scheme]}", "Values": ["1"]}
        found = self.aws.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}, marked])
        return [each.get("SubnetId", "") for each in found["Subnets"]]

    def security_groups(self, tags: Mapping[str, str]) -> Sequence[str]:
        """Return the security groups with all of these tags."""
        filters: list[FilterTypeDef] = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
        found = self.aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        return [each.get("GroupId", "") for each in found]

    def own_group(self, stack: str, ports: Sequence[int], networks: Sequence[str]) -> str:
        """Return the security group of one load balancer, which admits `networks` on `ports`."""
        ranges: list[IpRangeTypeDef] = [{"CidrIp": network} for network in networks]
        rules: list[IpPermissionTypeDef] = [
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges} for port in ports
        ]
        tags = {CLUSTER: self.cluster, STACK: stack, PART: "ManagedLBSecurityGroup"}
        return self._ensure(short(f"k8s-{stack}", self.cluster), tags, rules)

    def shared_group(self) -> str:
        """Return the security group that all load balancers of the cluster share."""
        return self._ensure(f"k8s-traffic-{self.cluster}", {CLUSTER: self.cluster, RESOURCE: SHARED}, [])

    def remove_groups(self, tags: Mapping[str, str]) -> None:
        """Remove the security groups with these tags."""
        for each in self.security_groups(tags):
            self.aws.ec2.delete_security_group(GroupId=each)

    def _ensure(self, name: str, tags: Mapping[str, str], rules: "Sequence[IpPermissionTypeDef]") -> str:
        """Return the security group with these tags, which is created if it is missing."""
        if there := self.security_groups(tags):
            return there[0]
        group = self.aws.ec2.create_security_group(
            GroupName=name,
            Description="[k8s] of the sandbox",
            VpcId=self.vpc,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": pairs(tags)}],
        )["GroupId"]
        if rules:
            self.aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
        return group
