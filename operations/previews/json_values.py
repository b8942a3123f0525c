"""JSON as the type checker sees it."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object, empty if the value is none."""
    return value if is_mapping(value) else {}


def entries(value: object) -> Sequence[object]:
    """Return a JSON array, empty if the value is none."""
    return value if is_list(value) else []


def at(value: object, *path: str) -> object:
    """Return what lies at a path of keys, None if nothing does."""
    for key in path:
        value = mapping(value).get(key)
    return value
