"""Decides what a change of inputs does to a resource."""

import json
from collections.abc import Iterator

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from sandbox.providers.aws.checking import DEFAULTS
from sandbox.providers.aws.documents import meaning
from sandbox.providers.aws.kind import Given, Kind
from sandbox.providers.property_values import Plain, has_unknown

KINDS = {
    ("add", False): PropertyDiffKind.ADD,
    ("add", True): PropertyDiffKind.ADD_REPLACE,
    ("delete", False): PropertyDiffKind.DELETE,
    ("delete", True): PropertyDiffKind.DELETE_REPLACE,
    ("update", False): PropertyDiffKind.UPDATE,
    ("update", True): PropertyDiffKind.UPDATE_REPLACE,
}


def difference(kind: Kind, state: Given, inputs: Given) -> DiffResponse:
    """Compare the state, which holds the last inputs, with the new inputs."""
    replacing = kind.replaces | {"region"}
    detailed = {
        key: PropertyDiff(KINDS[change, key in replacing], input_diff=True)
        for key, change in _changes(kind, state, inputs)
    }
    replaces = [key for key in detailed if key in replacing]
    return DiffResponse(
        changes=bool(detailed),
        replaces=replaces,
        diffs=list(detailed),
        detailed_diff=detailed,
        # The name of the program's choice is taken until the old resource is gone.
        delete_before_replace=bool(replaces) and _same_name(kind, state, inputs),
    )


def normal(kind: Kind, key: str, value: Plain) -> Plain:
    """Write a value so that equal ones are written alike."""
    if key in kind.documents and isinstance(value, str):
        return meaning(value)
    value = kind.normal(key, value)
    if key in kind.sets and isinstance(value, list) and not has_unknown(value):
        return sorted(value, key=json.dumps)
    return None if value in ({}, []) else value


def _changes(kind: Kind, state: Given, inputs: Given) -> Iterator[tuple[str, str]]:
    for name, field in kind.inputs.model_fields.items():
        key = field.alias or name
        old, new = normal(kind, key, state.get(key)), normal(kind, key, inputs.get(key))
        if new is None and key in kind.kept:
            continue
        if old != new:
            yield key, "add" if old is None else "delete" if new is None else "update"


def _same_name(kind: Kind, state: Given, inputs: Given) -> bool:
    chosen = inputs.get(DEFAULTS)
    made = isinstance(chosen, list) and "name" in chosen
    return bool(kind.longest_name) and not made and state.get("name") == inputs.get("name")
