"""`aws.eks.Addon` and `aws.eks.PodIdentityAssociation`."""

from typing import Annotated, Any

from pydantic import Field

from sandbox.providers.aws.connection import Aws
from sandbox.providers.aws.kind import Kind, Tagged
from sandbox.providers.aws.values import Given, removed_tags, tags, text


class EksKind(Kind):
    """A resource of an EKS cluster."""

    regional = True

    def eks(self, aws: Aws, given: Given) -> Any:  # noqa: ANN401  the stubs take no mapping of arguments
        """Return the client of the resource's region."""
        return aws.client("eks", text(given, "region"))

    def change_tags(self, aws: Aws, arn: str, old: Given, new: Given) -> None:
        """Remove and set tags."""
        if removed := removed_tags(old, new):
            self.eks(aws, new).untag_resource(resourceArn=arn, tagKeys=removed)
        self.eks(aws, new).tag_resource(resourceArn=arn, tags=tags(new))


class AddonInputs(Tagged):
    """The add-on and its cluster."""

    addon_name: str
    cluster_name: Annotated[str, Field(pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$")]
    resolve_conflicts_on_create: Annotated[str, Field(pattern="^(NONE|OVERWRITE)$")] | None = None
    resolve_conflicts_on_update: Annotated[str, Field(pattern="^(NONE|OVERWRITE|PRESERVE)$")] | None = None


class Addon(EksKind):
    """An EKS add-on in its default version; its id names the cluster, too."""

    title, inputs = "EKS Add-On", AddonInputs
    replaces = frozenset({"addonName", "clusterName"})
    computed = frozenset({"addonVersion", "arn"})

    def create(self, aws: Aws, given: Given) -> str:
        """Install it."""
        key = f"{text(given, 'clusterName')}:{text(given, 'addonName')}"
        conflicts = text(given, "resolveConflictsOnCreate")
        wanted = {"resolveConflicts": conflicts} if conflicts else {}
        self.eks(aws, given).create_addon(**_named(key), **wanted, tags=tags(given))
        return key

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Return the add-on as EKS has it."""
        answer = self.eks(aws, state).describe_addon(**_named(key))["addon"]
        reported = {"addonVersion": answer["addonVersion"], "arn": answer["addonArn"]}
        return {**_named(key), **reported, "tagsAll": answer.get("tags") or {}}

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Change its tags; how conflicts of an update are resolved matters to the next update of a version."""
        del key
        self.change_tags(aws, text(old, "arn"), old, new)

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Delete it with what it runs."""
        self.eks(aws, state).delete_addon(**_named(key))


def _named(key: str) -> dict[str, str]:
    cluster, _, name = key.partition(":")
    return {"clusterName": cluster, "addonName": name}


class PodIdentityAssociationInputs(Tagged):
    """The service account and the role."""

    cluster_name: str
    namespace: str
    role_arn: str
    service_account: str


class PodIdentityAssociation(EksKind):
    """The association of a service account with the role of its pods."""

    title, inputs = "EKS Pod Identity Association", PodIdentityAssociationInputs
    replaces = frozenset({"clusterName", "namespace", "serviceAccount"})
    computed = frozenset({"associationArn", "associationId"})

    def create(self, aws: Aws, given: Given) -> str:
        """Bind the role; the id is the association's."""
        wanted = {key: given[key] for key in (*self.replaces, "roleArn")}
        created = self.eks(aws, given).create_pod_identity_association(**wanted, tags=tags(given))
        return created["association"]["associationId"]

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Return the association as EKS has it."""
        answer = self.eks(aws, state).describe_pod_identity_association(**self._named(key, state))["association"]
        shown = {name: answer[name] for name in (*self.replaces, *self.computed, "roleArn")}
        return {**shown, "tagsAll": answer.get("tags") or {}}

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Bind another role."""
        self.eks(aws, new).update_pod_identity_association(**self._named(key, new), roleArn=text(new, "roleArn"))
        self.change_tags(aws, text(old, "associationArn"), old, new)

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Unbind the role."""
        self.eks(aws, state).delete_pod_identity_association(**self._named(key, state))

    def _named(self, key: str, given: Given) -> dict[str, str]:
        return {"clusterName": text(given, "clusterName"), "associationId": key}
