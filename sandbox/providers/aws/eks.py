"""`aws.eks.Addon` and `aws.eks.PodIdentityAssociation`."""

from typing import Annotated

from pydantic import Field
from typing_extensions import override

from sandbox.providers.aws.connection import Aws
from sandbox.providers.aws.kind import Kind, Tagged
from sandbox.providers.aws.values import Given, removed_tags, tags, text


class AddonInputs(Tagged):
    """The add-on and its cluster."""

    addon_name: str
    cluster_name: Annotated[str, Field(pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$")]
    resolve_conflicts_on_create: Annotated[str, Field(pattern="^(NONE|OVERWRITE)$")] | None = None
    resolve_conflicts_on_update: Annotated[str, Field(pattern="^(NONE|OVERWRITE|PRESERVE)$")] | None = None


class Addon(Kind):
    """An EKS add-on in its default version; its id names the cluster, too."""

    title, inputs = "EKS Add-On", AddonInputs
    replaces = frozenset({"addonName", "clusterName"})
    computed = frozenset({"addonVersion", "arn"})

    @override
    def create(self, aws: Aws, given: Given) -> str:
        key = f"{text(given, 'clusterName')}:{text(given, 'addonName')}"
        conflicts = text(given, "resolveConflictsOnCreate")
        wanted = {"resolveConflicts": conflicts} if conflicts else {}
        aws.client("eks").create_addon(**_named(key), **wanted, tags=tags(given))
        return key

    @override
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        answer = aws.client("eks").describe_addon(**_named(key))["addon"]
        reported = {"addonVersion": answer["addonVersion"], "arn": answer["addonArn"]}
        return {**_named(key), **reported, "tagsAll": answer.get("tags") or {}}

    @override
    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Change its tags; how conflicts of an update are resolved matters to the next update of a version."""
        _change_tags(aws, text(old, "arn"), old, new)

    @override
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Delete it with what it runs."""
        aws.client("eks").delete_addon(**_named(key))


def _named(key: str) -> dict[str, str]:
    cluster, _, name = key.partition(":")
    return {"clusterName": cluster, "addonName": name}


class PodIdentityAssociationInputs(Tagged):
    """The service account and the role."""

    cluster_name: str
    namespace: str
    role_arn: str
    service_account: str


class PodIdentityAssociation(Kind):
    """The association of a service account with the role of its pods."""

    title, inputs = "EKS Pod Identity Association", PodIdentityAssociationInputs
    replaces = frozenset({"clusterName", "namespace", "serviceAccount"})
    computed = frozenset({"associationArn", "associationId"})

    @override
    def create(self, aws: Aws, given: Given) -> str:
        """Bind the role; the id is the association's."""
        wanted = {key: given[key] for key in (*self.replaces, "roleArn")}
        created = aws.client("eks").create_pod_identity_association(**wanted, tags=tags(given))
        return created["association"]["associationId"]

    @override
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        answer = aws.client("eks").describe_pod_identity_association(**_bound(key, state))["association"]
        shown = {name: answer[name] for name in (*self.replaces, *self.computed, "roleArn")}
        return {**shown, "tagsAll": answer.get("tags") or {}}

    @override
    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        aws.client("eks").update_pod_identity_association(**_bound(key, new), roleArn=text(new, "roleArn"))
        _change_tags(aws, text(old, "associationArn"), old, new)

    @override
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        aws.client("eks").delete_pod_identity_association(**_bound(key, state))


def _bound(key: str, given: Given) -> dict[str, str]:
    return {"clusterName": text(given, "clusterName"), "associationId": key}


def _change_tags(aws: Aws, arn: str, old: Given, new: Given) -> None:
    if removed := removed_tags(old, new):
        aws.client("eks").untag_resource(resourceArn=arn, tagKeys=removed)
    aws.client("eks").tag_resource(resourceArn=arn, tags=tags(new))
