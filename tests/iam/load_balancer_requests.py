"""The calls of AWS by the AWS Load Balancer Controller for Ingresses (its source, v3.5.0), and forbidden ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from components.addons.load_balancer_policy import Extra
from tests.iam.simulator import Request
from tests.iam.stack import ACCOUNT, CLUSTER, REGION

Context = Mapping[str, str | Sequence[str]]

TAG = "elbv2.k8s.aws/cluster"
OURS: Context = {f"aws:ResourceTag/{TAG}": "workshop"}
THEIRS: Context = {f"aws:ResourceTag/{TAG}": "other"}
MAKES_OURS: Context = {f"aws:RequestTag/{TAG}": "workshop", "aws:TagKeys": [TAG, "owner"]}
MAKES_THEIRS: Context = {f"aws:RequestTag/{TAG}": "other", "aws:TagKeys": [TAG]}
HERE: Context = {"aws:RequestedRegion": REGION}
VPC = f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{CLUSTER.vpc_id}"
IN_VPC: Context = {"ec2:Vpc": VPC, "ec2:VpcID": CLUSTER.vpc_id}
ELSEWHERE: Context = {"ec2:Vpc": f"{VPC[:-1]}1", "ec2:VpcID": f"{CLUSTER.vpc_id[:-1]}1"}
NODES = "aws:ResourceTag/kubernetes.io/cluster/workshop"


def elb(resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:elasticloadbalancing:{region}:{account}:{resource}"


def ec2(resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:ec2:{region}:{account}:{resource}"


BALANCER = elb("loadbalancer/app/k8s-workshop-0123/50dc6c495c0c9188")
GROUP = elb("targetgroup/k8s-books-0123/73e2d6bc24d8a067")
LISTENER = elb("listener/app/k8s-workshop-0123/50dc6c495c0c9188/f2f7dc8efc522ab2")
RULE = f"{LISTENER.replace('listener/', 'listener-rule/')}/9683b2d02a6cabee"
SECURITY_GROUP = ec2("security-group/sg-0123456789abcdef0")
CREATED = {"LoadBalancer": BALANCER, "TargetGroup": GROUP, "Listener": LISTENER, "Rule": RULE}
RULES = ("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress")
TAGGED = "elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"
RETAGS_OURS: Context = {**OURS, "aws:TagKeys": ["owner"]}
CREATES_GROUP: Context = {**MAKES_OURS, "ec2:CreateAction": "CreateSecurityGroup"}
ACM, POOLS = f"arn:aws:acm:{REGION}:{ACCOUNT}", f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool"
GROUPS, SHIELD = "pkg/deploy/ec2/security_group_manager.go", "pkg/deploy/shield/protection_manager.go"
SERVICE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role"


def created(kind: str, tags: Context) -> Request:
    """Return the call that tags something while it is created."""
    return Request(TAGGED[0], CREATED[kind], {**tags, "elasticloadbalancing:CreateAction": f"Create{kind}"})


def service_role(service: str) -> Request:
    host = f"{service}.amazonaws.com"
    return Request("iam:CreateServiceLinkedRole", f"{SERVICE_ROLE}/{host}/AWSServiceRole", {"iam:AWSServiceName": host})


class Call(NamedTuple):
    """A request that has to be allowed, with the place that makes it."""

    source: str
    """The file in the controller's source, v3.5.0, or what else makes the call in its name."""
    request: Request


def calls(source: str, service: str, actions: str, resource: str = "*", *contexts: Context) -> list[Call]:
    """Return each action on a resource in each context."""
    known = contexts or (HERE,)
    return [
        Call(source, Request(f"{service}:{each}", resource, context)) for context in known for each in actions.split()
    ]


