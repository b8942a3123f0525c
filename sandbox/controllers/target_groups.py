"""Target groups, by tag: those of a stack, and those of one Ingress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.controllers.aws import Aws
from sandbox.controllers.cluster import Ingress
from sandbox.controllers.groups import ALB
from sandbox.controllers.network import CLUSTER, PART, STACK, short

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import TagTypeDef


def tags_of(cluster: str, stack: str, part: str) -> "list[TagTypeDef]":
    """The tags by which the controller recognizes what it created."""
    tags = {CLUSTER: cluster, STACK: stack, PART: part}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tagged(aws: Aws, arns: Sequence[str], wanted: Mapping[str, str]) -> list[str]:
    """Those of some load balancers or target groups that have tags; at most 20 are looked at."""
    told = aws.elbv2.describe_tags(ResourceArns=list(arns[:20]))["TagDescriptions"] if arns else []
    return [
        each.get("ResourceArn", "")
        for each in told
        if wanted.items() <= {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])}.items()
    ]


@dataclass(frozen=True)
class TargetGroups:
    """Those of one cluster."""

    aws: Aws
    cluster: str
    vpc: str

    def make(self, stack: str, ingress: Ingress) -> list[str]:
        """Return the ARNs of an Ingress' target groups in the order of its rules; create those that are missing."""
        return [self._made(stack, ingress, service, port) for _, service, port in ingress.rules]

    def remove_all_but(self, stack: str, kept: Sequence[str]) -> None:
        """Remove those of a stack that are not in `kept`."""
        for arn in self._of(stack):
            if arn not in kept:
                self.aws.elbv2.delete_target_group(TargetGroupArn=arn)

    def _of(self, stack: str, part: str | None = None) -> list[str]:
        known = [each.get("TargetGroupArn", "") for each in self.aws.elbv2.describe_target_groups()["TargetGroups"]]
        wanted = {CLUSTER: self.cluster, STACK: stack, **({PART: part} if part else {})}
        return tagged(self.aws, known, wanted)

    def _made(self, stack: str, ingress: Ingress, service: str, port: int) -> str:
        part = f"{ingress.namespace}/{ingress.name}-{service}:{port}"
        if there := self._of(stack, part):
            return there[0]
        made = self.aws.elbv2.create_target_group(
            Name=short(f"k8s-{ingress.namespace[:8]}-{service[:8]}-{stack}", self.cluster),
            Protocol="HTTP",
            Port=port,
            VpcId=self.vpc,
            TargetType="ip",
            HealthCheckPath=ingress.annotation(f"{ALB}/healthcheck-path", "/"),
            HealthCheckPort=ingress.annotation(f"{ALB}/healthcheck-port", "traffic-port"),
            Tags=tags_of(self.cluster, stack, part),
        )
        return made["TargetGroups"][0].get("TargetGroupArn", "")
