"""The wire format of Pulumi's property values.

The SDK's own (3.272) neither reads nor writes unknown values, and gives the id of a resource reference a wrong key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.protobuf import struct_pb2
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (a wire signature, not a password)
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    (
        _UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    )
)


def unmarshal(value: struct_pb2.Value) -> PropertyValue:
    """Read one value from the wire."""
    kind = value.WhichOneof("kind")
    if kind == "string_value" and value.string_value in _UNKNOWNS:
        return PropertyValue.computed()
    if kind == "list_value":
        return PropertyValue([unmarshal(item) for item in value.list_value.values])
    if kind != "struct_value":
        return PropertyValue.unmarshal(value)
    fields = value.struct_value.fields
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if not signature:
        return PropertyValue(unmarshal_map(value.struct_value))
    if signature in (_SECRET, _OUTPUT):
        inner = unmarshal(fields["value"]) if "value" in fields else PropertyValue.computed()
        depends = [item.string_value for item in fields["dependencies"].list_value.values]
        return inner.with_secret(signature == _SECRET or fields["secret"].bool_value).with_dependencies(depends)
    return PropertyValue.unmarshal(value)


def unmarshal_map(value: struct_pb2.Struct) -> dict[str, PropertyValue]:
    """Read named values from the wire."""
    return {key: unmarshal(item) for key, item in value.fields.items()}


def marshal(value: PropertyValue) -> struct_pb2.Value:
    """Write one value for the wire."""
    bare = _marshal_bare(value)
    if value.dependencies:
        depends = struct_pb2.ListValue(values=[struct_pb2.Value(string_value=urn) for urn in value.dependencies])
        fields = {
            "dependencies": struct_pb2.Value(list_value=depends),
            "secret": struct_pb2.Value(bool_value=value.is_secret),
        }
        if not isinstance(value.value, Computed):
            fields["value"] = bare
        return _signed(_OUTPUT, fields)
    return _signed(_SECRET, {"value": bare}) if value.is_secret else bare


def _marshal_bare(value: PropertyValue) -> struct_pb2.Value:
    inner = value.value
    if isinstance(inner, Computed):
        return struct_pb2.Value(string_value=_UNKNOWN)
    if isinstance(inner, Mapping):
        return struct_pb2.Value(struct_value=marshal_map(inner))
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[marshal(item) for item in inner]))
    if isinstance(inner, ResourceReference):
        fields = {"urn": struct_pb2.Value(string_value=inner.urn)}
        if inner.resource_id is not None:
            fields["id"] = marshal(inner.resource_id)
        return _signed(_RESOURCE, fields)
    return PropertyValue(inner).marshal()


def marshal_map(values: Mapping[str, PropertyValue]) -> struct_pb2.Struct:
    """Write named values for the wire."""
    return struct_pb2.Struct(fields={key: marshal(item) for key, item in values.items()})


def _signed(signature: str, fields: dict[str, struct_pb2.Value]) -> struct_pb2.Value:
    signed = {_SIGNATURE: struct_pb2.Value(string_value=signature), **fields}
    return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=signed))
