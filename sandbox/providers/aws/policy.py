"""`aws.iam.Policy`."""

import json
from typing import Annotated

from pydantic import Field

from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.inputs import Document, Path, Tagged, Whole
from sandbox.providers.aws.kind import Given, Kind, changed, pairs, removed_tags, text
from sandbox.providers.aws.reading import found, tags_of

MOST_VERSIONS = 5


class PolicyInputs(Tagged):
    """The policy's name and document."""

    policy: Document
    description: Annotated[str, Field(max_length=1000)] | None = None
    delay_after_policy_creation_in_ms: Whole | None = None
    name: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,128}$")] | None = None
    name_prefix: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,102}$")] | None = None
    path: Path = "/"


class Policy(Kind):
    """A managed policy."""

    title, inputs, longest_name = "IAM Policy", PolicyInputs, 128
    replaces = frozenset({"description", "name", "namePrefix", "path"})
    computed = frozenset({"arn", "attachmentCount", "policyId"})
    kept = frozenset({"namePrefix"})
    documents = frozenset({"policy"})

    def create(self, aws: Aws, given: Given) -> str:
        """Make the policy; its id is its ARN."""
        description = {"Description": text(given, "description")} if text(given, "description") else {}
        with clearly(f"creating IAM Policy ({text(given, 'name')})"):
            made = aws.client("iam").create_policy(
                PolicyName=text(given, "name"),
                PolicyDocument=text(given, "policy"),
                Path=text(given, "path"),
                Tags=pairs(given),
                **description,
            )
        return made["Policy"]["Arn"]

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Give the policy with its default version's document."""
        del state
        what, iam = f"reading IAM Policy ({key})", aws.client("iam")
        policy = found(what, lambda: iam.get_policy(PolicyArn=key)["Policy"])
        if policy is None:
            return None
        with clearly(what):
            version = iam.get_policy_version(PolicyArn=key, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        return {
            "arn": key,
            "attachmentCount": policy["AttachmentCount"],
            "description": policy.get("Description") or None,
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "policy": json.dumps(version["Document"]),
            "policyId": policy["PolicyId"],
            "tagsAll": tags_of(policy.get("Tags")),
        }

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Make a new default version, in place of the oldest one if there are too many."""
        iam = aws.client("iam")
        with clearly(f"updating IAM Policy ({key})"):
            if changed(old, new, "policy"):
                versions = iam.list_policy_versions(PolicyArn=key)["Versions"]
                if len(versions) >= MOST_VERSIONS:
                    oldest = min((each for each in versions if not each["IsDefaultVersion"]), key=_age)
                    iam.delete_policy_version(PolicyArn=key, VersionId=oldest["VersionId"])
                iam.create_policy_version(PolicyArn=key, PolicyDocument=text(new, "policy"), SetAsDefault=True)
            if removed := removed_tags(old, new):
                iam.untag_policy(PolicyArn=key, TagKeys=removed)
            if pairs(new):
                iam.tag_policy(PolicyArn=key, Tags=pairs(new))

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Remove the policy with all versions; it stays while it is attached."""
        del state
        iam = aws.client("iam")
        with unless_gone(f"deleting IAM Policy ({key})"):
            for version in iam.list_policy_versions(PolicyArn=key)["Versions"]:
                if not version["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=key, VersionId=version["VersionId"])
            iam.delete_policy(PolicyArn=key)


def _age(version: dict[str, str]) -> int:
    return int(version["VersionId"].removeprefix("v"))
