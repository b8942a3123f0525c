"""Policies about permissions in AWS, about zones, about public dashboards, and about secrets in plain text."""

import json
from base64 import b64encode
from collections.abc import Mapping

import pytest

from policies.exposure import DASHBOARDS, find_public_dashboards
from policies.iam import find_unbound, find_unnamed_zones
from policies.judged import UNKNOWN, Judged, of_kubernetes, of_resource
from policies.leaks import find_exposed_secrets
from tests.policies.test_policy_pods import Judge, found

ZONE = "arn:aws:route53:::hostedzone/Z0123456789"
CHANGE, DELETE = "route53:ChangeResourceRecordSets", "elasticloadbalancing:DeleteLoadBalancer"
CLUSTER_TAG = "aws:ResourceTag/elbv2.k8s.aws/cluster"
OURS = {"StringEquals": {CLUSTER_TAG: "workshop"}}
ROLE, ATTACHMENT = "aws:iam/role:Role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
UNLIMITED = "there is no condition"
OF_AWS = "arn:aws:iam::aws:policy/AmazonRoute53FullAccess"


def policy(type_: str = "aws:iam/policy:Policy", key: str = "policy", /, **statement: object) -> Judged:
    """Return a policy of one statement."""
    given = {"Effect": "Allow", "Action": ["ec2:DescribeVpcs"], "Resource": ["*"], "Sid": "Why", **statement}
    return of_resource(type_, "rights", {key: json.dumps({"Version": "2012-10-17", "Statement": [given]})})


def zone(action: str, *resources: str) -> Judged:
    return policy(Action=[action], Resource=[*resources], Condition=OURS)


