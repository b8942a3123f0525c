"""Completing the inputs of an object before anything is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi.provider.experimental.provider import CheckRequest, CheckResponse

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes import checkpoints, naming
from sandbox.providers.kubernetes.discovery import built_in_scope, group_of
from sandbox.providers.kubernetes.manifests import changed, dig, namespace_of, text
from sandbox.providers.kubernetes.normalizing import is_crd
from sandbox.providers.property_values import Object, Unknown
from sandbox.providers.urns import type_of

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.connection import Connection


def completed(connection: Connection, request: CheckRequest) -> CheckResponse:
    """Give the object a name and a namespace where it lacks one; remember kinds that the program brings."""
    token = type_of(request.urn)
    manifest = checkpoints.manifest_of(request.new_inputs, token)
    if text(manifest, "kind").endswith(("List", "Patch")):
        raise ProviderError(f"{request.name}: the stand-in for the kubernetes provider does not know {token}")
    old = checkpoints.manifest_of(request.old_inputs, token) if request.old_inputs else {}
    manifest = _placed(connection, naming.named(manifest, old, request.name, request.random_seed))
    if is_crd(manifest) and (cluster := connection.reachable()):
        cluster.discovery.declare(manifest)
    return CheckResponse(inputs=checkpoints.marked(manifest, request.new_inputs))


def _placed(connection: Connection, manifest: Object) -> Object:
    unknown = any(isinstance(dig(manifest, *path), Unknown) for path in (("metadata",), ("metadata", "namespace")))
    if namespace_of(manifest) or unknown:
        return manifest
    api_version, kind = text(manifest, "apiVersion"), text(manifest, "kind")
    namespaced = built_in_scope(group_of(api_version), kind)
    if namespaced is None and (cluster := connection.reachable()):
        namespaced = cluster.discovery.namespaced(api_version, kind)
    if namespaced is False:
        return manifest
    return changed(manifest, ("metadata", "namespace"), connection.settings.namespace)
