"""The EKS environment from `up` to a destroy that leaves nothing, also where a controller fails."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import pytest

from model.json_values import at
from sandbox.paths import Home
from tests.iam.test_environment_roles import check_preview_rights
from tests.sandbox.aws import AwsDouble
from tests.sandbox.dev_changes import ROWS
from tests.sandbox.dev_stack import DevStack, Scene, account, scene
from tests.sandbox.sandbox_command import eventually
from tests.sandbox.shared_previews import SharedPreviews
from tests.sandbox.single_changes import Row
from tests.sandbox.workshop import NOT_BOOKSAPP, Preview

pytestmark = pytest.mark.sandbox

DEPLOYMENTS = "/apis/apps/v1/namespaces/{0}/deployments/{0}"
CONTROLLER, DNS = "aws-load-balancer-controller", "external-dns"
ENCODED_KEY = "LS0tLS1CRUdJTiBQUklWQVRFIEtFW"
"""How a private key begins in base64."""


@dataclass(frozen=True)
class Running:
    """A dev stack that is up."""

    scene: Scene
    first_preview: Preview
    objects: set[str]
    """What was in the cluster before."""
    account: set[str]
    """What was in the account before."""

    @property
    def stack(self) -> DevStack:
        """The stack."""
        return self.scene.stack

    def has(self, controller: str) -> bool:
        """Return whether a controller's Deployment is there."""
        return self.stack.api.find(DEPLOYMENTS.format(controller)) is not None

    def left(self) -> set[str]:
        """What is there that was not before."""
        return (self.stack.objects() - self.objects) | (account(self.scene.aws) - self.account)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, sandbox_home: Home) -> Iterator[Running]:
    with scene(tmp_path_factory.mktemp("project") / "dev", sandbox_home) as made:
        objects, before = made.stack.objects(), account(made.aws)
        found = Running(made, made.stack.preview(), objects, before)
        made.stack.up()
        made.dns.wait()
        yield found
        made.stack.reset()
        made.dns.is_dead = False
        made.stack.destroy()


@pytest.fixture
def stack(running: Running) -> Iterator[DevStack]:
    yield running.stack
    running.stack.reset()
    running.scene.dns.is_dead = False


@pytest.fixture(scope="module")
def shared() -> SharedPreviews:
    return SharedPreviews(ROWS)


def test_a_first_preview_knows_every_object_of_the_add_ons(running: Running) -> None:
    created = running.first_preview.of("create")

    assert f"add-ons-load-balancer-controller-chart:{CONTROLLER}/{CONTROLLER}" in created
    assert f"add-ons-external-dns-chart:{DNS}/{DNS}" in created


def conditions(aws: AwsDouble) -> list[str]:
    """Return the conditions of each rule of the load balancer, default rules left out."""
    elbv2 = aws.client("elbv2")
    balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]
    listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = [rule for each in listeners for rule in elbv2.describe_rules(ListenerArn=each["ListenerArn"])["Rules"]]
    return [str(each.get("Conditions")) for each in rules if not each.get("IsDefault")]


def test_every_host_is_served_by_one_load_balancer_over_https_and_has_a_record(running: Running) -> None:
    aws = running.scene.aws
    balancers = aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    listeners = aws.client("elbv2").describe_listeners(LoadBalancerArn=balancers[0]["LoadBalancerArn"])["Listeners"]

    assert running.scene.load_balancers.complaints == [], "the Ingresses agree about it"
    assert len(balancers) == 1
    assert {(each.get("Protocol"), each.get("Port")) for each in listeners} == {("HTTP", 80), ("HTTPS", 443)}
    assert len(conditions(aws)) == 3, "one rule a host, and none over plain HTTP"
    records = {each for each in account(aws) - running.account if each.startswith("record ")}
    assert {each for each in records if each.endswith(" A")} == {
        f"record {name}.dev.example.com. A" for name in ("books", "podinfo", "canary")
    }


def test_pods_that_came_before_their_association_were_replaced(running: Running) -> None:
    told = running.stack.operation("verify", "--json")
    lines = {each["name"]: each for each in json.loads(told.stdout)["checks"] if each["group"] == "AWS credentials"}

    assert {name: each["status"] for name, each in lines.items()} == {CONTROLLER: "ok", DNS: "ok"}
    assert "2 pods with AWS_CONTAINER_CREDENTIALS_FULL_URI" in lines[CONTROLLER]["seen"]


def test_the_second_preview_is_empty_and_a_refresh_finds_no_drift(stack: DevStack) -> None:
    assert stack.preview().changes == []
    stack.find_no_drift()


def test_a_due_certificate_of_the_webhooks_is_an_updated_secret_and_restarts_nothing(stack: DevStack) -> None:
    changes = stack.preview_with_due("aws-load-balancer-tls-leaf").changes

    assert {(each.operation, each.name) for each in changes} == {
        ("replace", "aws-load-balancer-tls-leaf"),
        ("update", f"add-ons-{CONTROLLER.removeprefix('aws-')}-chart:{CONTROLLER}/aws-load-balancer-tls"),
    }, "a moment without its Secret would be one without Ingresses"


