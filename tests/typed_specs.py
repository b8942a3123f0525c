"""TypedDicts of custom resources beside the schemas that they stand for."""

import sys
from collections.abc import Iterator
from typing import NotRequired, get_args, get_origin, get_type_hints, is_typeddict

from pulumi import output

from tests.recorded_values import at, mapping, sequence

NONE: list[object] = []


def unknown_keys(type_: type, schema: object, where: str) -> Iterator[str]:
    known = mapping(at(schema, "properties"))
    for key, hint in hints_of(type_).items():
        if key not in known:
            yield f"{where}.{key}"
            continue
        for inner in typed_dicts(hint):
            yield from unknown_keys(inner, element(known[key]), f"{where}.{key}")


def optional_but_required(type_: type, schema: object, where: str) -> Iterator[str]:
    wanted = set(map(str, sequence(mapping(schema).get("required", NONE))))
    hints = hints_of(type_, extras=True)
    for key, hint in hints.items():
        if key in wanted and get_origin(hint) is NotRequired:
            yield f"{where}.{key}"
    yield from (f"{where}.{key} is missing" for key in wanted - set(hints))
    for key, hint in hints_of(type_).items():
        for inner in typed_dicts(hint):
            yield from optional_but_required(inner, element(at(schema, "properties", key)), f"{where}.{key}")


def hints_of(type_: type, *, extras: bool = False) -> dict[str, object]:
    names = {**vars(output), **vars(sys.modules[type_.__module__])}  # `Input` is made of names of its own module
    return get_type_hints(type_, names, include_extras=extras)


def reached(type_: type) -> set[type]:
    inner = {each for hint in hints_of(type_).values() for each in typed_dicts(hint)}
    return {type_}.union(*map(reached, inner))


def typed_dicts(hint: object) -> set[type]:
    """Return the TypedDicts in an annotation, however deep in `Input`, `Sequence` and `NotRequired`."""
    if isinstance(hint, type) and is_typeddict(hint):
        return {hint}
    return {found for part in get_args(hint) for found in typed_dicts(part)}


def element(schema: object) -> object:
    """Return the schema of a list's elements, or `schema` where it is not one of a list."""
    return mapping(schema).get("items", schema)
