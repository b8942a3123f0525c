"""Creates the AWS resources of a group of Ingresses: a load balancer, its listeners, target groups and rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from sandbox.controllers.aws import Aws, pairs
from sandbox.controllers.groups import DisagreementError, Group, listeners
from sandbox.controllers.network import CLUSTER, PART, RESOURCE, SHARED, STACK, Network, short
from sandbox.controllers.target_groups import TargetGroups, tagged

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import ActionTypeDef, ModifyListenerInputTypeDef

EVERYWHERE = "0.0.0.0/0"
NOTHING_HERE: "ActionTypeDef" = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"},
}
"""A listener's answer if no rule matches."""


@dataclass(frozen=True)
class Balancers:
    """Those of one cluster."""

    aws: Aws
    network: Network

    @property
    def _targets(self) -> TargetGroups:
        return TargetGroups(self.aws, self.network.cluster, self.network.vpc)

    def make(self, group: Group) -> str:
        """Create what the group's members ask for; return the load balancer's DNS name."""
        group.check()
        self._check_certificates(group)
        arn, name = self._load_balancer(group)
        targets = self._targets.make(group.id, group.members)
        found = self.aws.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        there = {each.get("Port", 0): each.get("ListenerArn", "") for each in found}
        for port, protocol in group.ports.items():
            listener = self._listener(group, arn, port, protocol, there.pop(port, None))
            redirects = protocol == "HTTP" and group.agreed("ssl-redirect")  # whatever the rules say
            served = [] if redirects else [each for each in group.members if port in listeners(each)]
            pairs = [pair for each in served for pair in zip(each.rules, targets[each.path], strict=True)]
            self._set_rules(listener, {host: target for (host, _, _), target in pairs})
        for each in there.values():
            self.aws.elbv2.delete_listener(ListenerArn=each)
        self._targets.remove_all_but(group.id, [arn for arns in targets.values() for arn in arns])
        return name

    def remove(self, group: Group, *, last: bool) -> None:
        """Remove everything of the group, and what it shares with others if it is the last one in the cluster."""
        for arn in self._of(group.id):
            self.aws.elbv2.delete_load_balancer(LoadBalancerArn=arn)
        self._targets.remove_all_but(group.id, [])
        self.network.remove_groups({CLUSTER: self.network.cluster, STACK: group.id})
        if last:
            self.network.remove_groups({CLUSTER: self.network.cluster, RESOURCE: SHARED})

    def _check_certificates(self, group: Group) -> None:
        if "HTTPS" in group.ports.values() and not group.certificates:
            message = f"no certificate for group {group.id}"
            raise DisagreementError(message)
        for arn in group.certificates:
            status = self.aws.acm.describe_certificate(CertificateArn=arn)["Certificate"].get("Status")
            if status != "ISSUED":
                message = f"UnsupportedCertificate: {arn} is {status}"
                raise DisagreementError(message)

    def _load_balancer(self, group: Group) -> tuple[str, str]:
        """Return the ARN and the DNS name of the group's load balancer, which is created if it is missing."""
        if there := self._of(group.id):
            found = self.aws.elbv2.describe_load_balancers(LoadBalancerArns=there)["LoadBalancers"][0]
            return there[0], found.get("DNSName", "")
        internet = group.agreed("scheme", "internal") == "internet-facing"
        own = self.network.own_group(group.id, list(group.ports), group.agreed("inbound-cidrs", EVERYWHERE).split(","))
        made = self.aws.elbv2.create_load_balancer(
            Name=short(f"k8s-{group.id}", self.network.cluster),
            Scheme="internet-facing" if internet else "internal",
            Type="application",
            Subnets=list(self.network.subnets("internet-facing" if internet else "internal")),
            SecurityGroups=[own, self.network.shared_group()],
            Tags=pairs({CLUSTER: self.network.cluster, STACK: group.id, PART: "LoadBalancer"}),
        )["LoadBalancers"][0]
        return made.get("LoadBalancerArn", ""), made.get("DNSName", "")

    def _of(self, stack: str) -> list[str]:
        known = [each.get("LoadBalancerArn", "") for each in self.aws.elbv2.describe_load_balancers()["LoadBalancers"]]
        return list(tagged(self.aws, known, {CLUSTER: self.network.cluster, STACK: stack}))

    def _listener(self, group: Group, arn: str, port: int, protocol: str, there: str | None) -> str:
        """Create a listener, or change the one that is there; return its ARN."""
        https = protocol == "HTTPS"
        to = group.agreed("ssl-redirect")
        action: ActionTypeDef = NOTHING_HERE
        if to and not https:
            action = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": to, "StatusCode": "HTTP_301"}}
        if there is None:
            made = self.aws.elbv2.create_listener(
                LoadBalancerArn=arn, Port=port, Protocol="HTTP", DefaultActions=[NOTHING_HERE]
            )
            there = made["Listeners"][0].get("ListenerArn", "")
        wanted: ModifyListenerInputTypeDef = {
            "ListenerArn": there,
            "Protocol": "HTTPS" if https else "HTTP",
            "DefaultActions": [action],
        }
        if https:
            wanted["SslPolicy"] = group.agreed("ssl-policy", "ELBSecurityPolicy-2016-08")
            wanted["Certificates"] = [{"CertificateArn": group.certificates[0]}]
        self.aws.elbv2.modify_listener(**wanted)
        return there

    def _set_rules(self, listener: str, wanted: Mapping[str, str]) -> None:
        """Have a listener forward each host to its target group, and nothing else."""
        priorities: set[str] = set()
        missing = dict(wanted)
        pages = self.aws.elbv2.get_paginator("describe_rules").paginate(ListenerArn=listener)
        for rule in [rule for page in pages for rule in page["Rules"] if not rule.get("IsDefault")]:
            headers = [each.get("HostHeaderConfig", {}) for each in rule.get("Conditions", [])]
            hosts = [host for each in headers for host in each.get("Values", [])]
            targets = [each.get("TargetGroupArn") for each in rule.get("Actions", [])]
            if [missing.get(host) for host in hosts] == targets:
                missing = {host: target for host, target in missing.items() if host not in hosts}
                priorities.add(rule.get("Priority", ""))
            else:
                self.aws.elbv2.delete_rule(RuleArn=rule.get("RuleArn", ""))
        free = (priority for priority in count(1) if str(priority) not in priorities)
        for host, target in missing.items():
            self.aws.elbv2.create_rule(
                ListenerArn=listener,
                Priority=next(free),
                Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}],
                Actions=[{"Type": "forward", "TargetGroupArn": target}],
            )
