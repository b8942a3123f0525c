"""`kubernetes:helm.sh/v4:Chart`: a component whose children are the objects that the chart renders."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pulumi
from pulumi.provider.experimental.property_value import PropertyValue, ResourceReference
from pulumi.provider.experimental.provider import ConstructRequest, ConstructResponse

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.discovery import group_of
from sandbox.providers.kubernetes.manifests import annotation, changed, mapping, name_of, namespace_of, text
from sandbox.providers.kubernetes.normalizing import is_crd
from sandbox.providers.kubernetes.rendering import placed, rendered
from sandbox.providers.property_values import has_unknown, plain_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.providers.kubernetes.connection import Connection
    from sandbox.providers.property_values import Object

_UNKNOWN_VALUES = "Input properties have unknown values. Preview is incomplete."
_NOT_KNOWN = ("keyring", "postRenderer", "verify")


async def construct(connection: Connection, request: ConstructRequest) -> ConstructResponse:
    """Register the chart and, if every value is known, its objects."""
    component = pulumi.ComponentResource(request.resource_type, request.name, {}, request.options)
    urn = str(await component.urn.future())
    inputs = plain_map(request.inputs)
    if has_unknown(inputs):
        connection.engine.warn(urn, _UNKNOWN_VALUES)
        return ConstructResponse(urn, {"resources": PropertyValue.computed()}, {})
    for key in _NOT_KNOWN:
        if inputs.get(key):
            raise ProviderError(f"chart {request.name}: the stand-in for the kubernetes provider does not know {key}")
    objects, unresolved = await asyncio.to_thread(_objects, connection, inputs, request.name)
    if unresolved:
        kinds = ", ".join(dict.fromkeys(unresolved))
        connection.engine.warn(urn, f"Unable to determine whether the following kinds are namespaced: {kinds}.")
    prefix = text(inputs, "resourcePrefix") if "resourcePrefix" in inputs else request.name
    children = Children(component, prefix, skip_await=inputs.get("skipAwait") is True)
    references = await _references(children.register(objects), request.name)
    component.register_outputs({})
    return ConstructResponse(urn, {"resources": PropertyValue(references)}, {})


def _objects(connection: Connection, inputs: Object, name: str) -> tuple[list[Object], list[str]]:
    release = text(inputs, "name") or name
    namespace = text(inputs, "namespace")
    objects = rendered(connection, inputs, release, namespace)
    return placed(connection, objects, namespace or connection.settings.namespace)


async def _references(children: Sequence[pulumi.CustomResource], chart: str) -> list[PropertyValue]:
    references: list[PropertyValue] = []
    for child in children:
        try:
            urn, identifier = await child.urn.future(), await child.id.future()
        except Exception as error:
            raise ProviderError(f"chart {chart}: an object of it failed, see its own error") from error
        known = PropertyValue(identifier) if identifier else PropertyValue.computed()
        references.append(PropertyValue(ResourceReference(str(urn), known)))
    return references


class Children:
    """The objects of one component, as resources in the order in which they can be made."""

    def __init__(self, parent: pulumi.ComponentResource, prefix: str, *, skip_await: bool) -> None:
        self._parent = parent
        self._prefix = prefix
        self._skip_await = skip_await
        self._namespaces: dict[str, pulumi.Resource] = {}
        self._kinds: dict[tuple[str, str], pulumi.Resource] = {}

    def register(self, objects: Sequence[Object]) -> list[pulumi.CustomResource]:
        """Register Namespaces and CustomResourceDefinitions first, then what stands on them."""
        return [self._register(manifest) for manifest in sorted(objects, key=lambda item: not _is_ground(item))]

    def _register(self, manifest: Object) -> pulumi.CustomResource:
        api_version, kind = text(manifest, "apiVersion"), text(manifest, "kind")
        if self._skip_await:
            manifest = changed(manifest, ("metadata", "annotations", "pulumi.com/skipAwait"), "true")
        stands_on = (self._kinds.get((group_of(api_version), kind)), self._namespaces.get(namespace_of(manifest)))
        options = pulumi.ResourceOptions(
            parent=self._parent,
            depends_on=[resource for resource in stands_on if resource is not None],
            retain_on_delete=annotation(manifest, "helm.sh/resource-policy") == "keep" or None,
        )
        token = f"kubernetes:{'core/v1' if api_version == 'v1' else api_version}:{kind}"
        child = pulumi.CustomResource(token, self._name(manifest), _properties(manifest), options)
        if kind == "Namespace":
            self._namespaces[name_of(manifest)] = child
        if is_crd(manifest):
            self._kinds[text(manifest, "spec", "group"), text(manifest, "spec", "names", "kind")] = child
        return child

    def _name(self, manifest: Object) -> str:
        place = "/".join(filter(None, (namespace_of(manifest), name_of(manifest))))
        return f"{self._prefix}:{place}" if self._prefix else place


def _is_ground(manifest: Object) -> bool:
    return text(manifest, "kind") == "Namespace" or is_crd(manifest)


def _properties(manifest: Object) -> dict[str, object]:
    properties: dict[str, object] = dict(manifest)
    if (text(manifest, "apiVersion"), text(manifest, "kind")) == ("v1", "Secret"):
        for key in ("data", "stringData"):
            if key in manifest:
                properties[key] = pulumi.Output.secret(mapping(manifest, key))
    return properties
