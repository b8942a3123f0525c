"""The doubles of the charts of EKS' add-ons: the objects of the real ones by their names, and what they refuse."""

import pytest
import yaml

from components.addons import external_dns, load_balancer_values
from components.addons.load_balancer_extras import Extra
from model.json_values import Json, is_list, mapping, mappings
from sandbox import paths
from tests.deployment import Deployment
from tests.iam.stack import CLUSTER, TAGS, deployed
from tests.sandbox.chart_doubles import helm, objects, rendered
from versions import EXTERNAL_DNS_CHART, LOAD_BALANCER_CONTROLLER, LOAD_BALANCER_CONTROLLER_CHART

pytestmark = pytest.mark.sandbox

CONTROLLER, DNS = load_balancer_values.NAME, external_dns.NAME
CRDS = f"{CONTROLLER}-crds"
OURS = load_balancer_values.values(CLUSTER, "alb", [Extra.WAF], TAGS, {})
REAL_NAMES = {
    CONTROLLER: """
    ClusterRole/aws-load-balancer-controller-role ClusterRoleBinding/aws-load-balancer-controller-rolebinding
    Deployment/aws-load-balancer-controller List/ingress-class
    MutatingWebhookConfiguration/aws-load-balancer-webhook ValidatingWebhookConfiguration/aws-load-balancer-webhook
    PodDisruptionBudget/aws-load-balancer-controller Role/aws-load-balancer-controller-leader-election-role
    RoleBinding/aws-load-balancer-controller-leader-election-rolebinding Secret/aws-load-balancer-tls
    Service/aws-load-balancer-webhook-service ServiceAccount/aws-load-balancer-controller
    """,
    DNS: """
    ClusterRole/external-dns ClusterRoleBinding/external-dns-viewer Deployment/external-dns Service/external-dns
    ServiceAccount/external-dns
    """,
}
"""What the real charts make with our values: 3.5.0 and 1.21.1."""


def ours(chart: str, deployment: Deployment | None = None) -> Json:
    """Return the values that the program gives to a chart."""
    role = "external-dns" if chart == DNS else "load-balancer-controller"
    return mapping((deployment or deployed()).named(f"aws-{role}-chart").at("values"))


def arguments_of(chart: str, values: Json) -> list[str]:
    pod = mapping(mapping(mapping(objects(chart, values)[f"Deployment/{chart}"]["spec"])["template"])["spec"])
    found = mappings(pod["containers"])[0]["args"]
    return [str(each) for each in found] if is_list(found) else []


@pytest.mark.parametrize("chart", [CONTROLLER, DNS])
def test_the_chart_has_the_objects_of_the_real_one_and_no_others(chart: str) -> None:
    assert set(objects(chart, ours(chart))) == set(REAL_NAMES[chart].split())


@pytest.mark.parametrize("chart", [CONTROLLER, DNS])
def test_two_renders_are_equal(chart: str) -> None:
    assert rendered(chart, ours(chart)) == rendered(chart, ours(chart))


def test_without_our_certificates_no_two_renders_are_equal() -> None:
    naive = {key: value for key, value in OURS.items() if key != "webhookTLS"}

    assert rendered(CONTROLLER, naive) != rendered(CONTROLLER, naive)


def test_every_service_would_pass_through_the_webhook_unless_told_otherwise() -> None:
    def hooks(values: Json) -> set[str]:
        return {str(each["name"]) for each in mappings(objects(CONTROLLER, values)[configuration]["webhooks"])}

    configuration = "MutatingWebhookConfiguration/aws-load-balancer-webhook"
    naive = {key: value for key, value in OURS.items() if key != "enableServiceMutatorWebhook"}
    assert hooks(naive) - hooks(OURS) == {"mservice.elbv2.k8s.aws"}


def test_the_controller_is_told_where_it_is_what_not_to_do_and_what_to_tag() -> None:
    told = arguments_of(CONTROLLER, OURS)

    assert {
        "--cluster-name=workshop",
        "--ingress-class=alb",
        "--aws-region=eu-central-1",
        "--aws-vpc-id=vpc-0123456789abcdef0",
        "--enable-shield=false",
        "--enable-waf=false",
        "--enable-wafv2=true",
        "--default-tags=owner=platform team,stack=dev",
    } <= set(told)
    assert any("ALBGatewayAPI=false" in each for each in told if each.startswith("--feature-gates="))


def test_external_dns_is_told_what_it_owns() -> None:
    assert {
        "--policy=sync",
        "--events",
        "--txt-owner-id=linkerd-workshop/dev/eu-central-1/workshop",
        "--txt-prefix=_external-dns-%{record_type}.",
        "--domain-filter=dev.example.com",
        "--zone-id-filter=Z0123456789ABCDEFGHIJ",
        "--aws-zone-match-parent",
        "--ingress-class=alb",
    } <= set(arguments_of(DNS, ours(DNS)))


@pytest.mark.parametrize(
    ("chart", "wrong", "words"),
    [
        (CONTROLLER, {"clusterName": ""}, "minLength: got 0, want 1"),
        (CONTROLLER, {"vpcID": "vpc-1"}, "additional properties 'vpcID' not allowed"),
        (CONTROLLER, {"controllerConfig": {"featureGates": {"ALBGatewayAPI": "no"}}}, "got string, want boolean"),
        (CONTROLLER, {"webhookTLS": {"ca": "x"}}, "additional properties 'ca' not allowed"),
        (DNS, {"policy": "delete"}, "value must be one of 'create-only', 'sync', 'upsert-only'"),
        (DNS, {"txtOwnerID": "x"}, "additional properties 'txtOwnerID' not allowed"),
        (DNS, {"provider": {"name": "google"}}, "value must be 'aws'"),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_a_value_that_the_chart_does_not_know_is_refused(chart: str, wrong: dict[str, object], words: str) -> None:
    seen = helm(chart, {**ours(chart), **wrong})

    assert seen.returncode != 0
    assert words in seen.stderr


@pytest.mark.parametrize(
    ("chart", "version"),
    [
        (CONTROLLER, LOAD_BALANCER_CONTROLLER_CHART),
        (CRDS, LOAD_BALANCER_CONTROLLER),
        (DNS, EXTERNAL_DNS_CHART),
    ],
)
def test_the_chart_carries_the_version_that_the_program_pins(chart: str, version: str) -> None:
    about = yaml.safe_load((paths.CHART_DOUBLES / chart / "Chart.yaml").read_text())

    assert about["version"] == version
