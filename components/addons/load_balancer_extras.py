"""The permissions of the AWS Load Balancer Controller beyond load balancers, for stacks that ask for them.

None of these actions supports a condition key for the load balancer's tags, so they hold for all of the account's.
"""

from collections.abc import Collection
from enum import StrEnum

from components.resources.iam_policy import Condition, Statement, statement
from model.eks import EksCluster, regional_arn


class Extra(StrEnum):
    """A feature that needs more permissions, and that only some stacks need."""

    WAF = "waf"
    SHIELD = "shield"
    COGNITO = "cognito"


def statements(cluster: EksCluster, extras: Collection[Extra]) -> list[Statement]:
    """Return the permissions of the controller of `cluster` for `extras`."""
    made = {Extra.WAF: _waf, Extra.SHIELD: _shield, Extra.COGNITO: _cognito}
    return [each for extra, of in made.items() if extra in extras for each in of(cluster)]


def _waf(cluster: EksCluster) -> list[Statement]:
    acls = regional_arn(cluster, "wafv2", "regional/webacl/*")
    balancers = regional_arn(cluster, "elasticloadbalancing", "loadbalancer/app/*")
    actions = [f"wafv2:{what}WebACL" for what in ("Get", "Associate", "Disassociate")]
    here: Condition = {"StringEquals": {"aws:RequestedRegion": cluster.region}}
    return [
        statement("WebAcls", [*actions, "wafv2:GetWebACLForResource"], [acls, balancers]),
        statement("SetWebAcl", ["elasticloadbalancing:SetWebAcl", "wafv2:ListWebACLs"], ["*"], here),
    ]


def _shield(cluster: EksCluster) -> list[Statement]:
    protections = f"arn:{cluster.partition}:shield::{cluster.account}:protection/*"
    read = ["shield:GetSubscriptionState", "shield:DescribeProtection"]
    return [
        statement("Shield", [*read, "shield:CreateProtection"], ["*"]),
        statement("UnShield", ["shield:DeleteProtection"], [protections]),
    ]


def _cognito(cluster: EksCluster) -> list[Statement]:
    pools = regional_arn(cluster, "cognito-idp", "userpool/*")
    return [statement("UserPools", ["cognito-idp:DescribeUserPoolClient"], [pools])]
