"""`aws.iam.Role` and `aws.iam.RolePolicy`."""

import json
from datetime import UTC
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from sandbox.providers.aws.connection import Aws
from sandbox.providers.aws.kind import Document, Inputs, Kind, Tagged
from sandbox.providers.aws.values import Given, meaning, pairs, removed_tags, tags_of, text


class RoleInputs(Tagged):
    """The role's name and trust policy."""

    assume_role_policy: Document
    description: Annotated[str, Field(max_length=1000)] | None = None
    max_session_duration: Annotated[int, Field(ge=3600, le=43200)] = 3600
    name: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,64}$")]


class Role(Kind):
    """An IAM role; its id is its name."""

    title, inputs = "IAM Role", RoleInputs
    replaces = frozenset({"name"})
    computed = frozenset({"arn", "createDate", "uniqueId"})
    spellings: ClassVar = {"assumeRolePolicy": meaning}

    @override
    def create(self, aws: Aws, given: Given) -> str:
        description = {"Description": text(given, "description")} if text(given, "description") else {}
        aws.client("iam").create_role(
            RoleName=text(given, "name"),
            AssumeRolePolicyDocument=text(given, "assumeRolePolicy"),
            MaxSessionDuration=given["maxSessionDuration"],
            Tags=pairs(given),
            **description,
        )
        return text(given, "name")

    @override
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        role = aws.client("iam").get_role(RoleName=key)["Role"]
        return {
            "arn": role["Arn"],
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            "createDate": role["CreateDate"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": role.get("Description") or None,
            "maxSessionDuration": role["MaxSessionDuration"],
            "name": role["RoleName"],
            "tagsAll": tags_of(role.get("Tags")),
            "uniqueId": role["RoleId"],
        }

    @override
    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        iam, duration = aws.client("iam"), new["maxSessionDuration"]
        iam.update_assume_role_policy(RoleName=key, PolicyDocument=text(new, "assumeRolePolicy"))
        iam.update_role(RoleName=key, Description=text(new, "description"), MaxSessionDuration=duration)
        if removed := removed_tags(old, new):
            iam.untag_role(RoleName=key, TagKeys=removed)
        iam.tag_role(RoleName=key, Tags=pairs(new))

    @override
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Delete the role; attached policies prevent that."""
        aws.client("iam").delete_role(RoleName=key)


class RolePolicyInputs(Inputs):
    """The role, and the document of its rights."""

    name: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,128}$")]
    policy: Document
    role: str


class RolePolicy(Kind):
    """A policy that lives in a role; its id names both."""

    title, inputs = "IAM Role Policy", RolePolicyInputs
    replaces = frozenset({"name", "role"})
    spellings: ClassVar = {"policy": meaning}

    @override
    def create(self, aws: Aws, given: Given) -> str:
        role, name = text(given, "role"), text(given, "name")
        aws.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text(given, "policy"))
        return f"{role}:{name}"

    @override
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        role, _, name = key.partition(":")
        answer = aws.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        return {"name": name, "policy": json.dumps(answer["PolicyDocument"]), "role": role}

    @override
    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        self.create(aws, new)

    @override
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        role, _, name = key.partition(":")
        aws.client("iam").delete_role_policy(RoleName=role, PolicyName=name)
