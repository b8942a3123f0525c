"""The permissions of the AWS Load Balancer Controller: to read, and to change what has its own cluster's tag.

Upstream's policy only requires the tag of some cluster, and requires nothing for listeners, rules, targets and the
rules of security groups: a controller could change the load balancers of every other cluster in the account.

Which action supports which condition key: docs.aws.amazon.com/service-authorization; a key that an action does not
support makes the statement allow nothing. What the controller calls, and with which tags: its source, v3.5.0, which
docs/iam/calls.md lists by statement.
"""

from collections.abc import Collection
from enum import StrEnum

from components.resources.iam_policy import Condition, Statement, statement
from model.eks import EksCluster, regional_arn
from model.names import CLUSTER_TAG

READ = (
    *("ec2:DescribeAccountAttributes", "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones"),
    *("ec2:DescribeInstances", "ec2:DescribeInternetGateways", "ec2:DescribeNetworkInterfaces"),
    *("ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
    "ec2:GetSecurityGroupsForVpc",
    *(
        f"elasticloadbalancing:Describe{what}"
        for what in (
            *("ListenerAttributes", "ListenerCertificates", "Listeners", "LoadBalancerAttributes", "LoadBalancers"),
            *("Rules", "Tags", "TargetGroupAttributes", "TargetGroups", "TargetHealth"),
        )
    ),
    "acm:ListCertificates",
)
CHANGE = tuple(
    f"elasticloadbalancing:{what}"
    for what in (
        *("DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "SetIpAddressType", "SetSecurityGroups", "SetSubnets"),
        *("CreateListener", "DeleteListener", "ModifyListener", "ModifyListenerAttributes"),
        *("AddListenerCertificates", "RemoveListenerCertificates", "CreateRule", "DeleteRule", "ModifyRule"),
        *("DeleteTargetGroup", "ModifyTargetGroup", "ModifyTargetGroupAttributes"),
        *("RegisterTargets", "DeregisterTargets"),
    )
)


class Extra(StrEnum):
    """A feature that needs more permissions, and that only some stacks need."""

    WAF = "waf"
    SHIELD = "shield"
    COGNITO = "cognito"


def statements(cluster: EksCluster, extras: Collection[Extra]) -> list[Statement]:
    """Return the permissions of the controller of `cluster`, with `extras`."""
    return [*_reading(cluster), *_security_groups(cluster), *_load_balancers(cluster), *_extras(cluster, extras)]


def _reading(cluster: EksCluster) -> list[Statement]:
    service = "elasticloadbalancing.amazonaws.com"
    role = f"arn:{cluster.partition}:iam::{cluster.account}:role/aws-service-role/{service}/*"
    return [
        statement("Read", READ, ["*"], {"StringEquals": {"aws:RequestedRegion": cluster.region}}),
        statement("ReadCertificates", ["acm:DescribeCertificate"], [regional_arn(cluster, "acm", "certificate/*")]),
        statement(
            "ServiceRole",  # an account's very first load balancer creates it
            ["iam:CreateServiceLinkedRole"],
            [role],
            {"StringEquals": {"iam:AWSServiceName": service}},
        ),
    ]


def _security_groups(cluster: EksCluster) -> list[Statement]:
    groups, name = [regional_arn(cluster, "ec2", "security-group/*")], cluster.name
    # A shared VPC belongs to another account; its id is unique in all of AWS.
    vpc = f"arn:{cluster.partition}:ec2:{cluster.region}:*:vpc/{cluster.vpc_id}"
    here: Condition = {"ArnLike": {"ec2:Vpc": vpc}}
    of_nodes = {f"aws:ResourceTag/kubernetes.io/cluster/{name}": ["owned", "shared"]}
    rules = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
    created = {"ec2:CreateAction": "CreateSecurityGroup", **_requested(cluster)}
    return [
        statement("CreateGroup", ["ec2:CreateSecurityGroup"], groups, {"StringEquals": _requested(cluster)}),
        # AWS checks the call against the VPC, too; the request's tags do not apply there.
        statement("InTheVpc", ["ec2:CreateSecurityGroup"], [vpc], {"StringEquals": {"ec2:VpcID": cluster.vpc_id}}),
        statement("TagNewGroup", ["ec2:CreateTags"], groups, {"StringEquals": created}),
        statement("TagGroup", ["ec2:CreateTags", "ec2:DeleteTags"], groups, _other_tags(cluster)),
        statement(
            "ChangeGroup", [*rules, "ec2:DeleteSecurityGroup"], groups, {"StringEquals": _owned(cluster), **here}
        ),
        # The nodes' groups let the load balancer in; EKS, and every other tool that creates nodes, tags them like this.
        statement("AdmitToNodes", rules, groups, {"StringEquals": of_nodes, **here}),
    ]


def _load_balancers(cluster: EksCluster) -> list[Statement]:
    made = [_elb(cluster, f"{kind}/*") for kind in ("loadbalancer/app", "targetgroup")]
    below = [_elb(cluster, f"{kind}/app/*") for kind in ("listener", "listener-rule")]
    kinds = ("LoadBalancer", "TargetGroup", "Listener", "Rule")
    created = {"elasticloadbalancing:CreateAction": [f"Create{kind}" for kind in kinds], **_requested(cluster)}
    create = [f"elasticloadbalancing:Create{kind}" for kind in kinds[:2]]
    tag = ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"]
    return [
        statement("Create", create, made, {"StringEquals": _requested(cluster)}),
        statement("TagNew", tag[:1], [*made, *below], {"StringEquals": created}),
        statement("Tag", tag, [*made, *below], _other_tags(cluster)),
        statement("Change", CHANGE, [*made, *below], {"StringEquals": _owned(cluster)}),
        # No condition key for tags is documented for this one; so it is narrowed by the names that controllers give.
        statement("OrderRules", ["elasticloadbalancing:SetRulePriorities"], [_elb(cluster, "listener-rule/app/k8s-*")]),
    ]


def _extras(cluster: EksCluster, extras: Collection[Extra]) -> list[Statement]:
    """Return the permissions for `extras`, which hold for all load balancers of the account.

    None of these actions supports a condition key for the load balancer's tags.
    """
    acls, balancers = regional_arn(cluster, "wafv2", "regional/webacl/*"), _elb(cluster, "loadbalancer/app/*")
    actions = [
        f"wafv2:{what}" for what in ("GetWebACL", "AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource")
    ]
    here: Condition = {"StringEquals": {"aws:RequestedRegion": cluster.region}}
    shield = [f"shield:{what}" for what in ("GetSubscriptionState", "DescribeProtection", "CreateProtection")]
    protections = f"arn:{cluster.partition}:shield::{cluster.account}:protection/*"
    pools = regional_arn(cluster, "cognito-idp", "userpool/*")
    needed = {
        Extra.WAF: [
            statement("WebAcls", actions, [acls, balancers]),
            statement("SetWebAcl", ["elasticloadbalancing:SetWebAcl", "wafv2:ListWebACLs"], ["*"], here),
        ],
        Extra.SHIELD: [
            statement("Shield", shield, ["*"]),
            statement("UnShield", ["shield:DeleteProtection"], [protections]),
        ],
        Extra.COGNITO: [statement("UserPools", ["cognito-idp:DescribeUserPoolClient"], [pools])],
    }
    return [each for extra, found in needed.items() if extra in extras for each in found]


def _elb(cluster: EksCluster, resource: str) -> str:
    return regional_arn(cluster, "elasticloadbalancing", resource)


def _requested(cluster: EksCluster) -> dict[str, str]:
    """Return the condition that a request puts this cluster's tag on what it creates."""
    return {f"aws:RequestTag/{CLUSTER_TAG}": cluster.name}


def _owned(cluster: EksCluster) -> dict[str, str]:
    """Return the condition that a resource carries this cluster's tag."""
    return {f"aws:ResourceTag/{CLUSTER_TAG}": cluster.name}


def _other_tags(cluster: EksCluster) -> Condition:
    """Return the condition for changing tags of this cluster's resources: any but the cluster's own tag."""
    return {
        "StringEquals": _owned(cluster),
        "ForAllValues:StringNotEquals": {"aws:TagKeys": [CLUSTER_TAG]},
        "Null": {"aws:TagKeys": "false"},  # a request without keys removes all tags
    }
