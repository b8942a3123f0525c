"""`aws.eks.PodIdentityAssociation`."""

from typing import Any

from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.inputs import Arn, Document, Tagged
from sandbox.providers.aws.kind import Given, Kind, changed, removed_tags, tags, text
from sandbox.providers.aws.reading import found

CHANGEABLE = ("disableSessionTags", "policy", "roleArn", "targetRoleArn")
SHOWN = ("associationArn", "associationId", "clusterName", "externalId", "namespace", "serviceAccount", *CHANGEABLE)


class PodIdentityAssociationInputs(Tagged):
    """Which service account, and which role."""

    cluster_name: str
    namespace: str
    role_arn: Arn
    service_account: str
    disable_session_tags: bool = False
    policy: Document | None = None
    region: str | None = None
    target_role_arn: Arn | None = None


class PodIdentityAssociation(Kind):
    """The association of a service account with the role of its pods."""

    title, inputs, regional = "EKS Pod Identity Association", PodIdentityAssociationInputs, True
    replaces = frozenset({"clusterName", "namespace", "serviceAccount"})
    computed = frozenset({"associationArn", "associationId", "externalId"})
    documents = frozenset({"policy"})

    def create(self, aws: Aws, given: Given) -> str:
        """Bind the role; the id is the association's."""
        wanted = {
            key: given[key] for key in ("clusterName", "namespace", "serviceAccount", *CHANGEABLE) if key in given
        }
        with clearly("creating EKS Pod Identity Association"):
            made = self._eks(aws, given).create_pod_identity_association(**wanted, tags=tags(given))
        return made["association"]["associationId"]

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Give the association; an import names the cluster before it: `cluster,association`."""
        cluster, _, association = key.rpartition(",")
        named = {"clusterName": cluster or text(state, "clusterName"), "associationId": association}
        answer = found(
            f"reading EKS Pod Identity Association ({key})",
            lambda: self._eks(aws, state).describe_pod_identity_association(**named)["association"],
        )
        return answer and {**{name: answer.get(name) for name in SHOWN}, "tagsAll": answer.get("tags") or {}}

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Bind another role."""
        eks = self._eks(aws, new)
        with clearly(f"updating EKS Pod Identity Association ({key})"):
            if changed(old, new, *CHANGEABLE):
                wanted = {name: new[name] for name in ("clusterName", *CHANGEABLE) if name in new}
                eks.update_pod_identity_association(associationId=key, **wanted)
            arn = text(old, "associationArn")
            if removed := removed_tags(old, new):
                eks.untag_resource(resourceArn=arn, tagKeys=removed)
            if tags(new):
                eks.tag_resource(resourceArn=arn, tags=tags(new))

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Unbind the role."""
        named = {"clusterName": text(state, "clusterName"), "associationId": key}
        with unless_gone(f"deleting EKS Pod Identity Association ({key})"):
            self._eks(aws, state).delete_pod_identity_association(**named)

    def _eks(self, aws: Aws, given: Given) -> Any:  # noqa: ANN401  the stubs take no mapping of arguments
        return aws.client("eks", text(given, "region"))
