"""`aws.iam.RolePolicyAttachment`."""

from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.inputs import Arn, Inputs
from sandbox.providers.aws.kind import Given, Kind, text
from sandbox.providers.aws.reading import found


class RolePolicyAttachmentInputs(Inputs):
    """Which policy, and to which role."""

    policy_arn: Arn
    role: str


class RolePolicyAttachment(Kind):
    """The attachment of a managed policy to a role."""

    title, inputs = "IAM Role Policy Attachment", RolePolicyAttachmentInputs
    replaces = frozenset({"policyArn", "role"})

    def create(self, aws: Aws, given: Given) -> str:
        """Attach the policy."""
        role, policy = text(given, "role"), text(given, "policyArn")
        with clearly(f"attaching IAM Policy ({policy}) to IAM Role ({role})"):
            aws.client("iam").attach_role_policy(RoleName=role, PolicyArn=policy)
        return f"{role}/{policy}"

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Find the policy among those of the role."""
        del state
        role, _, policy = key.partition("/")
        attached = found(
            f"reading IAM Role Policy Attachment ({key})",
            lambda: aws.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"],
        )
        there = any(each["PolicyArn"] == policy for each in attached or ())
        return {"policyArn": policy, "role": role} if there else None

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Detach the policy."""
        del state
        role, _, policy = key.partition("/")
        with unless_gone(f"detaching IAM Policy ({policy}) from IAM Role ({role})"):
            aws.client("iam").detach_role_policy(RoleName=role, PolicyArn=policy)
