"""`aws.iam.RolePolicy`."""

import json
from typing import Annotated

from pydantic import Field

from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.inputs import Document, Inputs
from sandbox.providers.aws.kind import Given, Kind, text
from sandbox.providers.aws.reading import found


class RolePolicyInputs(Inputs):
    """The role, and the document of its rights."""

    policy: Document
    role: str
    name: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,128}$")] | None = None
    name_prefix: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,102}$")] | None = None


class RolePolicy(Kind):
    """A policy that lives in a role."""

    title, inputs, longest_name = "IAM Role Policy", RolePolicyInputs, 128
    replaces = frozenset({"name", "namePrefix", "role"})
    kept = frozenset({"namePrefix"})
    documents = frozenset({"policy"})

    def create(self, aws: Aws, given: Given) -> str:
        """Put the policy into the role."""
        key = f"{text(given, 'role')}:{text(given, 'name')}"
        self._put(aws, key, given)
        return key

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Give the policy as IAM has it."""
        del state
        role, _, name = key.partition(":")
        answer = found(
            f"reading IAM Role Policy ({key})",
            lambda: aws.client("iam").get_role_policy(RoleName=role, PolicyName=name),
        )
        return answer and {"name": name, "policy": json.dumps(answer["PolicyDocument"]), "role": role}

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Replace the document."""
        del old
        self._put(aws, key, new)

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Take the policy out of the role."""
        del state
        role, _, name = key.partition(":")
        with unless_gone(f"deleting IAM Role Policy ({key})"):
            aws.client("iam").delete_role_policy(RoleName=role, PolicyName=name)

    def _put(self, aws: Aws, key: str, given: Given) -> None:
        role, _, name = key.partition(":")
        with clearly(f"putting IAM Role ({role}) Policy ({name})"):
            aws.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text(given, "policy"))
