"""Reading decoded JSON and YAML, whose shape is known only after looking."""

from collections.abc import Mapping, Sequence

from typing_extensions import TypeIs

Json = Mapping[str, object]


def is_mapping(value: object) -> TypeIs[Json]:
    """Return whether a decoded value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeIs[Sequence[object]]:
    """Return whether a decoded value is an array."""
    return isinstance(value, list)


def mapping(value: object) -> Json:
    """Return an object, empty if the value is none."""
    return value if is_mapping(value) else {}


def at(value: object, *path: str) -> object:
    """Return the value at a path of keys, None if there is none."""
    for key in path:
        value = mapping(value).get(key)
    return value


def text(value: object, *path: str) -> str:
    """Return the text at a path of keys, empty if there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def entries(value: object, *path: str) -> Sequence[object]:
    """Return the array at a path of keys, empty if there is none."""
    found = at(value, *path)
    return found if is_list(found) else []


def mappings(value: object, *path: str) -> Sequence[Json]:
    """Return the objects in the array at a path of keys, none if there is no array."""
    return [each for each in entries(value, *path) if is_mapping(each)]
