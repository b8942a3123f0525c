"""The provider of AWS under the real engine: roles, policies, associations and add-ons."""

import json

import pulumi
import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws import AwsDouble
from tests.sandbox.aws_program import TRUST, allowing, identity, unchecked
from tests.sandbox.stack import Stack

pytestmark = pytest.mark.sandbox

NOBODY = "arn:aws:iam::123456789012:role/none"


@pytest.fixture(scope="module")
def stack(double: AwsDouble, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    made = Stack(tmp_path_factory.mktemp("stack"), double.environment, ("aws",))
    made.bring_up(identity())
    return made


def test_everything_has_the_tags_of_the_provider_as_well(stack: Stack, double: AwsDouble) -> None:
    outputs = stack.outputs()
    assert outputs["tags"] == {"owner": "platform", "stack": "test"}
    role = double.client("iam").get_role(RoleName=outputs["role"])["Role"]
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == outputs["tags"]
    bound = double.client("eks").describe_pod_identity_association(
        clusterName="workshop", associationId=outputs["association"]
    )["association"]
    assert (bound["roleArn"], bound["tags"]) == (role["Arn"], outputs["tags"])


def test_a_policy_that_only_reads_otherwise_is_no_change(stack: Stack) -> None:
    turned_round = ("route53:ListResourceRecordSets", "route53:ListHostedZones")
    assert stack.preview(identity(actions=turned_round)).changed() == {}


def test_policies_descriptions_and_tags_change_in_place_and_reach_the_account(stack: Stack, double: AwsDouble) -> None:
    wanted = {"actions": ("route53:ListHostedZones",), "description": "", "tags": {"owner": "me"}, "second_role": True}
    seen = stack.preview(identity(**wanted))
    assert seen.changed() == {name: ["update"] for name in ("bound", "controller", "inline")}
    assert seen.step("controller").changes.keys() == {"description", "tags", "tagsAll"}
    stack.bring_up(identity(**wanted))
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
        stack.bring_up(identity())


@pytest.mark.parametrize(
    ("changes", "replaced", "updated"),
    [
        ({"name": "chosen"}, {"controller", "inline"}, {"bound"}),
        ({"namespace": "default"}, {"bound"}, set[str]()),
        ({"second_role": True}, set[str](), {"bound"}),
        ({"default_tags": {"stack": "other"}}, set[str](), {"bound", "controller", "dns", "other"}),
    ],
)
def test_what_replaces_and_what_updates_is_as_with_the_real_provider(
    stack: Stack, changes: dict[str, object], replaced: set[str], updated: set[str]
) -> None:
    seen = stack.preview(identity(**changes)).changed()
    assert {name for name, operations in seen.items() if "replace" in operations} == replaced
    assert {name for name, operations in seen.items() if operations == ["update"]} == updated


def test_what_is_gone_is_made_again_after_a_refresh(stack: Stack, double: AwsDouble) -> None:
    association = stack.outputs()["association"]
    double.client("eks").delete_pod_identity_association(clusterName="workshop", associationId=association)
    assert "bound" not in stack.preview(identity()).changed(), "without a refresh the state is believed"
    stack.refresh(identity())
    assert stack.preview(identity()).changed() == {"bound": ["create"]}
    stack.bring_up(identity())


def test_what_somebody_changed_is_put_right_after_a_refresh(stack: Stack, double: AwsDouble) -> None:
    name = stack.outputs()["role"]
    double.client("iam").update_role(RoleName=name, Description="by hand", MaxSessionDuration=7200)
    double.client("iam").tag_role(RoleName=name, Tags=[{"Key": "by", "Value": "hand"}])
    stack.refresh(identity())
    seen = stack.preview(identity())
    assert seen.changed() == {"controller": ["update"]}
    assert {"description", "maxSessionDuration", "tagsAll"} <= seen.step("controller").changes.keys()
    stack.bring_up(identity())
    role = double.client("iam").get_role(RoleName=name)["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("of the add-on", 3600)
    assert "by" not in {tag["Key"] for tag in role["Tags"]}


def test_a_role_that_something_is_attached_to_by_hand_cannot_be_deleted(stack: Stack, double: AwsDouble) -> None:
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
    stack.bring_up(identity())


def test_a_destroy_does_not_mind_what_is_gone_already(stack: Stack, double: AwsDouble) -> None:
    association = stack.outputs()["association"]
    double.client("eks").delete_pod_identity_association(clusterName="workshop", associationId=association)
    double.client("eks").delete_addon(clusterName="workshop", addonName="coredns")
    seen = stack.destroy()
    assert seen.ok, seen.message
    stack.bring_up(identity())


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"assume_role_policy": "{"}, "assumeRolePolicy contains an invalid JSON"),
        (
            {"assume_role_policy": "{}", "max_session_duration": 60},
            "maxSessionDuration should be greater than or equal",
        ),
        ({"assume_role_policy": "{}", "name": "a" * 65}, "name should match pattern"),
        ({"assume_role_policy": "{}", "name": None}, "name is missing"),
        ({"assume_role_policy": "{}", "managed_policy_arns": ["x"]}, "managedPolicyArns is not an input that"),
    ],
)
def test_a_bad_input_fails_the_preview_with_one_sentence(stack: Stack, inputs: dict[str, str], words: str) -> None:
    def program() -> None:
        unchecked.iam.Role(
            "bad",
            **{"name": "bad", **inputs},
            opts=pulumi.ResourceOptions(provider=aws.Provider("p", region="eu-central-1")),
        )

    seen = stack.preview(program)
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
        opts = pulumi.ResourceOptions(provider=aws.Provider("p", region="eu-central-1"))
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


def test_it_refuses_to_speak_to_anything_that_is_not_on_loopback(
    double: AwsDouble, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for endpoint in ("https://iam.amazonaws.com", ""):
        away = Stack(tmp_path_factory.mktemp("away"), double.environment | {"AWS_ENDPOINT_URL": endpoint}, ("aws",))
        seen = away.preview(identity())
        assert not seen.ok
        assert "speaks to the double of AWS on loopback only" in seen.message
