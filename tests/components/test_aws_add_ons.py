"""The AWS Load Balancer Controller, ExternalDNS and their roles: their values, their order, and their permissions."""

import json
from functools import cache

import pytest

from clients.rollout_wait import RolloutError
from components.addons.aws_add_ons import AwsAddOns
from components.addons.load_balancer_controller import WEBHOOK_SECRET
from components.addons.load_balancer_policy import Extra
from components.addons.pod_identity_role import PodIdentityRole, PodIdentityRoleArgs
from components.resources.iam_policy import statement
from model.names import DNS_TXT_PREFIX, Identity
from tests.components.charts import transformed
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.iam.stack import ACCOUNT, CLUSTER, ISSUER, arguments, deployed
from tests.recorded_values import UNKNOWN, Secret, at, decoded, mapping, plain_texts

NAME = "aws-load-balancer-controller"
BALANCERS, DNS = f"{NAME}-chart", "aws-external-dns-chart"
AUTHORITY = f"certificate {NAME}-webhooks-authority"
ADD_ONS = "linkerd-workshop:addons:AwsAddOns"


def value(chart: str, *path: str, identity: Identity = Identity.POD_IDENTITY, extras: tuple[Extra, ...] = ()) -> object:
    return deployed(identity, extras).named(chart).at("values", *path)


def test_the_rendered_secret_of_the_webhooks_gets_our_certificate_and_a_secret_key() -> None:
    rendered = {
        "metadata": {"name": WEBHOOK_SECRET, "namespace": NAME},
        "type": "kubernetes.io/tls",
        "data": dict.fromkeys(("ca.crt", "tls.crt", "tls.key"), "cGxhY2Vob2xkZXI="),
    }
    data = at(transformed(BALANCERS, "kubernetes:core/v1:Secret", rendered), "data")

    assert decoded(at(data, "tls.crt")) == f"certificate {WEBHOOK_SECRET}-leaf"
    assert decoded(at(data, "tls.key")) == Secret(f"PKCS#8 key of {WEBHOOK_SECRET}-key")
    assert decoded(at(data, "ca.crt")) == AUTHORITY
    assert deployed().of("kubernetes:core/v1:Secret") == [], "the chart creates it"


def test_the_certificate_is_for_the_dns_name_of_the_webhook_whose_common_name_is_cut_to_64_characters() -> None:
    request = deployed().named(f"{WEBHOOK_SECRET}-request")

    assert request.at("dnsNames") == [f"aws-load-balancer-webhook-service.{NAME}.svc"]
    assert request.at("subject", "commonName") == "aws-load-balancer-webhook-service", "its name has 66 characters"
    assert deployed().named(f"{WEBHOOK_SECRET}-leaf").at("earlyRenewalHours") == 10 * 24


def test_the_controller_serves_ingresses_and_leaves_routes_and_services_to_others() -> None:
    gates = mapping(value(BALANCERS, "controllerConfig", "featureGates"))

    assert {"NLBGatewayAPI", "ALBGatewayAPI", "GatewayListenerSet", "EnableServiceController"} <= set(gates)
    assert set(gates.values()) == {False}


@pytest.mark.parametrize("extras", [(), (Extra.WAF,), (Extra.SHIELD,), tuple(Extra)], ids=str)
def test_the_controller_calls_no_service_of_aws_that_its_role_may_not_call(extras: tuple[Extra, ...]) -> None:
    values = value(BALANCERS, extras=extras)

    assert at(values, "enableWafv2") is (Extra.WAF in extras)
    assert at(values, "enableShield") is (Extra.SHIELD in extras)
    assert at(values, "enableWaf") is False, "no role has permissions for the classic WAF"


def test_each_add_on_can_be_left_out() -> None:
    without_dns = deploy(lambda: AwsAddOns("aws", {**arguments(), "external_dns": None}))
    without_controller = deploy(lambda: AwsAddOns("aws", {**arguments(), "load_balancer_controller": None}))

    assert not [name for name in without_dns.names if "external-dns" in name]
    assert not [name for name in without_controller.names if "load-balancer" in name]
    assert at(without_controller.one(ADD_ONS).outputs, "expires") == {}


@pytest.mark.parametrize(
    ("chart", "name", "role"),
    [(BALANCERS, NAME, "load-balancers"), (DNS, "external-dns", "dns")],
    ids=["load balancers", "dns"],
)
def test_the_service_account_names_its_role_with_irsa_only(chart: str, name: str, role: str) -> None:
    annotations = value(chart, "serviceAccount", "annotations", identity=Identity.IRSA)

    assert value(chart, "serviceAccount") == {"name": name, "annotations": {}}
    assert annotations == {"eks.amazonaws.com/role-arn": f"arn:aws:iam::{ACCOUNT}:role/dev-workshop-{role}-01234567"}


