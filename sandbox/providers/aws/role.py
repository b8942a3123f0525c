"""`aws.iam.Role`."""

import json
from typing import Annotated

from pydantic import Field

from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.inputs import Arn, Document, Path, Tagged, Whole
from sandbox.providers.aws.kind import Given, Kind, changed, pairs, removed_tags, text
from sandbox.providers.aws.reading import found, rfc3339, tags_of


class RoleInputs(Tagged):
    """The role's name and trust policy."""

    assume_role_policy: Document
    description: Annotated[str, Field(max_length=1000)] | None = None
    force_detach_policies: bool = False
    max_session_duration: Annotated[Whole, Field(ge=3600, le=43200)] = 3600
    name: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,64}$")] | None = None
    name_prefix: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,38}$")] | None = None
    path: Path = "/"
    permissions_boundary: Arn | None = None


class Role(Kind):
    """An IAM role."""

    title, inputs, longest_name = "IAM Role", RoleInputs, 64
    replaces = frozenset({"name", "namePrefix", "path"})
    computed = frozenset({"arn", "createDate", "uniqueId"})
    kept = frozenset({"namePrefix"})
    documents = frozenset({"assumeRolePolicy"})

    def create(self, aws: Aws, given: Given) -> str:
        """Make the role; its id is its name."""
        name = text(given, "name")
        optional = {
            "Description": text(given, "description"),
            "PermissionsBoundary": text(given, "permissionsBoundary"),
        }
        with clearly(f"creating IAM Role ({name})"):
            aws.client("iam").create_role(
                RoleName=name,
                AssumeRolePolicyDocument=text(given, "assumeRolePolicy"),
                Path=text(given, "path"),
                MaxSessionDuration=given["maxSessionDuration"],
                Tags=pairs(given),
                **{key: value for key, value in optional.items() if value},
            )
        return name

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Give the role as IAM has it."""
        del state
        role = found(f"reading IAM Role ({key})", lambda: aws.client("iam").get_role(RoleName=key)["Role"])
        return role and {
            "arn": role["Arn"],
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            "createDate": rfc3339(role["CreateDate"]),
            "description": role.get("Description") or None,
            "maxSessionDuration": role["MaxSessionDuration"],
            "name": role["RoleName"],
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tagsAll": tags_of(role.get("Tags")),
            "uniqueId": role["RoleId"],
        }

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Change what is not its name or path."""
        iam = aws.client("iam")
        with clearly(f"updating IAM Role ({key})"):
            if changed(old, new, "assumeRolePolicy"):
                iam.update_assume_role_policy(RoleName=key, PolicyDocument=text(new, "assumeRolePolicy"))
            if changed(old, new, "description", "maxSessionDuration"):
                duration = new["maxSessionDuration"]
                iam.update_role(RoleName=key, Description=text(new, "description"), MaxSessionDuration=duration)
            if text(new, "permissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=key, PermissionsBoundary=text(new, "permissionsBoundary"))
            elif text(old, "permissionsBoundary"):
                iam.delete_role_permissions_boundary(RoleName=key)
            if removed := removed_tags(old, new):
                iam.untag_role(RoleName=key, TagKeys=removed)
            if pairs(new):
                iam.tag_role(RoleName=key, Tags=pairs(new))

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Delete the role; attached policies prevent that unless forceDetachPolicies is set."""
        iam = aws.client("iam")
        with unless_gone(f"deleting IAM Role ({key})"):
            if state.get("forceDetachPolicies"):
                for policy in iam.list_attached_role_policies(RoleName=key)["AttachedPolicies"]:
                    iam.detach_role_policy(RoleName=key, PolicyArn=policy["PolicyArn"])
                for name in iam.list_role_policies(RoleName=key)["PolicyNames"]:
                    iam.delete_role_policy(RoleName=key, PolicyName=name)
            iam.delete_role(RoleName=key)
