"""`aws.eks.Addon`."""

import json
from typing import Annotated, Any

from pydantic import Field

from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.documents import meaning
from sandbox.providers.aws.inputs import Arn, Fields, Tagged
from sandbox.providers.aws.kind import Given, Kind, changed, removed_tags, tags, text
from sandbox.providers.aws.reading import found, rfc3339
from sandbox.providers.property_values import Plain

CHANGEABLE = ("addonVersion", "configurationValues", "podIdentityAssociations", "serviceAccountRoleArn")


class AddonPodIdentityAssociation(Fields):
    """A role of the add-on's pods."""

    role_arn: Arn
    service_account: str


class AddonNamespaceConfig(Fields):
    """The add-on's namespace."""

    namespace: str | None = None


class AddonInputs(Tagged):
    """The add-on, its cluster and its configuration."""

    addon_name: str
    cluster_name: Annotated[str, Field(pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$")]
    addon_version: str | None = None
    configuration_values: str | None = None
    namespace_config: AddonNamespaceConfig | None = None
    pod_identity_associations: list[AddonPodIdentityAssociation] | None = None
    preserve: bool | None = None
    region: str | None = None
    resolve_conflicts_on_create: Annotated[str, Field(pattern="^(NONE|OVERWRITE)$")] | None = None
    resolve_conflicts_on_update: Annotated[str, Field(pattern="^(NONE|OVERWRITE|PRESERVE)$")] | None = None
    service_account_role_arn: Arn | None = None


class Addon(Kind):
    """An EKS add-on."""

    title, inputs, regional = "EKS Add-On", AddonInputs, True
    replaces = frozenset({"addonName", "clusterName", "namespaceConfig"})
    computed = frozenset({"addonVersion", "arn", "configurationValues", "createdAt", "modifiedAt", "namespaceConfig"})
    kept = frozenset({"addonVersion", "configurationValues", "namespaceConfig"})

    def create(self, aws: Aws, given: Given) -> str:
        """Install it."""
        key = f"{text(given, 'clusterName')}:{text(given, 'addonName')}"
        wanted = {name: given[name] for name in (*CHANGEABLE, "namespaceConfig") if name in given}
        if text(given, "resolveConflictsOnCreate"):
            wanted["resolveConflicts"] = given["resolveConflictsOnCreate"]
        with clearly(f"creating EKS Add-On ({key})"):
            self._eks(aws, given).create_addon(**self._named(key), **wanted, tags=tags(given))
        return key

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Give the add-on as EKS has it."""
        answer = found(
            f"reading EKS Add-On ({key})", lambda: self._eks(aws, state).describe_addon(**self._named(key))["addon"]
        )
        return answer and {
            **self._named(key),
            "addonVersion": answer["addonVersion"],
            "arn": answer["addonArn"],
            "configurationValues": answer.get("configurationValues", ""),
            "createdAt": rfc3339(answer["createdAt"]),
            "modifiedAt": rfc3339(answer["modifiedAt"]),
            "serviceAccountRoleArn": answer.get("serviceAccountRoleArn"),
            "tagsAll": answer.get("tags") or {},
        }

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Change its version or configuration."""
        eks = self._eks(aws, new)
        with clearly(f"updating EKS Add-On ({key})"):
            if changed(old, new, *CHANGEABLE):
                wanted = {name: new[name] for name in CHANGEABLE if name in new}
                if text(new, "resolveConflictsOnUpdate"):
                    wanted["resolveConflicts"] = new["resolveConflictsOnUpdate"]
                eks.update_addon(**self._named(key), **wanted)
            if removed := removed_tags(old, new):
                eks.untag_resource(resourceArn=text(old, "arn"), tagKeys=removed)
            if tags(new):
                eks.tag_resource(resourceArn=text(old, "arn"), tags=tags(new))

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Remove it; what it runs stays if it is to be preserved."""
        preserve = {"preserve": True} if state.get("preserve") else {}
        with unless_gone(f"deleting EKS Add-On ({key})"):
            self._eks(aws, state).delete_addon(**self._named(key), **preserve)

    def normal(self, key: str, value: Plain) -> Plain:
        """Compare configurations by what they mean."""
        return (
            json.dumps(meaning(value)) if key == "configurationValues" and isinstance(value, str) and value else value
        )

    def _named(self, key: str) -> dict[str, Any]:
        cluster, _, name = key.partition(":")
        return {"clusterName": cluster, "addonName": name}

    def _eks(self, aws: Aws, given: Given) -> Any:  # noqa: ANN401  the stubs take no mapping of arguments
        return aws.client("eks", text(given, "region"))