@pytest.mark.parametrize("controller", ["external-dns", "load-balancer-controller"])
def test_an_up_waits_until_the_pods_have_credentials_and_fails_where_they_get_none(controller: str) -> None:
    seen = list[str]()

    def lack() -> None:
        seen.append(controller)
        raise RolloutError("pods were still created without credentials")

    def program() -> None:
        args = arguments()
        each = args["external_dns"] if controller == "external-dns" else args["load_balancer_controller"]
        assert each
        each["wait"] = lack
        AwsAddOns("aws", args)

    deploy(program, preview=True)
    assert seen == [], "a preview waits for nothing"
    with pytest.raises(RolloutError, match="without credentials"):
        deploy(program)
    assert seen == [controller]


def test_the_controller_may_read_the_secret_of_a_login_and_no_other() -> None:
    def program() -> None:
        args = arguments()
        assert args["load_balancer_controller"]
        args["load_balancer_controller"]["oidc_secrets"] = [{"namespace": "linkerd-viz", "name": "oidc"}]
        AwsAddOns("aws", args)

    rbac = "kubernetes:rbac.authorization.k8s.io/v1"
    deployment = deploy(program)
    role, binding = deployment.one(f"{rbac}:Role"), deployment.one(f"{rbac}:RoleBinding")
    assert role.at("metadata", "namespace") == "linkerd-viz"
    assert role.at("rules") == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["oidc"], "verbs": ["get", "list", "watch"]}
    ]
    assert binding.at("subjects") == [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}]
    assert deployed().of(f"{rbac}:Role") == []


@pytest.mark.parametrize("host", ["books.dev.example.com", "dev.example.com"])
def test_the_record_that_names_the_owner_of_a_host_lies_below_that_host(host: str) -> None:
    prefix = str(value(DNS, "txtPrefix"))
    name = prefix.replace("%{record_type}", "cname") + host

    assert prefix == DNS_TXT_PREFIX
    assert name.endswith(f".{host}"), "beside it, the one of the domain itself would lie outside the domain"


def test_a_terminating_external_dns_works_on_until_the_last_records_are_removed() -> None:
    rendered = {
        "metadata": {"name": "external-dns"},
        "spec": {"template": {"spec": {"containers": [{"name": "x"}]}}},
    }
    result = transformed(DNS, "kubernetes:apps/v1:Deployment", rendered)

    container = at(result, "spec", "template", "spec", "containers", 0)
    assert container == {"name": "x", "lifecycle": {"preStop": {"sleep": {"seconds": 20}}}}
    assert "lifecycle" not in str(rendered), "the rendered object itself stays as it is"


ARGS: PodIdentityRoleArgs = {
    "cluster": CLUSTER,
    "role_name": "dev-workshop-dns-01234567",
    "namespace": "external-dns",
    "service_account": "dns",
    "statements": [statement("Read", ["route53:ListHostedZones"], ["*"])],
    "identity": Identity.POD_IDENTITY,
}
ROLE, ASSOCIATION = "aws:iam/role:Role", "aws:eks/podIdentityAssociation:PodIdentityAssociation"


@cache
def role(identity: Identity, *, preview: bool = False) -> Deployment:
    return deploy(lambda: PodIdentityRole("dns", {**ARGS, "identity": identity}), preview=preview)


def test_an_association_gives_the_role_to_one_service_account_after_the_role_has_its_permissions() -> None:
    deployment = role(Identity.POD_IDENTITY)
    association = deployment.one(ASSOCIATION)

    wanted = {"clusterName": "workshop", "namespace": "external-dns", "serviceAccount": "dns"}
    assert {key: association.at(key) for key in wanted} == wanted
    assert deployment.before(association) == ["dns-policy", "dns-role"]


def test_with_irsa_the_cluster_issues_the_token_and_there_is_no_association() -> None:
    document = json.loads(str(role(Identity.IRSA).one(ROLE).at("assumeRolePolicy")))

    assert role(Identity.IRSA).of(ASSOCIATION) == []
    assert at(document, "Statement", 0, "Principal") == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"}


@pytest.mark.parametrize("identity", Identity)
def test_a_role_has_the_given_permissions_alone_and_is_known_in_a_preview(identity: Identity) -> None:
    found: Registration = role(identity).one(ROLE)
    document = json.loads(str(role(identity).one("aws:iam/rolePolicy:RolePolicy").at("policy")))
    previewed = role(identity, preview=True).one(ROLE).inputs

    assert document["Statement"] == [{"Effect": "Allow", **ARGS["statements"][0]}]
    assert not {"managedPolicyArns", "inlinePolicies"} & set(found.inputs)
    assert previewed["name"] == "dev-workshop-dns-01234567"
    assert str(UNKNOWN) not in plain_texts(previewed)
