"""Policies about permissions in AWS, about zones, about public dashboards, and about secrets in plain text."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping

import pytest

from policies import exposure, iam, leaks
from policies.judged import UNKNOWN, Finding, Judged, of_kubernetes, of_resource

ZONE = "arn:aws:route53:::hostedzone/Z0123456789"
CHANGE = "route53:ChangeResourceRecordSets"
CLUSTER_TAG = "aws:ResourceTag/elbv2.k8s.aws/cluster"
OURS = {"StringEquals": {CLUSTER_TAG: "workshop"}}


def found(findings: Iterable[Finding]) -> str:
    return "\n".join(map(str, findings))


def policy(type_: str = "aws:iam/policy:Policy", key: str = "policy", /, **statement: object) -> Judged:
    """Return a policy of one statement."""
    given = {"Effect": "Allow", "Action": ["ec2:DescribeVpcs"], "Resource": ["*"], "Sid": "Why", **statement}
    return of_resource(type_, "rights", {key: json.dumps({"Version": "2012-10-17", "Statement": [given]})})


def bound(**statement: object) -> str:
    return found(iam.find_unbound(policy(**statement)))


@pytest.mark.parametrize(
    "action",
    [
        "elasticloadbalancing:DeleteLoadBalancer",
        "ec2:*",
        "*",
        "ec2:CreateTags",
        "iam:PassRole",
        "ELASTICLOADBALANCING:d*",
    ],
)
def test_an_action_that_changes_something_needs_a_condition(action: str) -> None:
    assert "there is no condition" in bound(Action=[action])
    assert "there is no condition" in bound(Action=action), "a text is a list of one"
    assert bound(Action=[action], Condition=OURS) == ""


@pytest.mark.parametrize("action", ["ec2:DescribeSubnets", "acm:ListCertificates", "acm:Get*", "EC2:describe*"])
def test_an_action_that_only_reads_needs_no_condition(action: str) -> None:
    assert bound(Action=[action]) == ""


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"Null": {CLUSTER_TAG: "false"}},
        {"StringEqualsIfExists": {CLUSTER_TAG: "workshop"}},
        {"StringNotEquals": {CLUSTER_TAG: "other"}},
        {"StringLike": {CLUSTER_TAG: "*"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}},
        {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}},
    ],
    ids=["none", "a tag exists", "if it exists", "not another's", "any", "names of tags", "a region"],
)
def test_a_condition_that_resources_of_another_cluster_meet_does_not_count(condition: dict[str, object]) -> None:
    changing = bound(Action=["elasticloadbalancing:DeleteLoadBalancer"], Condition=condition)

    assert "there is no condition" in changing


def test_every_place_of_a_policy_document_is_read() -> None:
    trust = {"Action": ["sts:AssumeRole"], "Principal": {"Service": "pods.eks.amazonaws.com"}}
    document = str(policy(Action=["ec2:*"]).content["policy"])
    inline = of_resource("aws:iam/role:Role", "rights", {"inlinePolicies": [{"policy": document}]})

    assert "statement Why" in found(iam.find_unbound(policy("aws:iam/rolePolicy:RolePolicy", Action=["ec2:*"])))
    assert "sts:AssumeRole" in found(iam.find_unbound(policy("aws:iam/role:Role", "assumeRolePolicy", **trust)))
    assert "ec2:*" in found(iam.find_unbound(inline))
    assert found(iam.find_unbound(policy("aws:sns/topic:Topic", Action=["ec2:*"]))) == "", "not a policy of IAM"


def test_a_statement_needs_no_list_and_a_denial_is_in_order() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}

    assert "statement 1" in found(iam.find_unbound(of_resource("aws:iam/policy:Policy", "x", {"policy": document})))
    assert bound(Effect="Deny", Action=["ec2:*"]) == ""


@pytest.mark.parametrize("key", ["NotAction", "NotResource"])
def test_a_statement_that_allows_everything_but_exceptions_is_found(key: str) -> None:
    assert "nobody has thought of" in bound(**{key: ["ec2:*"]})


def test_a_policy_of_aws_itself_is_found() -> None:
    arn = "arn:aws:iam::aws:policy/AmazonRoute53FullAccess"
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

    assert arn in found(iam.find_unbound(of_resource(attachment, "x", {"policyArn": arn})))
    assert arn in found(iam.find_unbound(of_resource("aws:iam/role:Role", "x", {"managedPolicyArns": [arn]})))
    own = of_resource(attachment, "x", {"policyArn": arn.replace("aws:p", "1:p")})
    assert found(iam.find_unbound(own)) == ""


@pytest.mark.parametrize(
    "resource", ["*", "arn:aws:route53:::hostedzone/*", "arn:aws:route53:::*", "arn:aws-cn:route53:::hostedzone/*"]
)
@pytest.mark.parametrize("action", [CHANGE, "route53:ListResourceRecordSets", "route53:*", "*"])
def test_permissions_on_every_zone_are_found_even_with_a_condition(resource: str, action: str) -> None:
    statement = policy(Action=[action], Resource=[ZONE, resource], Condition=OURS)

    assert "every zone of the account" in found(iam.find_unnamed_zones(statement))


@pytest.mark.parametrize(
    ("action", "resource"), [(CHANGE, ZONE), ("route53:ListHostedZones", "*"), ("ec2:DescribeVpcs", "*")]
)
def test_permissions_on_one_zone_and_to_find_it_are_in_order(action: str, resource: str) -> None:
    assert found(iam.find_unnamed_zones(policy(Action=[action], Resource=[resource]))) == ""


def deployment(**container: object) -> Judged:
    spec = {"template": {"spec": {"containers": [{"name": "app", **container}]}}}
    return of_kubernetes({"kind": "Deployment", "metadata": {"name": "app", "namespace": "shop"}, "spec": spec})


def test_an_external_dns_for_every_zone_or_without_an_owner_is_found() -> None:
    kept = ("--domain-filter=dev.example.com", "--zone-id-filter=Z0123456789", "--txt-owner-id=workshop")
    image = "registry.example.com/external-dns/external-dns:v0.21.0"

    assert found(iam.find_unnamed_zones(deployment(image=image, args=[*kept]))) == ""
    for flag in kept:
        missing = found(iam.find_unnamed_zones(deployment(image=image, args=[each for each in kept if each != flag])))
        assert f"{flag.partition('=')[0]} is missing" in missing


ALB = "alb.ingress.kubernetes.io"
BEHIND_A_LOGIN = {
    f"{ALB}/auth-type": "oidc",
    f"{ALB}/auth-on-unauthenticated-request": "authenticate",
    f"{ALB}/listen-ports": '[{"HTTPS": 443}]',
}


def public(kind: str, namespace: str, spec: Mapping[str, object], annotations: Mapping[str, str] | None = None) -> str:
    """Return the findings about an object that may make a dashboard public."""
    metadata = {"name": "door", "namespace": namespace, "annotations": annotations or {}}
    return found(exposure.find_public_dashboards(of_kubernetes({"kind": kind, "metadata": metadata, "spec": spec})))


def ingress(namespace: str, service: str, annotations: Mapping[str, str] | None = None) -> str:
    path = {"path": "/", "backend": {"service": {"name": service, "port": {"number": 80}}}}
    rules = [{"host": "x.example.com", "http": {"paths": [path]}}]
    return public("Ingress", namespace, {"rules": rules}, annotations)


@pytest.mark.parametrize(("namespace", "service"), exposure.DASHBOARDS)
def test_a_dashboard_is_public_behind_a_login_only(namespace: str, service: str) -> None:
    assert "public without a login" in ingress(namespace, service)
    assert ingress(namespace, service, BEHIND_A_LOGIN) == ""


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        ("auth-type", "cognito", "public without a login"),
        ("auth-on-unauthenticated-request", "allow", "lets in who has not logged in"),
        ("listen-ports", '[{"HTTP": 80}, {"HTTPS": 443}]', "is reached by HTTP"),
        ("listen-ports", "", "is reached by HTTP"),
    ],
)
def test_every_way_around_the_login_is_found(annotation: str, value: str, words: str) -> None:
    assert words in ingress("linkerd-viz", "web", {**BEHIND_A_LOGIN, f"{ALB}/{annotation}": value})


def test_a_default_backend_that_is_a_dashboard_is_found() -> None:
    backend = {"defaultBackend": {"service": {"name": "argocd-server"}}}

    assert "Argo CD is public" in public("Ingress", "argocd", backend)


@pytest.mark.parametrize("service", ["webapp", "web"], ids=["an app", "an app with the name of a dashboard"])
def test_an_app_may_be_public(service: str) -> None:
    assert ingress("booksapp", service) == ""


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"type": "LoadBalancer"}, "LoadBalancer"),
        ({"type": "NodePort"}, "NodePort"),
        ({"externalIPs": ["1.2.3.4"]}, "externalIPs"),
    ],
)
def test_a_service_that_bypasses_the_ingress_is_found(spec: dict[str, object], words: str) -> None:
    assert words in public("Service", "linkerd-viz", spec)
    assert public("Service", "linkerd-viz", {"type": "ClusterIP"}) == ""


@pytest.mark.parametrize(
    ("parent", "finding"),
    [({"name": "public"}, "through a Gateway"), ({"name": "web", "kind": "Service"}, "")],
    ids=["gateway", "mesh"],
)
def test_a_gateway_shows_no_dashboard_and_a_route_of_the_mesh_is_no_gateway(
    parent: dict[str, object], finding: str
) -> None:
    rules = [{"backendRefs": [{"name": "web", "port": 8084}]}]
    shown = public("HTTPRoute", "linkerd-viz", {"parentRefs": [parent], "rules": rules})

    assert (finding in shown) if finding else shown == ""


KEY = "-----BEGIN EC " + "PRIVATE KEY-----\nAAAA\n-----END EC " + "PRIVATE KEY-----\n"
LOOKS_SECRET = {
    "DB_PASSWORD": "swordfish",
    "API_KEY": "s3cr3tvalue",
    "DATABASE_URL": "mysql2://books:" + "books@mysql:3306/books",
    "ANYTHING": KEY,
    "ID": "AKIA" + "IOSFODNN7EXAMPLE",
}


def variable(name: str, value: object) -> str:
    return found(leaks.find_exposed_secrets(deployment(env=[{"name": name, "value": value}])))


def config_map(key: str = "data", **data: str) -> str:
    return found(leaks.find_exposed_secrets(of_kubernetes({"kind": "ConfigMap", "metadata": {"name": "c"}, key: data})))


@pytest.mark.parametrize(("name", "value"), LOOKS_SECRET.items())
def test_what_looks_like_a_secret_is_found_in_a_variable_a_config_map_and_chart_values(name: str, value: str) -> None:
    chart = of_resource("kubernetes:helm.sh/v4:Chart", "chart", {"values": {"server": [{name: value}]}})

    assert f"variable {name}: it looks like a secret" in variable(name, value)
    assert f"key {name}: it looks like a secret" in config_map(**{name: value})
    assert f"value server[0].{name}: it looks like a secret" in found(leaks.find_exposed_secrets(chart))
    assert f"key {name}" in config_map("binaryData", **{name: b64encode(value.encode()).decode()})
    assert value not in variable(name, value), "a finding shows no secret"


def test_a_secret_in_a_file_of_a_config_map_is_found() -> None:
    assert "Private Key" in config_map(file=f"before\n{KEY}after\n")
    assert "Secret Keyword" in config_map(file='a: 1\npassword: "swordfish"\n')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite3:db/db.sqlite3"),
        ("PODINFO_UI_MESSAGE", "A backend"),
        ("CERTIFICATE", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        ("PASSWORD", ""),
        ("PASSWORD", UNKNOWN),
        ("externalSecret", True),
    ],
)
def test_a_harmless_value_is_in_order(name: str, value: object) -> None:
    assert variable(name, value) == ""


def test_a_variable_that_refers_to_a_secret_is_in_order() -> None:
    env = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}}]

    assert found(leaks.find_exposed_secrets(deployment(env=env))) == ""