CHANGING = ("ec2:*", "*", "ec2:CreateTags", "iam:PassRole", "ELASTICLOADBALANCING:d*", DELETE)
READING = ("ec2:DescribeSubnets", "acm:ListCertificates", "acm:Get*", "EC2:describe*")
MET_BY_OTHERS = {
    "no condition": {},
    "a tag exists": {"Null": {CLUSTER_TAG: "false"}},
    "if it exists": {"StringEqualsIfExists": {CLUSTER_TAG: "workshop"}},
    "not another's": {"StringNotEquals": {CLUSTER_TAG: "other"}},
    "any tag": {"StringLike": {CLUSTER_TAG: "*"}},
    "names of tags": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}},
    "a region": {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}},
}
"""Conditions that resources of another cluster meet."""
TRUST = {"Action": ["sts:AssumeRole"], "Principal": {"Service": "pods.eks.amazonaws.com"}}
INLINE = {"inlinePolicies": [{"policy": policy(Action=["ec2:*"]).content["policy"]}]}
NO_LIST = {"policy": {"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}}
ZONES = ("*", "arn:aws:route53:::hostedzone/*", "arn:aws:route53:::*", "arn:aws-cn:route53:::hostedzone/*")
CHANGING_RECORDS = (CHANGE, "route53:ListResourceRecordSets", "route53:*", "*")


def deployment(**container: object) -> Judged:
    spec = {"template": {"spec": {"containers": [{"name": "app", **container}]}}}
    return of_kubernetes({"kind": "Deployment", "metadata": {"name": "app", "namespace": "shop"}, "spec": spec})


FLAGS = ("--domain-filter=dev.example.com", "--zone-id-filter=Z0123456789", "--txt-owner-id=workshop")


def external_dns(*, without: str = "") -> Judged:
    image = "registry.example.com/external-dns/external-dns:v0.21.0"
    return deployment(image=image, args=[each for each in FLAGS if each != without])


ALB = "alb.ingress.kubernetes.io"
LOGIN = {
    f"{ALB}/auth-type": "oidc",
    f"{ALB}/auth-on-unauthenticated-request": "authenticate",
    f"{ALB}/listen-ports": '[{"HTTPS": 443}]',
}


def exposed(kind: str, namespace: str, spec: object, annotations: Mapping[str, str] | None = None) -> Judged:
    """Return an object that may make a dashboard public."""
    metadata = {"name": "door", "namespace": namespace, "annotations": annotations or {}}
    return of_kubernetes({"kind": kind, "metadata": metadata, "spec": spec})


def ingress(namespace: str, service: str, annotations: Mapping[str, str] | None = None) -> Judged:
    path = {"path": "/", "backend": {"service": {"name": service, "port": {"number": 80}}}}
    return exposed("Ingress", namespace, {"rules": [{"http": {"paths": [path]}}]}, annotations)


def around_the_login(annotation: str, value: str) -> Judged:
    return ingress("linkerd-viz", "web", {**LOGIN, f"{ALB}/{annotation}": value})


def route(**parent: str) -> Judged:
    rules = [{"backendRefs": [{"name": "web", "port": 8084}]}]
    return exposed("HTTPRoute", "linkerd-viz", {"parentRefs": [parent], "rules": rules})


KEY = "-----BEGIN EC " + "PRIVATE KEY-----\nAAAA\n-----END EC " + "PRIVATE KEY-----\n"


def variable(name: str, value: object) -> Judged:
    return deployment(env=[{"name": name, "value": value}])


def config_map(key: str = "data", **data: str) -> Judged:
    return of_kubernetes({"kind": "ConfigMap", "metadata": {"name": "c"}, key: data})


FOUND: list[tuple[Judge, Judged, str]] = [
    *((find_unbound, policy(Action=[action]), UNLIMITED) for action in CHANGING),
    (find_unbound, policy(Action="ec2:*"), UNLIMITED),
    *((find_unbound, policy(Action=[DELETE], Condition=each), UNLIMITED) for each in MET_BY_OTHERS.values()),
    *((find_unbound, policy(**{key: ["ec2:*"]}), "nobody has thought of") for key in ("NotAction", "NotResource")),
    # every place of a policy document
    (find_unbound, policy("aws:iam/rolePolicy:RolePolicy", Action=["ec2:*"]), "statement Why"),
    (find_unbound, policy(ROLE, "assumeRolePolicy", **TRUST), "sts:AssumeRole"),
    (find_unbound, of_resource(ROLE, "x", INLINE), "ec2:*"),
    (find_unbound, of_resource("aws:iam/policy:Policy", "x", NO_LIST), "statement 1"),
    (find_unbound, of_resource(ATTACHMENT, "x", {"policyArn": OF_AWS}), OF_AWS),
    (find_unbound, of_resource(ROLE, "x", {"managedPolicyArns": [OF_AWS]}), OF_AWS),
    *(
        (find_unnamed_zones, zone(action, ZONE, every), "every zone of the account")
        for action in CHANGING_RECORDS
        for every in ZONES
    ),
    *((find_unnamed_zones, external_dns(without=flag), f"{flag.partition('=')[0]} is missing") for flag in FLAGS),
    *((find_public_dashboards, ingress(*each), "public without a login") for each in DASHBOARDS),
    (find_public_dashboards, around_the_login("auth-type", "cognito"), "public without a login"),
    (
        find_public_dashboards,
        around_the_login("auth-on-unauthenticated-request", "allow"),
        "lets in who has not logged in",
    ),
    (find_public_dashboards, around_the_login("listen-ports", '[{"HTTP": 80}, {"HTTPS": 443}]'), "is reached by HTTP"),
    (find_public_dashboards, around_the_login("listen-ports", ""), "is reached by HTTP"),
    (
        find_public_dashboards,
        exposed("Ingress", "argocd", {"defaultBackend": {"service": {"name": "argocd-server"}}}),
        "Argo CD is public",
    ),
    (find_public_dashboards, exposed("Service", "linkerd-viz", {"type": "LoadBalancer"}), "LoadBalancer"),
    (find_public_dashboards, exposed("Service", "linkerd-viz", {"type": "NodePort"}), "NodePort"),
    (find_public_dashboards, exposed("Service", "linkerd-viz", {"externalIPs": ["1.2.3.4"]}), "externalIPs"),
    (find_public_dashboards, route(name="public"), "through a Gateway"),
    (find_exposed_secrets, config_map(file=f"before\n{KEY}after\n"), "Private Key"),
    (find_exposed_secrets, config_map(file='a: 1\npassword: "swordfish"\n'), "Secret Keyword"),
]


@pytest.mark.parametrize(("judge", "judged", "words"), FOUND)
def test_what_gives_too_much_away_is_found(judge: Judge, judged: Judged, words: str) -> None:
    assert words in found(judge, judged)


IN_ORDER: list[tuple[Judge, Judged]] = [
    *((find_unbound, policy(Action=[action], Condition=OURS)) for action in CHANGING),
    *((find_unbound, policy(Action=[action])) for action in READING),
    (find_unbound, policy(Effect="Deny", Action=["ec2:*"])),
    (find_unbound, policy("aws:sns/topic:Topic", Action=["ec2:*"])),  # no policy of IAM
    (find_unbound, of_resource(ATTACHMENT, "x", {"policyArn": OF_AWS.replace("aws:p", "1:p")})),
    (find_unnamed_zones, zone(CHANGE, ZONE)),
    (find_unnamed_zones, zone("route53:ListHostedZones", "*")),
    (find_unnamed_zones, zone("ec2:DescribeVpcs", "*")),
    (find_unnamed_zones, external_dns()),
    *((find_public_dashboards, ingress(*each, LOGIN)) for each in DASHBOARDS),
    (find_public_dashboards, ingress("booksapp", "webapp")),
    (find_public_dashboards, ingress("booksapp", "web")),  # an app with the name of a dashboard
    (find_public_dashboards, exposed("Service", "linkerd-viz", {"type": "ClusterIP"})),
    (find_public_dashboards, route(name="web", kind="Service")),  # a route of the mesh
    (find_exposed_secrets, variable("DATABASE_URL", "sqlite3:db/db.sqlite3")),
    (find_exposed_secrets, variable("PODINFO_UI_MESSAGE", "A backend")),
    (find_exposed_secrets, variable("CERTIFICATE", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")),
    (find_exposed_secrets, variable("PASSWORD", "")),
    (find_exposed_secrets, variable("PASSWORD", UNKNOWN)),
    (find_exposed_secrets, variable("externalSecret", value=True)),
    (
        find_exposed_secrets,
        deployment(env=[{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}}]),
    ),
]


@pytest.mark.parametrize(("judge", "judged"), IN_ORDER)
def test_what_gives_nothing_away_is_in_order(judge: Judge, judged: Judged) -> None:
    assert found(judge, judged) == ""


LOOKS_SECRET = {
    "DB_PASSWORD": "swordfish",
    "API_KEY": "s3cr3tvalue",
    "DATABASE_URL": "mysql2://books:" + "books@mysql:3306/books",
    "ANYTHING": KEY,
    "ID": "AKIA" + "IOSFODNN7EXAMPLE",
}


@pytest.mark.parametrize(("name", "value"), LOOKS_SECRET.items())
def test_what_looks_like_a_secret_is_found_in_a_variable_a_config_map_and_chart_values(name: str, value: str) -> None:
    chart = of_resource("kubernetes:helm.sh/v4:Chart", "chart", {"values": {"server": [{name: value}]}})
    coded = config_map("binaryData", **{name: b64encode(value.encode()).decode()})
    shown = found(find_exposed_secrets, variable(name, value))

    assert f"variable {name}: it looks like a secret" in shown
    assert f"key {name}: it looks like a secret" in found(find_exposed_secrets, config_map(**{name: value}))
    assert f"value server[0].{name}: it looks like a secret" in found(find_exposed_secrets, chart)
    assert f"key {name}" in found(find_exposed_secrets, coded)
    assert value not in shown, "a finding shows no secret"
