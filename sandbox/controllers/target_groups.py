"""Target groups, by tag: those of a stack, and those of one Ingress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.controllers.aws import Aws, pairs
from sandbox.controllers.cluster import Ingress
from sandbox.controllers.groups import ALB
from sandbox.controllers.network import CLUSTER, PART, STACK, short

MOST_ARNS = 20
"""The most that one request for tags may name."""


def tagged(aws: Aws, arns: Sequence[str], wanted: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Return the tags of those load balancers or target groups that have the wanted ones, by ARN."""
    parts = [arns[first : first + MOST_ARNS] for first in range(0, len(arns), MOST_ARNS)]
    found = [each for part in parts for each in aws.elbv2.describe_tags(ResourceArns=part)["TagDescriptions"]]
    tags = {
        each.get("ResourceArn", ""): {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])}
        for each in found
    }
    return {arn: own for arn, own in tags.items() if wanted.items() <= own.items()}


@dataclass(frozen=True)
class TargetGroups:
    """Those of one cluster."""

    aws: Aws
    cluster: str
    vpc: str

    def make(self, stack: str, ingresses: Sequence[Ingress]) -> dict[str, list[str]]:
        """Return the ARNs of each Ingress' target groups in the order of its rules; create those that are missing."""
        there = {tags[PART]: arn for arn, tags in self._of(stack).items()}
        return {each.path: [self._made(stack, there, each, *rule[1:]) for rule in each.rules] for each in ingresses}

    def remove_all_but(self, stack: str, kept: Sequence[str]) -> None:
        """Remove those of a stack that are not in `kept`."""
        for arn in self._of(stack):
            if arn not in kept:
                self.aws.elbv2.delete_target_group(TargetGroupArn=arn)

    def _of(self, stack: str) -> dict[str, Mapping[str, str]]:
        pages = self.aws.elbv2.get_paginator("describe_target_groups").paginate()
        known = [each.get("TargetGroupArn", "") for page in pages for each in page["TargetGroups"]]
        return tagged(self.aws, known, {CLUSTER: self.cluster, STACK: stack})

    def _made(self, stack: str, there: Mapping[str, str], ingress: Ingress, service: str, port: int) -> str:
        part = f"{ingress.namespace}/{ingress.name}-{service}:{port}"
        if part in there:
            return there[part]
        made = self.aws.elbv2.create_target_group(
            Name=short(f"k8s-{part}-{stack}", self.cluster),
            Protocol="HTTP",
            Port=port,
            VpcId=self.vpc,
            TargetType="ip",
            HealthCheckPath=ingress.annotation(f"{ALB}/healthcheck-path", "/"),
            HealthCheckPort=ingress.annotation(f"{ALB}/healthcheck-port", "traffic-port"),
            Tags=pairs({CLUSTER: self.cluster, STACK: stack, PART: part}),
        )
        return made["TargetGroups"][0].get("TargetGroupArn", "")
