"""What is kept of an object in the stack's state: the live object, and the inputs that made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi.provider.experimental.property_value import PropertyValue

from sandbox.providers.kubernetes.manifests import lacking, mapping, text
from sandbox.providers.kubernetes.normalizing import normalized, without_null
from sandbox.providers.kubernetes.objects import FIELD_MANAGER
from sandbox.providers.property_values import copy_secrets, from_plain, plain_map

if TYPE_CHECKING:
    from sandbox.providers.property_values import Object, Properties

_INPUTS, _API_VERSION, _MANAGER = "__inputs", "__initialApiVersion", "__fieldManager"


@dataclass(frozen=True)
class Checkpoint:
    """An object as the state has it."""

    inputs: Object
    live: Object


def manifest_of(inputs: Properties, type_token: str) -> Object:
    """Give the object that the inputs describe; apiVersion and kind default to those of the type token."""
    group_version, _, kind = type_token.removeprefix("kubernetes:").partition(":")
    defaults: Object = {"apiVersion": group_version.removeprefix("core/"), "kind": kind}
    return normalized(mapping(without_null({**defaults, **plain_map(inputs)})))


def marked(manifest: Object, inputs: Properties) -> dict[str, PropertyValue]:
    """Mark as secret a Secret's data, and whatever is secret in the inputs."""
    values = {key: from_plain(item) for key, item in manifest.items()}
    if text(manifest, "kind") == "Secret":
        for key in ("data", "stringData"):
            if key in values:
                values[key] = values[key].with_secret(True)
    return copy_secrets(values, inputs)


def written(manifest: Object, live: Object, inputs: Properties) -> dict[str, PropertyValue]:
    """Compose the state of an object from its inputs (their secrets too) and the live object."""
    visible = lacking(live, ("metadata", "managedFields"))
    return {
        **marked(visible, inputs),
        _INPUTS: PropertyValue(marked(manifest, inputs)),
        _API_VERSION: PropertyValue(text(manifest, "apiVersion")),
        _MANAGER: PropertyValue(FIELD_MANAGER),
    }


def read(state: Properties) -> Checkpoint:
    """Take the state of an object apart."""
    plain = plain_map(state)
    live = {key: item for key, item in plain.items() if not key.startswith("__")}
    return Checkpoint(normalized(mapping(without_null(mapping(plain, _INPUTS)))), live)
