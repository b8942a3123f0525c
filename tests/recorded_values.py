"""Property values as the engine gets them: plain, except secrets and values that are not known yet."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from google.protobuf.struct_pb2 import Struct, Value
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_THE_WIRE
from pydantic import TypeAdapter

_MAPPING = TypeAdapter(dict[str, object])
_SEQUENCE = TypeAdapter(list[object])


class Unknown(Enum):
    """A value that only an `up` knows."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True)
class Secret:
    """A value that the state encrypts and no output shows."""

    value: object


def recorded(properties: Struct) -> dict[str, object]:
    """Return the properties of a request."""
    return {key: _recorded(value) for key, value in PropertyValue.unmarshal_map(properties).items()}


def secret(value: Value) -> Value:
    """Return a value of an answer as the engine sends it where the SDK declares it secret."""
    return PropertyValue.unmarshal(value).with_secret(True).marshal()


def at(value: object, *path: str | int) -> object:
    """Return what lies at `path`; a Secret if one is on the way. Raises LookupError if there is nothing."""
    hidden = False
    for step in path:
        if isinstance(value, Secret):
            value, hidden = value.value, True
        value = sequence(value)[step] if isinstance(step, int) else mapping(value)[step]
    return Secret(value) if hidden and not isinstance(value, Secret) else value


def mapping(value: object) -> dict[str, object]:
    """Return `value` as what it has to be. Raises LookupError if it is not."""
    if not isinstance(value, dict):
        raise LookupError(f"{value!r} is no mapping")  # noqa: TRY004  like a key that is not there
    return _MAPPING.validate_python(value)


def sequence(value: object) -> list[object]:
    """Return `value` as what it has to be. Raises LookupError if it is not."""
    if not isinstance(value, list):
        raise LookupError(f"{value!r} is no sequence")  # noqa: TRY004  like an index that is not there
    return _SEQUENCE.validate_python(value)


def plain_texts(value: object) -> list[str]:
    """Return all scalars in `value` that no Secret hides, as text."""
    if isinstance(value, Secret):
        return []
    parts: list[object] = []
    with suppress(LookupError):
        parts += mapping(value).values()
    with suppress(LookupError):
        parts += sequence(value)
    return [text for part in parts for text in plain_texts(part)] or [str(value)]


def _recorded(value: PropertyValue) -> object:
    if value.is_secret:
        return Secret(_recorded(value.with_secret(False)))
    inner = value.value
    if isinstance(inner, Mapping):
        return {key: _recorded(each) for key, each in inner.items()}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [_recorded(each) for each in inner]
    if isinstance(inner, Computed) or inner == UNKNOWN_ON_THE_WIRE:
        return UNKNOWN
    if isinstance(inner, ResourceReference):
        return inner.urn
    return int(inner) if isinstance(inner, float) and inner.is_integer() else inner


def decoded(value: object) -> object:
    """Return the text that a text holds in base64, or a Secret with that of the text in it."""
    if isinstance(value, Secret):
        return Secret(decoded(value.value))
    return b64decode(str(value), validate=True).decode()
