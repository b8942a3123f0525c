"""The provider of AWS under the real engine: identities of add-ons, and certificates and records of hosts."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws import AwsDouble
from tests.sandbox.aws_program import TRUST, allowing, program, provider, unchecked
from tests.sandbox.stack import Program, Stack

pytestmark = pytest.mark.sandbox

Programs = Callable[..., Program]
"""Returns what the account has to have; a test passes what it varies."""
NOBODY = "arn:aws:iam::123456789012:role/none"


@pytest.fixture(scope="module")
def wanted(double: AwsDouble) -> Programs:
    return partial(program, double.zone_id)


@pytest.fixture(scope="module")
def stack(double: AwsDouble, wanted: Programs, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    made = Stack(tmp_path_factory.mktemp("stack"), double.environment, ("aws",))
    made.bring_up(wanted())
    return made


def records(double: AwsDouble) -> dict[tuple[str, str], list[str]]:
    listed: Any = double.client("route53").list_resource_record_sets(HostedZoneId=double.zone_id)["ResourceRecordSets"]
    return {(each["Name"], each["Type"]): [value["Value"] for value in each["ResourceRecords"]] for each in listed}


def test_everything_has_the_tags_of_the_provider_as_well(stack: Stack, double: AwsDouble) -> None:
    outputs = stack.outputs()
    assert outputs["tags"] == {"owner": "platform", "stack": "test"}
    role = double.client("iam").get_role(RoleName=outputs["role"])["Role"]
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == outputs["tags"]
    bound = double.client("eks").describe_pod_identity_association(
        clusterName="workshop", associationId=outputs["association"]
    )["association"]
    assert (bound["roleArn"], bound["tags"]) == (role["Arn"], outputs["tags"])


def test_a_policy_that_only_reads_otherwise_is_no_change(stack: Stack, wanted: Programs) -> None:
    turned_round = ("route53:ListResourceRecordSets", "route53:ListHostedZones")
    assert stack.preview(wanted(actions=turned_round)).changed() == {}


def test_policies_descriptions_and_tags_change_in_place_and_reach_the_account(
    stack: Stack, wanted: Programs, double: AwsDouble
) -> None:
    changes = {"actions": ("route53:ListHostedZones",), "description": "", "tags": {"owner": "me"}, "second_role": True}
    seen = stack.preview(wanted(**changes))
    assert seen.changed() == {name: ["update"] for name in ("bound", "controller", "inline")}
    assert seen.step("controller").changes.keys() == {"description", "tags", "tagsAll"}
    stack.bring_up(wanted(**changes))
    try:
        name = stack.outputs()["role"]
        iam = double.client("iam")
        role = iam.get_role(RoleName=name)["Role"]
        assert not role.get("Description")
        assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == {"owner": "me", "stack": "test"}
        bound = {"clusterName": "workshop", "associationId": stack.outputs()["association"]}
        association = double.client("eks").describe_pod_identity_association(**bound)["association"]
        assert association["roleArn"] == stack.resource("other")["outputs"]["arn"]
        assert association["tags"] == {"owner": "me", "stack": "test"}
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        document = iam.get_role_policy(RoleName=name, PolicyName=inline[0])["PolicyDocument"]
        assert document["Statement"][0]["Action"] == ["route53:ListHostedZones"]
    finally:
        stack.bring_up(wanted())


@pytest.mark.parametrize(
    ("changes", "replaced", "updated"),
    [
        ({"name": "chosen"}, {"controller", "inline"}, {"bound"}),
        ({"namespace": "default"}, {"bound"}, set[str]()),
        ({"second_role": True}, set[str](), {"bound"}),
        ({"domain": "*.new.example.com"}, {"certificate", "proof", "validated"}, set[str]()),
        ({"records": ("192.0.2.2",)}, set[str](), {"note"}),
        ({"default_tags": {"stack": "other"}}, set[str](), {"bound", "certificate", "controller", "dns", "other"}),
    ],
)
def test_what_replaces_and_what_updates_is_as_with_the_real_provider(
    stack: Stack, wanted: Programs, changes: dict[str, object], replaced: set[str], updated: set[str]
) -> None:
    seen = stack.preview(wanted(**changes)).changed()
    assert {name for name, operations in seen.items() if "replace" in operations} == replaced
    assert {name for name, operations in seen.items() if operations == ["update"]} == updated


def test_a_record_changes_in_place(stack: Stack, wanted: Programs, double: AwsDouble) -> None:
    stack.bring_up(wanted(records=("192.0.2.2", "192.0.2.3")))
    assert sorted(records(double)["note.example.com.", "A"]) == ["192.0.2.2", "192.0.2.3"]
    assert stack.preview(wanted(records=("192.0.2.3", "192.0.2.2"))).changed() == {}, "order means nothing"
    stack.bring_up(wanted())


def test_what_is_gone_is_made_again_after_a_refresh(stack: Stack, wanted: Programs, double: AwsDouble) -> None:
    association = stack.outputs()["association"]
    double.client("eks").delete_pod_identity_association(clusterName="workshop", associationId=association)
    assert "bound" not in stack.preview(wanted()).changed(), "without a refresh the state is believed"
    stack.refresh(wanted())
    assert stack.preview(wanted()).changed() == {"bound": ["create"]}
    stack.bring_up(wanted())


def test_what_somebody_changed_is_put_right_after_a_refresh(stack: Stack, wanted: Programs, double: AwsDouble) -> None:
    name = stack.outputs()["role"]
    double.client("iam").update_role(RoleName=name, Description="by hand", MaxSessionDuration=7200)
    double.client("iam").tag_role(RoleName=name, Tags=[{"Key": "by", "Value": "hand"}])
    stack.refresh(wanted())
    seen = stack.preview(wanted())
    assert seen.changed() == {"controller": ["update"]}
    assert {"description", "maxSessionDuration", "tagsAll"} <= seen.step("controller").changes.keys()
    stack.bring_up(wanted())
    role = double.client("iam").get_role(RoleName=name)["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("of the add-on", 3600)
    assert "by" not in {tag["Key"] for tag in role["Tags"]}


def test_a_role_that_something_is_attached_to_by_hand_cannot_be_deleted(
    stack: Stack, wanted: Programs, double: AwsDouble
) -> None:
    name, other, iam = stack.outputs()["role"], stack.resource("other")["id"], double.client("iam")
    document = json.dumps(allowing("s3:GetObject"))
    policy = iam.create_policy(PolicyName="by-hand", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=other, PolicyArn=policy)
    seen = stack.destroy()
    assert not seen.ok
    assert (
        f"deleting IAM Role ({other}): DeleteConflict: Cannot delete entity, must detach all policies first"
        in seen.message
    )
    iam.detach_role_policy(RoleName=other, PolicyArn=policy)
    assert stack.destroy().ok
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=name)
    assert double.client("eks").list_pod_identity_associations(clusterName="workshop")["associations"] == []
    stack.bring_up(wanted())


def test_a_destroy_does_not_mind_what_is_gone_already(stack: Stack, wanted: Programs, double: AwsDouble) -> None:
    association = stack.outputs()["association"]
    double.client("eks").delete_pod_identity_association(clusterName="workshop", associationId=association)
    double.client("eks").delete_addon(clusterName="workshop", addonName="coredns")
    seen = stack.destroy()
    assert seen.ok, seen.message
    stack.bring_up(wanted())


@pytest.mark.parametrize(
    ("kind", "inputs", "words"),
    [
        (aws.iam.Role, {"assume_role_policy": "{"}, "assumeRolePolicy contains an invalid JSON"),
        (aws.iam.Role, {"max_session_duration": 60}, "maxSessionDuration should be greater than or equal"),
        (aws.iam.Role, {"name": "a" * 65}, "name should match pattern"),
        (aws.iam.Role, {"name": None}, "name is missing"),
        (aws.iam.Role, {"managed_policy_arns": ["x"]}, "managedPolicyArns is not an input that"),
        (aws.route53.Record, {"ttl": None}, "ttl is missing"),
        (aws.route53.Record, {"records": None}, "records is missing"),
        (aws.route53.Record, {"type": "B"}, "type should match pattern"),
        (aws.route53.Record, {"set_identifier": "x"}, "setIdentifier is not an input"),
    ],
)
def test_a_bad_input_fails_the_preview_with_one_sentence(
    stack: Stack, kind: Callable[..., object], inputs: dict[str, object], words: str
) -> None:
    role = {"name": "bad", "assume_role_policy": "{}"}
    record = {"zone_id": "Z", "name": "a", "type": "TXT", "records": ["a"], "ttl": 60}
    good = role if kind is aws.iam.Role else record

    def bad() -> None:
        kind("bad", **{**good, **inputs}, opts=provider())

    seen = stack.preview(bad)
    assert not seen.ok
    assert sum(words in message for message in seen.messages) == 1, seen.messages
    assert "Traceback" not in seen.text


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"region": "eu-central-1", "allowed_account_ids": ["999999999999"]}, "account ID not allowed: 123456789012"),
        ({"region": "eu-central-1", "profile": "nobody"}, "The config profile (nobody) could not be found"),
        (
            {"region": "eu-central-1", "assume_roles": [aws.ProviderAssumeRoleArgs(role_arn=NOBODY)]},
            f"Cannot assume IAM Role {NOBODY}: AccessDenied",
        ),
        (
            {"region": "eu-central-1", "assume_roles": [{"role_arn": NOBODY}]},
            "assumeRoles has no roleArn but role_arn: use pulumi_aws.ProviderAssumeRoleArgs",
        ),
    ],
)
def test_a_provider_that_cannot_log_in_says_why(stack: Stack, configuration: dict[str, object], words: str) -> None:
    def program() -> None:
        made = unchecked.Provider("p", **configuration)
        opts = pulumi.ResourceOptions(provider=made)
        aws.iam.Role("any", name="any", assume_role_policy='{"Version": "2012-10-17"}', opts=opts)

    other = stack.up(program)
    assert not other.ok
    assert words in other.message


def test_secrets_stay_secret_in_the_state(own_stack: Stack) -> None:
    def program() -> None:
        opts = provider()
        trust = pulumi.Output.json_dumps(TRUST)
        hidden = pulumi.Output.secret("swordfish")
        role = aws.iam.Role(
            "r", name="r", assume_role_policy=trust, description=hidden, tags={"word": hidden}, opts=opts
        )
        pulumi.export("word", role.description)

    seen = own_stack.bring_up(program)
    assert "swordfish" not in own_stack.state() + seen.text
    assert own_stack.outputs()["word"] == "swordfish"
    refreshed = own_stack.refresh(program)
    assert "swordfish" not in own_stack.state() + refreshed.text
    own_stack.destroy()


def test_a_record_of_somebody_else_is_refused(double: AwsDouble, own_stack: Stack) -> None:
    zone = double.zone_id
    taken = {"Name": "taken.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}

    def change(action: str) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": taken}]}
        double.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    def program() -> None:
        name, opts = "Taken.example.com.", provider()
        aws.route53.Record("r", zone_id=zone, name=name, type="A", records=["192.0.2.2"], ttl=60, opts=opts)

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
            opts = provider()
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


def test_it_refuses_to_speak_to_anything_that_is_not_on_loopback(
    double: AwsDouble, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for endpoint in ("https://iam.amazonaws.com", ""):
        away = Stack(tmp_path_factory.mktemp("away"), double.environment | {"AWS_ENDPOINT_URL": endpoint}, ("aws",))
        seen = away.preview(program("Z"))
        assert not seen.ok
        assert "speaks to the double of AWS on loopback only" in seen.message
