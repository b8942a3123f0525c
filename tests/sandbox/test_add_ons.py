"""EKS' add-ons on the real engine, a real API server and a double of AWS: up, an Ingress, a renewal, and down again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pulumi_aws
import pytest
from pulumi import ResourceOptions
from pulumi_kubernetes import Provider
from pulumi_kubernetes.networking.v1 import Ingress

from charts import archive
from clients.cluster_api import ClusterApi
from components.addons import external_dns, load_balancer_controller
from components.addons.aws_add_ons import AwsAddOns, AwsAddOnsArgs
from components.resources.meshed_namespace import Namespaces
from components.resources.workload import SKIP_AWAIT
from model import names
from sandbox.paths import CHART_DOUBLES, Home
from sandbox.plugins import PACKAGES
from tests.iam.stack import arguments
from tests.sandbox.aws import AwsDouble, aws_double
from tests.sandbox.stack import Outcome, Stack
from workshop import leftovers

pytestmark = pytest.mark.sandbox

CONTROLLER, DNS = names.LOAD_BALANCER_CONTROLLER, names.EXTERNAL_DNS
CHART = "aws-load-balancer-controller-chart"
ENCODED_KEY = "LS0tLS1CRUdJTiBQUklWQVRFIEtFW"
"""How a private key begins in base64."""


@dataclass(frozen=True)
class Program:
    """Both add-ons with one Ingress, from the charts' doubles."""

    home: Home
    renewal_days: int = 10

    def chart(self, name: str) -> str:
        """Return the archive of a double."""
        return str(archive.write(self.home.charts, archive.folder_files(CHART_DOUBLES / name)))

    def arguments(self, namespaces: Namespaces) -> AwsAddOnsArgs:
        """Return those of both add-ons."""
        given = arguments(namespaces=namespaces)
        balancers, dns = given["load_balancer_controller"], given["external_dns"]
        assert balancers
        assert dns
        balancers["namespace"] = namespaces.names[CONTROLLER]
        balancers["chart"] = {"chart": self.chart(CONTROLLER)}
        balancers["crds_chart"] = {"chart": self.chart(f"{CONTROLLER}-crds")}
        balancers["renewal_days"] = self.renewal_days
        dns["chart"] = {"chart": self.chart(DNS)}
        return given

    def __call__(self) -> None:
        """Register everything."""
        cluster = Provider("cluster", kubeconfig=str(self.home.kubeconfig), enable_secret_mutable=True)
        account = pulumi_aws.Provider("account", region="eu-central-1")
        here = ResourceOptions(providers=[cluster, account])
        wanted = {
            CONTROLLER: load_balancer_controller.NAMESPACE_METADATA,
            DNS: external_dns.NAMESPACE_METADATA,
        }
        namespaces = Namespaces("namespaces", {"owner": "test", "namespaces": wanted}, here)
        add_ons = AwsAddOns("aws", self.arguments(namespaces), here)
        Ingress(
            "host",
            # Nobody gives it an address here.
            metadata={"name": "host", "namespace": "default", "annotations": SKIP_AWAIT},
            spec={
                "ingress_class_name": "alb",
                "default_backend": {"service": {"name": "books", "port": {"number": 80}}},
            },
            opts=ResourceOptions(provider=cluster, depends_on=[add_ons]),
        )


@pytest.fixture(scope="module")
def double(sandbox_home: Home) -> Iterator[AwsDouble]:
    with aws_double(sandbox_home) as made:
        yield made


@pytest.fixture(scope="module")
def program(sandbox_home: Home) -> Program:
    return Program(sandbox_home)


@pytest.fixture(scope="module")
def stack(double: AwsDouble, program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("stack"), double.environment, ("aws", *PACKAGES))
    try:
        seen = made.up(program)
        assert seen.ok, seen.message
        yield made
    finally:
        made.destroy()


def changes(seen: Outcome) -> dict[str, list[str]]:
    """Return what happened to what has changed, providers and stack left out."""
    names = {step.name for step in seen.steps if not step.type.startswith("pulumi:")}
    return {name: seen.operations(name) for name in names if set(seen.operations(name)) != {"same"}}


def roles(double: AwsDouble) -> set[str]:
    listed: Any = double.iam.list_roles()["Roles"]
    return {each["RoleName"] for each in listed if each["RoleName"].startswith("dev-workshop-")}


def test_the_api_server_takes_our_certificate_for_the_webhooks_and_admits_the_ingress(stack: Stack) -> None:
    assert stack.resource("host")["id"] == "default/host", "it is refused unless authority, name and key fit each other"


def test_each_service_account_has_its_role(stack: Stack, double: AwsDouble) -> None:
    assert stack.name
    assert roles(double) == {"dev-workshop-load-balancers-01234567", "dev-workshop-dns-01234567"}
    listed: Any = double.eks.list_pod_identity_associations(clusterName="workshop")["associations"]
    assert {(each["namespace"], each["serviceAccount"]) for each in listed} == {(CONTROLLER,) * 2, (DNS,) * 2}


def test_a_second_preview_and_a_second_up_change_nothing(stack: Stack, program: Program) -> None:
    assert changes(stack.preview(program)) == {}
    assert changes(stack.up(program)) == {}


def test_a_renewed_certificate_is_an_updated_secret_and_restarts_nothing(stack: Stack, program: Program) -> None:
    secret = f"{CHART}:{CONTROLLER}/aws-load-balancer-tls"
    due = replace(program, renewal_days=365)

    for seen in (stack.preview(due), stack.up(due)):
        assert seen.ok, seen.message
        changed = changes(seen)
        assert set(changed) == {"aws-load-balancer-tls-leaf", secret}
        assert changed[secret] == ["update"], "a moment without its Secret would be one without Ingresses"
    assert stack.up(program).ok


def test_no_key_is_readable_in_the_state(stack: Stack) -> None:
    secret = stack.resource(f"{CHART}:{CONTROLLER}/aws-load-balancer-tls")

    assert str(secret["inputs"]["data"]).count(ENCODED_KEY) == 1
    assert ENCODED_KEY not in stack.state()
    assert "BEGIN PRIVATE KEY" not in stack.state()


def test_it_goes_in_the_order_in_which_nothing_stays_behind(stack: Stack, double: AwsDouble) -> None:
    seen = stack.destroy()
    assert seen.ok, seen.message

    order = [step.name for step in seen.steps if step.operation == "delete"]
    deployment = f"{CHART}:{CONTROLLER}/aws-load-balancer-controller"
    dns = f"aws-external-dns-chart:{DNS}/external-dns"
    last = [
        "host",
        deployment,
        dns,
        "aws-external-dns-identity-association",
        "aws-external-dns-identity-policy",
        "aws-external-dns-identity-role",
    ]
    assert [order.index(name) for name in last] == sorted(order.index(name) for name in last)
    assert order.index(deployment) < order.index("aws-load-balancer-controller-identity-association")
    assert order.index(deployment) < order.index("aws-load-balancer-controller-crds")
    assert roles(double) == set()
    marks = {(leftovers.NAME, CONTROLLER), (leftovers.NAME, DNS)}
    assert list(leftovers.find_leftovers(ClusterApi(str(double.home.kubeconfig), None), "test", marks)) == []