ELB, ELBV2 = "elasticloadbalancing", "pkg/deploy/elbv2"
IMPLIED = "Elastic Load Balancing itself, in the caller's name ([API permissions]({}))".format(
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"
)
READS = [
    *calls(IMPLIED, "ec2", "DescribeAccountAttributes DescribeAddresses DescribeInternetGateways"),
    *calls("Elastic Load Balancing itself (upstream's pull request 3921)", "ec2", "GetSecurityGroupsForVpc"),
    *calls("pkg/networking/az_info_provider.go", "ec2", "DescribeAvailabilityZones"),
    *calls("pkg/networking/node_info_provider.go", "ec2", "DescribeInstances"),
    *calls("pkg/networking/pod_eni_info_resolver.go", "ec2", "DescribeNetworkInterfaces"),
    *calls("pkg/networking/subnet_resolver.go", "ec2", "DescribeRouteTables DescribeSubnets"),
    *calls("pkg/networking/security_group_manager.go", "ec2", "DescribeSecurityGroups"),
    *calls("pkg/networking/vpc_info_provider.go", "ec2", "DescribeVpcs"),
    *calls(f"{ELBV2}/listener_attributes_reconciler.go", ELB, "DescribeListenerAttributes"),
    *calls(f"{ELBV2}/listener_manager.go", ELB, "DescribeListenerCertificates"),
    *calls(f"{ELBV2}/load_balancer_attributes_reconciler.go", ELB, "DescribeLoadBalancerAttributes"),
    *calls(f"{ELBV2}/tagging_manager.go", ELB, "DescribeListeners DescribeLoadBalancers DescribeRules"),
    *calls(f"{ELBV2}/tagging_manager.go", ELB, "DescribeTags DescribeTargetGroups"),
    *calls(f"{ELBV2}/target_group_attributes_reconciler.go", ELB, "DescribeTargetGroupAttributes"),
    *calls("pkg/targetgroupbinding/targets_manager.go", ELB, "DescribeTargetHealth"),
    *calls("pkg/certs/cert_discovery.go", "acm", "ListCertificates"),
]
"""What it reads of everything in the region."""
CHANGES = [
    *calls(f"{ELBV2}/load_balancer_manager.go", ELB, "DeleteLoadBalancer SetIpAddressType", BALANCER, OURS),
    *calls(f"{ELBV2}/load_balancer_manager.go", ELB, "SetSecurityGroups SetSubnets", BALANCER, OURS),
    *calls(f"{ELBV2}/load_balancer_attributes_reconciler.go", ELB, "ModifyLoadBalancerAttributes", BALANCER, OURS),
    *calls(f"{ELBV2}/listener_manager.go", ELB, "CreateListener", BALANCER, OURS),
    *calls(f"{ELBV2}/listener_manager.go", ELB, "DeleteListener ModifyListener", LISTENER, OURS),
    *calls(f"{ELBV2}/listener_manager.go", ELB, "AddListenerCertificates RemoveListenerCertificates", LISTENER, OURS),
    *calls(f"{ELBV2}/listener_attributes_reconciler.go", ELB, "ModifyListenerAttributes", LISTENER, OURS),
    *calls(f"{ELBV2}/listener_rule_manager.go", ELB, "CreateRule", LISTENER, OURS),
    *calls(f"{ELBV2}/listener_rule_manager.go", ELB, "DeleteRule ModifyRule", RULE, OURS),
    *calls(f"{ELBV2}/target_group_manager.go", ELB, "DeleteTargetGroup ModifyTargetGroup", GROUP, OURS),
    *calls(f"{ELBV2}/target_group_attributes_reconciler.go", ELB, "ModifyTargetGroupAttributes", GROUP, OURS),
    *calls("pkg/targetgroupbinding/targets_manager.go", ELB, "RegisterTargets DeregisterTargets", GROUP, OURS),
]
"""What changes or removes something that is there, with the resource that AWS looks at."""
CALLS = [
    *READS,
    *CHANGES,
    *calls("pkg/certs/cert_discovery.go", "acm", "DescribeCertificate", f"{ACM}:certificate/0123", {}),
    Call(IMPLIED, service_role(ELB)),
    *calls(f"{ELBV2}/load_balancer_manager.go", ELB, "CreateLoadBalancer", f"{BALANCER[:-16]}*", MAKES_OURS),
    *calls(f"{ELBV2}/target_group_manager.go", ELB, "CreateTargetGroup", f"{GROUP[:-16]}*", MAKES_OURS),
    *(Call(f"{ELBV2}/tagging_manager.go", created(kind, MAKES_OURS)) for kind in CREATED),
    *calls(f"{ELBV2}/tagging_manager.go", ELB, "AddTags RemoveTags", BALANCER, RETAGS_OURS),
    *calls(f"{ELBV2}/listener_rule_manager.go", ELB, "SetRulePriorities", RULE, {}),
    *calls(GROUPS, "ec2", "CreateSecurityGroup", SECURITY_GROUP, MAKES_OURS),
    *calls(GROUPS, "ec2", "CreateSecurityGroup", VPC, {**MAKES_OURS, **IN_VPC}),
    *calls(GROUPS, "ec2", "DeleteSecurityGroup", SECURITY_GROUP, {**OURS, **IN_VPC}),
    *calls("pkg/deploy/ec2/tagging_manager.go", "ec2", "CreateTags", SECURITY_GROUP, CREATES_GROUP, RETAGS_OURS),
    *calls("pkg/deploy/ec2/tagging_manager.go", "ec2", "DeleteTags", SECURITY_GROUP, RETAGS_OURS),
    *(
        Call("pkg/networking/security_group_manager.go", Request(rule, SECURITY_GROUP, {**owner, **IN_VPC}))
        for rule in RULES
        for owner in (OURS, {NODES: "owned"}, {NODES: "shared"})
    ),
]
"""The calls of a stack that has load balancers and no extras."""
WEB_ACL, WAF = (
    f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/workshop/0123",
    "pkg/deploy/wafv2/web_acl_association_manager.go",
)
LOGINS = "Elastic Load Balancing itself, for rules with a Cognito login"
EXTRAS = {
    Extra.WAF: [
        *calls(WAF, "wafv2", "AssociateWebACL DisassociateWebACL GetWebACLForResource", BALANCER, {}),
        *calls(WAF, "wafv2", "AssociateWebACL", WEB_ACL, {}),
        *calls("WAF itself, for GetWebACLForResource", "wafv2", "GetWebACL", WEB_ACL, {}),
        *calls("pkg/ingress/model_builder.go", "wafv2", "ListWebACLs"),
        *calls("WAF itself, for AssociateWebACL", ELB, "SetWebAcl"),
    ],
    Extra.SHIELD: [
        *calls(SHIELD, "shield", "CreateProtection GetSubscriptionState DescribeProtection", "*", {}),
        *calls(SHIELD, "shield", "DeleteProtection", f"arn:aws:shield::{ACCOUNT}:protection/0123", {}),
    ],
    Extra.COGNITO: calls(LOGINS, "cognito-idp", "DescribeUserPoolClient", f"{POOLS}/{REGION}_0", {}),
}
"""What each extra adds."""
UPSTREAM = {call.request.action: call.source for found in (CALLS, *EXTRAS.values()) for call in found}
"""Every call of AWS that it makes for the stack, or that AWS makes in its name, with its source."""

