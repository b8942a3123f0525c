"""Looking objects up in the sandbox's API server by what a Pulumi state knows of them."""

from dataclasses import dataclass

from model.json_values import Json, mapping, mappings
from sandbox.api_client import ApiClient

PULUMI_MANAGER = "pulumi-kubernetes"


@dataclass(frozen=True)
class Reference:
    """One object of a cluster."""

    api_version: str
    kind: str
    namespace: str | None
    name: str

    @classmethod
    def of_inputs(cls, inputs: Json) -> "Reference | None":
        """The object that a resource's inputs describe; None if they name none."""
        metadata = mapping(inputs.get("metadata"))
        api_version, kind, name = inputs.get("apiVersion"), inputs.get("kind"), metadata.get("name")
        namespace = metadata.get("namespace")
        if not (isinstance(api_version, str) and isinstance(kind, str) and isinstance(name, str)):
            return None
        return cls(api_version, kind, namespace if isinstance(namespace, str) else None, name)


@dataclass(frozen=True)
class ClusterObjects:
    """Finds objects."""

    client: ApiClient

    def find(self, reference: Reference) -> tuple[str, Json] | None:
        """The Pulumi id and the content of an object; None if there is none or its kind is not served."""
        kind = self.kind(reference)
        if kind is None:
            return None
        prefix = "/api/v1" if reference.api_version == "v1" else f"/apis/{reference.api_version}"
        if kind.get("namespaced") is True:
            namespace = reference.namespace or "default"
            identity = f"{namespace}/{reference.name}"
            found = self.client.get(f"{prefix}/namespaces/{namespace}/{kind.get('name')}/{reference.name}")
        else:
            identity = reference.name
            found = self.client.get(f"{prefix}/{kind.get('name')}/{reference.name}")
        return (identity, found) if found is not None else None

    def kind(self, reference: Reference) -> Json | None:
        """How the API server serves a kind."""
        group = reference.api_version
        served = self.client.get("/api/v1" if group == "v1" else f"/apis/{group}")
        for entry in mappings(mapping(served).get("resources")):
            if entry.get("kind") == reference.kind and "/" not in str(entry.get("name")):
                return entry
        return None


def pulumi_manager(found: Json) -> str | None:
    """The field manager by which Pulumi made an object; None if something else made it."""
    managed = mapping(found.get("metadata")).get("managedFields")
    names = [str(each.get("manager")) for each in mappings(managed)]
    return next((name for name in names if name.startswith(PULUMI_MANAGER)), None)
