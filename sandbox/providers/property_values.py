"""Pulumi property values as plain data, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import pulumi
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference


class Unknown:
    """A value that only an update will know."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN = Unknown()
Asset: TypeAlias = pulumi.Asset | pulumi.Archive
Plain: TypeAlias = "bool | int | float | str | Unknown | Asset | list[Plain] | dict[str, Plain] | None"
Object: TypeAlias = dict[str, Plain]
Properties: TypeAlias = Mapping[str, PropertyValue]


def to_plain(value: PropertyValue) -> Plain:
    """Give a value without its secret marks; whole numbers become integers, as JSON has them."""
    inner = value.value
    if isinstance(inner, Computed):
        return UNKNOWN
    if isinstance(inner, ResourceReference):
        return inner.urn
    if isinstance(inner, Mapping):
        return {key: to_plain(item) for key, item in inner.items()}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [to_plain(item) for item in inner]
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    return inner


def plain_map(values: Properties) -> Object:
    """Give named values without their secret marks."""
    return {key: to_plain(item) for key, item in values.items()}


def from_plain(value: Plain) -> PropertyValue:
    """Turn JSON-like data into a value."""
    if isinstance(value, Unknown):
        return PropertyValue.computed()
    if isinstance(value, dict):
        return PropertyValue({key: from_plain(item) for key, item in value.items()})
    if isinstance(value, list):
        return PropertyValue([from_plain(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def has_unknown(value: Plain) -> bool:
    """Return whether any part of the value is unknown."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)


def copy_secrets(target: Properties, source: Properties) -> dict[str, PropertyValue]:
    """Mark in target what is secret in source: key by key in maps, a list as a whole."""
    marked = dict(target)
    for key, wanted in source.items():
        if key not in marked:
            continue
        mine = marked[key]
        if isinstance(mine.value, Mapping) and isinstance(wanted.value, Mapping) and not wanted.is_secret:
            marked[key] = mine.with_value(copy_secrets(mine.value, wanted.value))
        elif wanted.contains_secret():
            marked[key] = mine.with_secret(True)
    return marked
