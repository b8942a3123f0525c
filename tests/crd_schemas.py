"""The schemas of custom resource definitions, as strict as an API server that refuses unknown fields."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
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
