"""The schemas of custom resource definitions, and the TypedDicts that stand for them."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import yaml
from jsonschema import Draft202012Validator, ValidationError
from pulumi import output
from pydantic import TypeAdapter

from tests.recorded_values import at, mapping, sequence

_DOCUMENT = TypeAdapter(dict[str, object])


def schema(folder: Path, api_version: str, kind: str) -> dict[str, object]:
    """Return the schema of a kind from the definitions in the files of `folder`."""
    group, _, wanted = api_version.partition("/")
    for document in _definitions_of(kind, folder):
        if at(document, "spec", "group") == group and at(document, "spec", "names", "kind") == kind:
            for version in sequence(at(document, "spec", "versions")):
                if at(version, "name") == wanted and at(version, "served"):
                    return _strict(mapping(at(version, "schema", "openAPIV3Schema")))
    raise LookupError(f"no {kind} of {api_version} in {folder}")


def _definitions_of(kind: str, folder: Path) -> Iterator[dict[str, object]]:
    for path in sorted(folder.glob("*.yaml")):
        for text in path.read_text(encoding="utf-8").split("\n---"):
            if f"kind: {kind}\n" in text:  # parsing all of them takes seconds
                yield _DOCUMENT.validate_python(yaml.load(text, yaml.CSafeLoader))


def errors(schema: Mapping[str, object], value: object) -> list[str]:
    """Return what an API server with strict field validation would refuse in `value`."""
    validator: Any = Draft202012Validator(schema)
    found: Iterator[ValidationError] = validator.iter_errors(value)
    return [f"{each.json_path}: {each.message}" for each in found]


def _strict(schema: dict[str, object]) -> dict[str, object]:
    """Return a structural schema as JSON schema: unknown keys fail, and so does null where it is not allowed."""
    strict = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if strict.pop("nullable", False):
        strict["type"] = [strict["type"], "null"]
    if schema.get("x-kubernetes-int-or-string"):
        strict["type"] = ["integer", "string"]
    if "properties" in strict:
        properties = mapping(strict["properties"])
        strict["properties"] = {name: _strict(mapping(each)) for name, each in properties.items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            strict["additionalProperties"] = False
    elif "additionalProperties" in strict and not isinstance(strict["additionalProperties"], bool):
        strict["additionalProperties"] = _strict(mapping(strict["additionalProperties"]))
    if "items" in strict:
        strict["items"] = _strict(mapping(strict["items"]))
    return strict


def wrong_keys(type_: type, schema: object, where: str = "spec") -> Iterator[str]:
    """Yield the keys of a TypedDict that the schema does not know, and those that it requires and the type does not."""
    known, hints = mapping(at(schema, "properties")), _hints(type_, extras=True)
    for key in map(str, sequence(mapping(schema).get("required", list[object]()))):
        if key not in hints or get_origin(hints[key]) is NotRequired:
            yield f"{where}.{key} is required"
    for key, hint in _hints(type_).items():
        if key not in known:
            yield f"{where}.{key} is unknown"
            continue
        element = mapping(known[key]).get("items", known[key])
        for inner in _typed_dicts(hint):
            yield from wrong_keys(inner, element, f"{where}.{key}")


def reached(type_: type) -> set[type]:
    """Return a TypedDict with all that are in it."""
    inner = {each for hint in _hints(type_).values() for each in _typed_dicts(hint)}
    return {type_}.union(*map(reached, inner))


def _hints(type_: type, *, extras: bool = False) -> dict[str, object]:
    names = {**vars(output), **vars(sys.modules[type_.__module__])}  # `Input` is made of names of its own module
    return get_type_hints(type_, names, include_extras=extras)


def _typed_dicts(hint: object) -> set[type]:
    """Return the TypedDicts in an annotation, however deep in `Input`, `Sequence` and `NotRequired`."""
    if isinstance(hint, type) and is_typeddict(hint):
        return {hint}
    return {found for part in get_args(hint) for found in _typed_dicts(part)}
