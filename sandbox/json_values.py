"""Reading decoded JSON and YAML, whose shape is known only after looking."""

from collections.abc import Mapping, Sequence

from typing_extensions import TypeIs

Json = Mapping[str, object]


def is_mapping(value: object) -> TypeIs[Json]:
    """Whether a decoded value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeIs[Sequence[object]]:
    """Whether a decoded value is an array."""
    return isinstance(value, list)


def mapping(value: object) -> Json:
    """The value if it is an object, else an empty one."""
    return value if is_mapping(value) else {}


def items(value: object) -> Sequence[Json]:
    """The objects of an array; none if it is no array."""
    return [each for each in value if is_mapping(each)] if is_list(value) else []