FORBIDDEN = [
    # another cluster's, or nobody's
    *(replace(call.request, context=tags) for call in CHANGES for tags in (THEIRS, {})),
    *(Request(action, BALANCER, {**tags, "aws:TagKeys": ["owner"]}) for action in TAGGED for tags in (THEIRS, {})),
    *(
        Request(action, SECURITY_GROUP, {**tags, **IN_VPC})
        for action in (*RULES, "ec2:DeleteSecurityGroup", "ec2:CreateTags", "ec2:DeleteTags")
        for tags in (THEIRS, {}, {"aws:ResourceTag/kubernetes.io/cluster/other": "owned"})
    ),
    *(
        Request(f"ec2:{action}Tags", SECURITY_GROUP, {**tags, "aws:TagKeys": ["owner"]})
        for action in ("Create", "Delete")
        for tags in (THEIRS, {}, {NODES: "owned"})
    ),
    Request("ec2:DeleteSecurityGroup", SECURITY_GROUP, {NODES: "owned", **IN_VPC}),
    Request("elasticloadbalancing:SetRulePriorities", RULE.replace("k8s-", "shop-")),
    # what would make it another cluster's, or nobody's
    Request("elasticloadbalancing:CreateLoadBalancer", BALANCER, MAKES_THEIRS),
    Request("elasticloadbalancing:CreateLoadBalancer", BALANCER),
    Request("elasticloadbalancing:CreateTargetGroup", GROUP, MAKES_THEIRS),
    *(created(kind, tags) for kind in CREATED for tags in (MAKES_THEIRS, {"aws:TagKeys": ["owner"]})),
    *(Request(action, BALANCER, {**OURS, "aws:TagKeys": [TAG]}) for action in TAGGED),
    *(Request(action, BALANCER, OURS) for action in TAGGED),
    Request(TAGGED[0], BALANCER, {**THEIRS, **MAKES_OURS}),
    Request("ec2:CreateSecurityGroup", SECURITY_GROUP, MAKES_THEIRS),
    Request("ec2:CreateTags", SECURITY_GROUP, {**THEIRS, **MAKES_OURS}),
    Request("ec2:CreateTags", SECURITY_GROUP, MAKES_OURS),
    Request("ec2:CreateTags", SECURITY_GROUP, {**MAKES_THEIRS, "ec2:CreateAction": "CreateSecurityGroup"}),
    Request("ec2:CreateTags", ec2("instance/i-0123456789abcdef0"), {**OURS, "aws:TagKeys": ["owner"]}),
    Request("ec2:CreateTags", SECURITY_GROUP, {**MAKES_OURS, "ec2:CreateAction": "RunInstances"}),
    Request("ec2:DeleteTags", SECURITY_GROUP, OURS),
    Request("ec2:DeleteTags", SECURITY_GROUP, {**OURS, "aws:TagKeys": ["owner", TAG]}),
    # another VPC, region or account
    *(Request(action, SECURITY_GROUP, {**tags, **ELSEWHERE}) for action in RULES for tags in (OURS, {NODES: "owned"})),
    Request("ec2:CreateSecurityGroup", f"{VPC[:-1]}1", {**MAKES_OURS, **ELSEWHERE}),
    *(
        replace(call.request, resource=call.request.resource.replace(*moved))
        for call in CHANGES
        for moved in ((REGION, "us-east-1"), (ACCOUNT, "999999999999"))
    ),
    *(
        Request(action, ec2("security-group/sg-1", region, account), {**OURS, **IN_VPC})
        for action in (*RULES, "ec2:DeleteSecurityGroup")
        for region, account in (("us-east-1", ACCOUNT), (REGION, "999999999999"))
    ),
    *(replace(call.request, context={"aws:RequestedRegion": "us-east-1"}) for call in READS),
    Request("acm:DescribeCertificate", f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0123"),
    # other kinds of load balancers
    Request("elasticloadbalancing:CreateLoadBalancer", elb("loadbalancer/net/k8s-a/1"), MAKES_OURS),
    Request("elasticloadbalancing:DeleteLoadBalancer", elb("loadbalancer/net/k8s-a/1"), OURS),
    Request("elasticloadbalancing:DeleteLoadBalancer", elb("loadbalancer/classic"), OURS),
    # what it has no business with
    service_role("eks"),
    replace(service_role("elasticloadbalancing"), context={"iam:AWSServiceName": "eks.amazonaws.com"}),
    Request("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin"),
    Request("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/own"),
    Request("ec2:RunInstances", ec2("instance/*"), MAKES_OURS),
    Request("ec2:AuthorizeSecurityGroupEgress", SECURITY_GROUP, {**OURS, **IN_VPC}),
    Request("ec2:ModifyNetworkInterfaceAttribute", ec2("network-interface/eni-1"), OURS),
    Request("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"),
    Request("acm:DeleteCertificate", f"{ACM}:certificate/0123", OURS),
    Request("acm:RequestCertificate", "*", HERE),
    Request("s3:GetObject", "arn:aws:s3:::state/stack.json"),
    Request("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:a-1"),
    # with any extras
    Request("wafv2:AssociateWebACL", elb("loadbalancer/app/k8s-a/1", "us-east-1")),
    Request("elasticloadbalancing:SetWebAcl", "*", {"aws:RequestedRegion": "us-east-1"}),
    Request("wafv2:CreateWebACL", WEB_ACL),
    Request("waf-regional:AssociateWebACL", BALANCER),
    Request("shield:DeleteProtection", "arn:aws:shield::999999999999:protection/0123"),
    Request("shield:DeleteSubscription"),
    Request("cognito-idp:DescribeUserPoolClient", f"{POOLS}/0".replace(REGION, "us-east-1")),
    Request("cognito-idp:AdminCreateUser", f"{POOLS}/{REGION}_0"),
]
