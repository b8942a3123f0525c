"""ExternalDNS: which records it keeps, for whom, and that it removes them."""

from collections.abc import Callable

import pytest

from clients.rollout_wait import RolloutError
from components.addons.aws_add_ons import AwsAddOns
from model.names import DNS_TXT_PREFIX, Identity
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.iam.stack import arguments, deployed
from tests.recorded_values import UNKNOWN, at, plain_texts
from tests.rendering import mended


def chart(deployment: Deployment | None = None) -> Registration:
    return (deployment or deployed()).named("aws-external-dns-chart")


def told(*path: str) -> object:
    return chart().at("values", *path)


def test_it_removes_the_records_of_an_ingress_that_goes_and_does_so_at_once() -> None:
    assert told("policy") == "sync", "the chart's own default never removes anything"
    assert told("triggerLoopOnEvent") is True
    assert told("interval") == "1m"


def test_records_carry_the_stack_and_the_cluster_that_they_belong_to() -> None:
    assert told("registry") == "txt"
    assert told("txtOwnerId") == "linkerd-workshop/dev/eu-central-1/workshop"


def test_it_looks_at_the_one_zone_and_at_names_below_the_stacks_domain() -> None:
    assert told("domainFilters") == ["dev.example.com"]
    assert told("extraArgs") == {
        "zone-id-filter": "Z0123456789ABCDEFGHIJ",
        "aws-zone-match-parent": True,  # a filter below the zone's name otherwise matches no zone
        "ingress-class": "alb",
    }


@pytest.mark.parametrize("host", ["books.dev.example.com", "dev.example.com"])
def test_the_record_that_says_whose_a_host_is_lies_below_that_host(host: str) -> None:
    prefix = str(told("txtPrefix"))
    assert prefix == DNS_TXT_PREFIX

    name = prefix.replace("%{record_type}", "cname") + host

    assert name.endswith(f".{host}"), "beside it, the one of the domain itself would lie outside the domain"


def test_it_writes_what_it_makes_of_load_balancers_and_reads_nothing_but_ingresses() -> None:
    assert told("managedRecordTypes") == ["A", "CNAME"]
    assert told("sources") == ["ingress"]
    assert told("env") == [{"name": "AWS_REGION", "value": "eu-central-1"}]


def test_two_of_it_never_run_at_once() -> None:
    assert told("deploymentStrategy") == {"type": "Recreate"}


def test_the_values_are_known_in_a_first_preview() -> None:
    previewed = chart(deploy(lambda: AwsAddOns("aws", arguments()), preview=True))

    assert previewed.inputs == chart().inputs
    assert str(UNKNOWN) not in plain_texts(previewed.inputs)


def test_its_namespace_and_its_role_are_there_before_it() -> None:
    assert deployed().before(chart()) == ["aws-external-dns-identity", "namespaces"]


def waiting(wait: Callable[[], None], controller: str) -> Callable[[], None]:
    """Return the program of both controllers, of which one waits."""

    def program() -> None:
        given = arguments()
        each = given["external_dns"] if controller == "external-dns" else given["load_balancer_controller"]
        assert each
        each["wait"] = wait
        AwsAddOns("aws", given)

    return program


@pytest.mark.parametrize("controller", ["external-dns", "load-balancer-controller"])
def test_an_up_waits_until_the_pods_have_credentials_and_fails_where_they_get_none(controller: str) -> None:
    seen = list[str]()

    def lacking() -> None:
        seen.append(controller)
        raise RolloutError("pods were still created without credentials")

    deploy(waiting(lacking, controller), preview=True)
    assert seen == [], "in a preview nothing is waited for"
    with pytest.raises(RolloutError, match="without credentials"):
        deploy(waiting(lacking, controller))
    assert seen == [controller]


def test_nobody_waits_for_its_metrics() -> None:
    service = {"metadata": {"name": "external-dns"}}
    result = mended(chart().transforms, "kubernetes:core/v1:Service", service)

    assert at(result, "metadata", "annotations") == {"pulumi.com/skipAwait": "true"}


def test_with_irsa_its_account_carries_its_role() -> None:
    assert told("serviceAccount", "annotations") == {}
    annotations = chart(deployed(Identity.IRSA)).at("values", "serviceAccount", "annotations")
    assert annotations == {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/dev-workshop-dns-01234567"}


def test_it_works_on_for_a_while_when_it_is_to_end_so_that_the_last_records_go() -> None:
    deployment = {"metadata": {"name": "external-dns"}, "spec": {"template": {"spec": {"containers": [{"name": "x"}]}}}}
    result = mended(chart().transforms, "kubernetes:apps/v1:Deployment", deployment)

    container = at(result, "spec", "template", "spec", "containers", 0)
    assert container == {"name": "x", "lifecycle": {"preStop": {"sleep": {"seconds": 20}}}}
    assert "lifecycle" not in str(deployment), "what was rendered stays as it is"
