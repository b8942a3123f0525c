"""Property values as plain Python, and back.

The SDK's provider classes know no unknown value on the wire (3.272: `Computed` cannot be marshalled, and arrives as its
marker string), so the marker is what stands for "not known before the update" here.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN

Plain: TypeAlias = "bool | float | str | list[Plain] | dict[str, Plain] | None"
"""A property value without secretness and dependencies."""

Properties: TypeAlias = dict[str, PropertyValue]


def unknown(*, secret: bool = False) -> PropertyValue:
    """Stand for a value that is only known after the update."""
    return PropertyValue(UNKNOWN, is_secret=secret)


def is_unknown(value: PropertyValue) -> bool:
    """Tell whether any part of the value is not known yet."""
    return UNKNOWN in _leaves(to_plain(value))


def to_plain(value: PropertyValue) -> Plain:
    """Take a value out of its wrapping; raises TypeError for assets, archives and resource references."""
    inner = value.value
    if inner is None or isinstance(inner, bool | float | str):
        return inner
    if isinstance(inner, Sequence):
        return [to_plain(item) for item in inner]
    if isinstance(inner, Mapping):
        return {key: to_plain(item) for key, item in inner.items()}
    raise TypeError(f"a {value.type.value} is no input of this package")


def to_property(value: Plain, *, secret: bool = False) -> PropertyValue:
    """Wrap a plain value for the engine."""
    if isinstance(value, list):
        return PropertyValue([to_property(item) for item in value], is_secret=secret)
    if isinstance(value, dict):
        return PropertyValue({key: to_property(item) for key, item in value.items()}, is_secret=secret)
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value), is_secret=secret)
    return PropertyValue(value, is_secret=secret)


def _leaves(value: Plain) -> list[Plain]:
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    return [value]