def test_no_key_is_readable_in_the_state(stack: DevStack) -> None:
    state = stack.export()

    assert "aws-load-balancer-tls" in state
    for key in ("BEGIN PRIVATE KEY", "BEGIN EC PRIVATE KEY", ENCODED_KEY):
        assert key not in state


def test_the_preview_role_allows_what_a_preview_asks_by_either_identity_and_nothing_else(stack: DevStack) -> None:
    asked = stack.calls_of_a_preview()
    stack.choose("eks.identity", "irsa")

    check_preview_rights([*asked, *stack.calls_of_a_preview()])


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_a_changed_setting_previews_what_it_is_about_and_nothing_else(
    shared: SharedPreviews, stack: DevStack, row: Row
) -> None:
    assert shared.surprises(row, stack) == []


def test_a_host_that_goes_takes_its_rule_and_its_record_along(running: Running, stack: DevStack) -> None:
    def traces() -> list[bool]:
        found = conditions(running.scene.aws), account(running.scene.aws)
        return [any("other.dev.example.com" in each for each in texts) for texts in found]

    stack.choose("demos.podinfo.host", "other.dev.example.com")
    stack.up()
    assert eventually(lambda: traces() == [True, True])
    stack.reset()
    stack.up()
    assert eventually(lambda: traces() == [False, False])


def test_a_zone_that_may_not_be_asked_for_ends_a_destroy_before_anything_is_deleted(
    running: Running, stack: DevStack
) -> None:
    running.scene.aws.trouble(denied="/hostedzonesbyname")
    refused = stack.operation("destroy", "--yes")
    running.scene.aws.trouble()

    assert refused.returncode != 0
    assert "you may not use route53:ListHostedZonesByName" in " ".join(refused.stderr.split())
    assert stack.preview().changes == [], "records would have stayed behind, and nobody would have told"


def bystander(aws: AwsDouble) -> str:
    """Make another load balancer, of nobody; return its ARN."""
    subnets = [each["SubnetId"] for each in aws.client("ec2").describe_subnets()["Subnets"][:2]]
    made = aws.client("elbv2").create_load_balancer(Name="somebody-elses", Subnets=subnets)["LoadBalancers"][0]
    return made["LoadBalancerArn"]


def test_controllers_that_fail_end_in_a_message_with_a_way_out_that_leaves_nothing(
    running: Running, stack: DevStack
) -> None:
    running.scene.dns.is_dead = True
    stopped = stack.api.ask("PATCH", DEPLOYMENTS.format(CONTROLLER), {"spec": {"replicas": 0}})
    assert stopped.status == HTTPStatus.OK, "and with its pods nobody answers its webhooks"
    assert eventually(lambda: not at(stack.api.find(DEPLOYMENTS.format(CONTROLLER)), "status", "readyReplicas"))
    stack.hurry()

    failed = stack.operation("destroy", "--yes")

    assert failed.returncode != 0
    said = " ".join(failed.stdout.split())
    assert "booksapp/webapp" in said, "it names what cannot go"
    assert "the finalizer group.ingress.k8s.aws/linkerd-workshop-dev stays until the controller has removed" in said
    assert "Deployment aws-load-balancer-controller/aws-load-balancer-controller has 0 of 0 pods ready" in said
    assert "make release-hosts STACK=dev" in said
    assert running.has(CONTROLLER), "nothing else was taken away"
    assert running.has(DNS)

    running.scene.aws.trouble(vanishing=bystander(running.scene.aws))
    stack.operate("release-hosts", "--yes")
    names = {
        each for each in account(running.scene.aws) - running.account if each.startswith(("load", "target", "record"))
    }
    assert {each for each in names if "_external-dns" in each or " A" in each or not each.startswith("record")} == set()

    stack.operate("destroy", "--yes")
    assert running.left() == set()


def test_records_of_a_dead_external_dns_are_reported_and_the_rest_waits_until_it_works(
    running: Running, stack: DevStack
) -> None:
    dns = running.scene.dns
    stack.leave_out(*NOT_BOOKSAPP)
    stack.up()
    dns.wait()
    dns.is_dead = True

    failed = stack.operation("destroy", "--yes", "--seconds", "4")

    assert failed.returncode == 1
    assert "books.dev.example.com (A)" in failed.stdout
    assert "Records are deleted by ExternalDNS: ExternalDNS" in failed.stdout
    assert running.has(DNS), "the controller that removes them is still there"

    dns.is_dead = False
    stack.operate("destroy", "--yes")
    assert running.left() == set()


def test_a_plain_destroy_leaves_nothing_either(running: Running, stack: DevStack) -> None:
    stack.leave_out(*NOT_BOOKSAPP)
    stack.up()
    running.scene.dns.wait()
    stack.destroy()
    running.scene.dns.wait()

    assert running.left() == set()
