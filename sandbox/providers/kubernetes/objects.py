"""Objects in the cluster: the few requests that the stand-in makes about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.providers.kubernetes.api import APPLY, JSON_PATCH, Api, ApiError
from sandbox.providers.kubernetes.discovery import Discovery, UnknownKindError
from sandbox.providers.kubernetes.manifests import lacking, mapping, name_of, namespace_of, sequence, text

if TYPE_CHECKING:
    from sandbox.providers.property_values import Object, Plain

FIELD_MANAGER = "pulumi-kubernetes"
_DRY_RUN = {"dryRun": "All"}


class Cluster:
    """The objects of one cluster."""

    def __init__(self, kubeconfig: str, context: str) -> None:
        self.api = Api(kubeconfig, context)
        self.discovery = Discovery(self.api)

    def version(self) -> str:
        """Ask for the API server's version, such as `v1.36.3`; raises `UnreachableError`."""
        return text(self.api.request("GET", "/version"), "gitVersion")

    def get(self, manifest: Object) -> Object | None:
        """Read the live object with this manifest's kind, namespace and name; None if there is none."""
        try:
            return self.api.request("GET", self._path(manifest))
        except UnknownKindError:
            return None
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def create(self, manifest: Object, *, dry_run: bool) -> Object:
        """Create an object; the API server refuses one that exists."""
        query = {"fieldManager": FIELD_MANAGER, **(_DRY_RUN if dry_run else {})}
        return self.api.request("POST", self._collection(manifest), self._scoped(manifest), query)

    def replace(self, manifest: Object, *, dry_run: bool) -> Object:
        """Put the whole object in place of the live one, which must have the manifest's resourceVersion."""
        query = {"fieldManager": FIELD_MANAGER, **(_DRY_RUN if dry_run else {})}
        return self.api.request("PUT", self._path(manifest), self._scoped(manifest), query)

    def apply(self, manifest: Object, *, manager: str, force: bool, dry_run: bool) -> Object:
        """Apply on the server: own what the manifest has, give up what it no longer has."""
        query = {"fieldManager": manager, "force": str(force).lower(), **(_DRY_RUN if dry_run else {})}
        return self.api.request("PATCH", self._path(manifest), self._scoped(manifest), query, content_type=APPLY)

    def patch(self, manifest: Object, operations: list[Plain]) -> Object:
        """Change an object by JSON patch operations."""
        return self.api.request("PATCH", self._path(manifest), operations, content_type=JSON_PATCH)

    def delete(self, manifest: Object, propagation: str) -> None:
        """Begin an object's deletion; raises `ApiError` if it does not exist."""
        options: Object = {"propagationPolicy": propagation, "apiVersion": "v1", "kind": "DeleteOptions"}
        self.api.request("DELETE", self._path(manifest), options)

    def select(self, api_version: str, kind: str, namespace: str, **query: str) -> list[Object]:
        """List objects of a kind in a namespace by `labelSelector` or `fieldSelector`."""
        path = self.discovery.kind(api_version, kind).collection(namespace)
        return [mapping(item) for item in sequence(self.api.request("GET", path, query=query), "items")]

    def exists(self, manifest: Object) -> bool:
        """Tell whether the API server knows the manifest's kind."""
        try:
            self.discovery.kind(text(manifest, "apiVersion"), text(manifest, "kind"))
        except UnknownKindError:
            return False
        return True

    def _collection(self, manifest: Object) -> str:
        kind = self.discovery.kind(text(manifest, "apiVersion"), text(manifest, "kind"))
        return kind.collection(namespace_of(manifest))

    def _path(self, manifest: Object) -> str:
        return f"{self._collection(manifest)}/{name_of(manifest)}"

    def _scoped(self, manifest: Object) -> Object:
        kind = self.discovery.kind(text(manifest, "apiVersion"), text(manifest, "kind"))
        return manifest if kind.namespaced else lacking(manifest, ("metadata", "namespace"))
