"""The provider of AWS under the real engine: certificates, their validation, and records."""

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from tests.sandbox.aws import AwsDouble
from tests.sandbox.aws_program import host, unchecked
from tests.sandbox.stack import Program, Stack

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def stack(double: AwsDouble, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    made = Stack(tmp_path_factory.mktemp("stack"), double.environment, ("aws",))
    made.bring_up(host(double.zone_id))
    return made


def records(double: AwsDouble) -> dict[tuple[str, str], list[str]]:
    listed: Any = double.client("route53").list_resource_record_sets(HostedZoneId=double.zone_id)["ResourceRecordSets"]
    return {
        (each["Name"], each["Type"]): [value["Value"] for value in each.get("ResourceRecords", [])]
        for each in listed
        if each["Type"] not in ("NS", "SOA")
    }


@pytest.mark.parametrize(
    ("changes", "replaced", "updated"),
    [
        ({"domain": "*.new.example.com"}, {"certificate", "proof", "validated"}, set[str]()),
        ({"records": ("192.0.2.2",)}, set[str](), {"note"}),
        ({"default_tags": {"stack": "other"}}, set[str](), {"certificate"}),
    ],
)
def test_what_replaces_and_what_updates_is_as_with_the_real_provider(
    stack: Stack, double: AwsDouble, changes: dict[str, object], replaced: set[str], updated: set[str]
) -> None:
    seen = stack.preview(host(double.zone_id, **changes)).changed()
    assert {name for name, operations in seen.items() if "replace" in operations} == replaced
    assert {name for name, operations in seen.items() if operations == ["update"]} == updated


def test_a_record_changes_in_place(stack: Stack, double: AwsDouble) -> None:
    stack.bring_up(host(double.zone_id, records=("192.0.2.2", "192.0.2.3")))
    assert sorted(records(double)["note.example.com.", "A"]) == ["192.0.2.2", "192.0.2.3"]
    assert stack.preview(host(double.zone_id, records=("192.0.2.3", "192.0.2.2"))).changed() == {}, (
        "order means nothing"
    )
    stack.bring_up(host(double.zone_id))


def test_a_record_of_somebody_else_is_refused(double: AwsDouble, own_stack: Stack) -> None:
    zone = double.zone_id
    taken = {"Name": "taken.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}

    def change(action: str) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": taken}]}
        double.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    def program() -> None:
        opts = pulumi.ResourceOptions(provider=aws.Provider("p", region="eu-central-1"))
        aws.route53.Record(
            "r", zone_id=zone, name="Taken.example.com.", type="A", records=["192.0.2.2"], ttl=60, opts=opts
        )

    change("CREATE")
    refused = own_stack.up(program)
    assert not refused.ok
    assert "creating Route53 Record: InvalidChangeBatch: " in refused.message
    assert "but it already exists" in refused.message
    change("DELETE")
    own_stack.bring_up(program)
    own_stack.refresh(program)
    assert own_stack.preview(program).changed() == {}, "names are compared without case and the last period"
    assert own_stack.destroy().ok
    assert ("taken.example.com.", "A") not in records(double)


def test_a_validation_says_what_it_lacks_and_gives_up_after_its_own_limit(own_stack: Stack) -> None:
    def program(*fqdns: str) -> Program:
        def inner() -> None:
            opts = pulumi.ResourceOptions(provider=aws.Provider("p", region="eu-central-1"))
            certificate = aws.acm.Certificate("c", domain_name="lonely.example.com", validation_method="DNS", opts=opts)
            limited = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="2s"))
            aws.acm.CertificateValidation(
                "v",
                certificate_arn=certificate.arn,
                validation_record_fqdns=[*fqdns] or None,
                opts=pulumi.ResourceOptions.merge(opts, limited),
            )

        return inner

    lacking = own_stack.up(program("a.example.com"))
    assert "missing lonely.example.com DNS validation record: _" in lacking.message
    late = own_stack.up(program())
    assert "timeout while waiting (2 s)" in late.message
    assert "is PENDING_VALIDATION; it asks for _" in late.message
    assert own_stack.destroy().ok


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"records": ["a"]}, "ttl is missing"),
        ({"ttl": 60}, "records is missing"),
        ({"records": ["a"], "ttl": 60, "type": "B"}, "type should match pattern"),
        ({"records": ["a"], "ttl": 60, "set_identifier": "x"}, "setIdentifier is not an input"),
    ],
)
def test_a_bad_record_fails_the_preview_with_one_sentence(stack: Stack, inputs: dict[str, Any], words: str) -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(provider=aws.Provider("p", region="eu-central-1"))
        unchecked.route53.Record("bad", **{"zone_id": "Z", "name": "a", "type": "TXT", **inputs}, opts=opts)

    seen = stack.preview(program)
    assert not seen.ok
    assert sum(words in message for message in seen.messages) == 1, seen.messages
