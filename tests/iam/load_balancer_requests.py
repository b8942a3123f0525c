"""The calls of AWS by the AWS Load Balancer Controller for Ingresses (its source, v3.5.0), and forbidden ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
CHANGES: Mapping[str, str] = {
    **dict.fromkeys(
        ("DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "SetIpAddressType", "SetSecurityGroups", "SetSubnets"),
        BALANCER,
    ),
    "CreateListener": BALANCER,
    **dict.fromkeys(("DeleteListener", "ModifyListener", "ModifyListenerAttributes", "CreateRule"), LISTENER),
    **dict.fromkeys(("AddListenerCertificates", "RemoveListenerCertificates"), LISTENER),
    **dict.fromkeys(("DeleteRule", "ModifyRule"), RULE),
    **dict.fromkeys(("DeleteTargetGroup", "ModifyTargetGroup", "ModifyTargetGroupAttributes"), GROUP),
    **dict.fromkeys(("RegisterTargets", "DeregisterTargets"), GROUP),
}
"""What changes or removes something that is there, with the resource that AWS looks at."""
CREATED = {"LoadBalancer": BALANCER, "TargetGroup": GROUP, "Listener": LISTENER, "Rule": RULE}
RULES = ("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress")
TAGGED = "elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"
SERVICE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role"


def created(kind: str, tags: Context) -> Request:
    """Return the call that tags something while it is created."""
    return Request(TAGGED[0], CREATED[kind], {**tags, "elasticloadbalancing:CreateAction": f"Create{kind}"})


def service_role(service: str) -> Request:
    host = f"{service}.amazonaws.com"
    return Request("iam:CreateServiceLinkedRole", f"{SERVICE_ROLE}/{host}/AWSServiceRole", {"iam:AWSServiceName": host})


def by(service: str, file: str, actions: str) -> dict[str, str]:
    """Return the file for each action."""
    return {f"{service}:{action}": file for action in actions.split()}


ELB = "elasticloadbalancing"
IMPLIED = "Elastic Load Balancing itself, in the caller's name ([API permissions]({}))".format(
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html"
)
READS: Mapping[str, str] = {
    **by("ec2", IMPLIED, "DescribeAccountAttributes DescribeAddresses DescribeInternetGateways"),
    **by("ec2", "Elastic Load Balancing itself (upstream's pull request 3921)", "GetSecurityGroupsForVpc"),
    **by("ec2", "pkg/networking/az_info_provider.go", "DescribeAvailabilityZones"),
    **by("ec2", "pkg/networking/node_info_provider.go", "DescribeInstances"),
    **by("ec2", "pkg/networking/pod_eni_info_resolver.go", "DescribeNetworkInterfaces"),
    **by("ec2", "pkg/networking/subnet_resolver.go", "DescribeRouteTables DescribeSubnets"),
    **by("ec2", "pkg/networking/security_group_manager.go", "DescribeSecurityGroups"),
    **by("ec2", "pkg/networking/vpc_info_provider.go", "DescribeVpcs"),
    **by(ELB, "pkg/deploy/elbv2/listener_attributes_reconciler.go", "DescribeListenerAttributes"),
    **by(ELB, "pkg/deploy/elbv2/listener_manager.go", "DescribeListenerCertificates"),
    **by(ELB, "pkg/deploy/elbv2/load_balancer_attributes_reconciler.go", "DescribeLoadBalancerAttributes"),
    **by(
        ELB,
        "pkg/deploy/elbv2/tagging_manager.go",
        "DescribeListeners DescribeLoadBalancers DescribeRules DescribeTags DescribeTargetGroups",
    ),
    **by(ELB, "pkg/deploy/elbv2/target_group_attributes_reconciler.go", "DescribeTargetGroupAttributes"),
    **by(ELB, "pkg/targetgroupbinding/targets_manager.go", "DescribeTargetHealth"),
    **by("acm", "pkg/certs/cert_discovery.go", "ListCertificates"),
}
"""What it reads of everything in the region, and where its source, v3.5.0, does so."""
UPSTREAM: Mapping[str, str] = {
    **READS,
    **by("acm", "pkg/certs/cert_discovery.go", "DescribeCertificate"),
    **by("iam", IMPLIED, "CreateServiceLinkedRole"),
    **by("ec2", "pkg/deploy/ec2/security_group_manager.go", "CreateSecurityGroup DeleteSecurityGroup"),
    **by("ec2", "pkg/deploy/ec2/tagging_manager.go", "CreateTags DeleteTags"),
    **by("ec2", "pkg/networking/security_group_manager.go", "AuthorizeSecurityGroupIngress"),
    **by("ec2", "pkg/networking/security_group_manager.go", "RevokeSecurityGroupIngress"),
    **by(ELB, "pkg/deploy/elbv2/tagging_manager.go", "AddTags RemoveTags"),
    **by(
        ELB,
        "pkg/deploy/elbv2/load_balancer_manager.go",
        "CreateLoadBalancer DeleteLoadBalancer SetIpAddressType SetSecurityGroups SetSubnets",
    ),
    **by(ELB, "pkg/deploy/elbv2/load_balancer_attributes_reconciler.go", "ModifyLoadBalancerAttributes"),
    **by(
        ELB,
        "pkg/deploy/elbv2/listener_manager.go",
        "CreateListener DeleteListener ModifyListener AddListenerCertificates RemoveListenerCertificates",
    ),
    **by(ELB, "pkg/deploy/elbv2/listener_attributes_reconciler.go", "ModifyListenerAttributes"),
    **by(ELB, "pkg/deploy/elbv2/listener_rule_manager.go", "CreateRule DeleteRule ModifyRule SetRulePriorities"),
    **by(ELB, "pkg/deploy/elbv2/target_group_manager.go", "CreateTargetGroup DeleteTargetGroup ModifyTargetGroup"),
    **by(ELB, "pkg/deploy/elbv2/target_group_attributes_reconciler.go", "ModifyTargetGroupAttributes"),
    **by(ELB, "pkg/targetgroupbinding/targets_manager.go", "RegisterTargets DeregisterTargets"),
    **by(
        "wafv2",
        "pkg/deploy/wafv2/web_acl_association_manager.go",
        "AssociateWebACL DisassociateWebACL GetWebACLForResource",
    ),
    **by("wafv2", "pkg/ingress/model_builder.go", "ListWebACLs"),
    **by("wafv2", "WAF itself, for GetWebACLForResource", "GetWebACL"),
    **by(ELB, "WAF itself, for AssociateWebACL", "SetWebAcl"),
    **by(
        "shield",
        "pkg/deploy/shield/protection_manager.go",
        "GetSubscriptionState DescribeProtection CreateProtection DeleteProtection",
    ),
    **by("cognito-idp", "Elastic Load Balancing itself, for rules with a Cognito login", "DescribeUserPoolClient"),
}
"""Every call of AWS that it makes for the stack, or that AWS makes in its name, by its source, v3.5.0."""

ALLOWED = [
    *(Request(action, "*", HERE) for action in READS),
    Request("acm:DescribeCertificate", f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0123"),
    service_role("elasticloadbalancing"),
    Request("elasticloadbalancing:CreateLoadBalancer", elb("loadbalancer/app/k8s-workshop-0123/*"), MAKES_OURS),
    Request("elasticloadbalancing:CreateTargetGroup", elb("targetgroup/k8s-books-0123/*"), MAKES_OURS),
    *(created(kind, MAKES_OURS) for kind in CREATED),
    *(Request(f"elasticloadbalancing:{action}", resource, OURS) for action, resource in CHANGES.items()),
    *(Request(action, BALANCER, {**OURS, "aws:TagKeys": ["owner"]}) for action in TAGGED),
    Request("elasticloadbalancing:SetRulePriorities", RULE),
    Request("ec2:CreateSecurityGroup", SECURITY_GROUP, MAKES_OURS),
    Request("ec2:CreateSecurityGroup", VPC, {**MAKES_OURS, **IN_VPC}),
    Request("ec2:CreateTags", SECURITY_GROUP, {**MAKES_OURS, "ec2:CreateAction": "CreateSecurityGroup"}),
    Request("ec2:CreateTags", SECURITY_GROUP, {**OURS, "aws:TagKeys": ["owner"]}),
    Request("ec2:DeleteTags", SECURITY_GROUP, {**OURS, "aws:TagKeys": ["owner"]}),
    *(Request(action, SECURITY_GROUP, {**OURS, **IN_VPC}) for action in (*RULES, "ec2:DeleteSecurityGroup")),
    *(Request(action, SECURITY_GROUP, {NODES: owned, **IN_VPC}) for action in RULES for owned in ("owned", "shared")),
]
"""With nothing but load balancers wanted."""

FORBIDDEN = [
    # another cluster's, or nobody's
    *(
        Request(f"elasticloadbalancing:{action}", resource, tags)
        for action, resource in CHANGES.items()
        for tags in (THEIRS, {})
    ),
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
        Request(f"elasticloadbalancing:{action}", resource.replace(*moved), OURS)
        for action, resource in CHANGES.items()
        for moved in ((REGION, "us-east-1"), (ACCOUNT, "999999999999"))
    ),
    *(
        Request(action, ec2("security-group/sg-1", region, account), {**OURS, **IN_VPC})
        for action in (*RULES, "ec2:DeleteSecurityGroup")
        for region, account in (("us-east-1", ACCOUNT), (REGION, "999999999999"))
    ),
    *(Request(action, "*", {"aws:RequestedRegion": "us-east-1"}) for action in READS),
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
    Request("acm:DeleteCertificate", f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0123", OURS),
    Request("acm:RequestCertificate", "*", HERE),
    Request("s3:GetObject", "arn:aws:s3:::state/stack.json"),
    Request("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:a-1"),
]

WAF = [
    *(
        Request(f"wafv2:{what}WebACL", arn)
        for what in ("Associate", "Disassociate")
        for arn in (BALANCER, f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/workshop/0123")
        if not (what == "Disassociate" and "wafv2" in arn)
    ),
    Request("wafv2:GetWebACLForResource", BALANCER),
    Request("wafv2:GetWebACL", f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/workshop/0123"),
    Request("wafv2:ListWebACLs", "*", HERE),
    Request("elasticloadbalancing:SetWebAcl", "*", HERE),
]
SHIELD = [
    Request("shield:CreateProtection"),
    Request("shield:DeleteProtection", f"arn:aws:shield::{ACCOUNT}:protection/0123"),
    *(Request(f"shield:{action}") for action in ("GetSubscriptionState", "DescribeProtection")),
]
COGNITO = [Request("cognito-idp:DescribeUserPoolClient", f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_0")]
NEVER = [
    Request("wafv2:AssociateWebACL", elb("loadbalancer/app/k8s-a/1", "us-east-1")),
    Request("elasticloadbalancing:SetWebAcl", "*", {"aws:RequestedRegion": "us-east-1"}),
    Request("wafv2:CreateWebACL", f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/workshop/0123"),
    Request("waf-regional:AssociateWebACL", BALANCER),
    Request("shield:DeleteProtection", "arn:aws:shield::999999999999:protection/0123"),
    Request("shield:DeleteSubscription"),
    Request("cognito-idp:DescribeUserPoolClient", f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/us-east-1_0"),
    Request("cognito-idp:AdminCreateUser", f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_0"),
]
"""Forbidden with any extras."""
