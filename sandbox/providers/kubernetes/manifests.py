"""Reading and changing Kubernetes objects as plain data."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from sandbox.providers.property_values import Object, Plain

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]


class Missing:
    """The value of a key that is not there."""


MISSING = Missing()


def find(value: Plain, path: Path) -> Plain | Missing:
    """Follow a path; `MISSING` where it ends early."""
    for step in path:
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return MISSING
            value = value[step]
            continue
        if not isinstance(value, list) or not 0 <= step < len(value):
            return MISSING
        value = value[step]
    return value


def dig(value: Plain, *path: Step) -> Plain:
    """Follow a path; None where it ends early."""
    found = find(value, path)
    return None if isinstance(found, Missing) else found


def text(value: Plain, *path: Step) -> str:
    """Give the string at a path, or the empty string."""
    found = dig(value, *path)
    return found if isinstance(found, str) else ""


def number(value: Plain, *path: Step, default: int = 0) -> int:
    """Give the whole number at a path, or the default."""
    found = dig(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def mapping(value: Plain, *path: Step) -> Object:
    """Give the map at a path, or an empty one."""
    found = dig(value, *path)
    return found if isinstance(found, dict) else {}


def sequence(value: Plain, *path: Step) -> list[Plain]:
    """Give the list at a path, or an empty one."""
    found = dig(value, *path)
    return found if isinstance(found, list) else []


def with_value(value: Plain, path: Path, new: Plain) -> Plain:
    """Give a copy that has the value at the path; maps are made where keys are missing."""
    if not path:
        return copy.deepcopy(new)
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        fields = dict(value) if isinstance(value, dict) else {}
        fields[step] = with_value(fields.get(step), rest, new)
        return fields
    if isinstance(value, list) and step < len(value):
        return [with_value(item, rest, new) if index == step else item for index, item in enumerate(value)]
    return value


def without(value: Plain, path: Path) -> Plain:
    """Give a copy that lacks the key at the path."""
    if not path or not isinstance(value, dict) or not isinstance(path[0], str) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: item for key, item in value.items() if key != path[0]}
    return {**value, path[0]: without(value[path[0]], path[1:])}


def changed(manifest: Object, path: Path, new: Plain) -> Object:
    """Give a copy of the object that has the value at the path."""
    return mapping(with_value(manifest, path, new))


def lacking(manifest: Object, *paths: Path) -> Object:
    """Give a copy of the object without these keys."""
    for path in paths:
        manifest = mapping(without(manifest, path))
    return manifest


def name_of(manifest: Object) -> str:
    """Give `metadata.name`."""
    return text(manifest, "metadata", "name")


def namespace_of(manifest: Object) -> str:
    """Give `metadata.namespace`."""
    return text(manifest, "metadata", "namespace")


def annotation(manifest: Object, key: str) -> str:
    """Give an annotation's value, or the empty string."""
    return text(manifest, "metadata", "annotations", key)


def identifier(manifest: Object) -> str:
    """Give the id that Pulumi keeps: `namespace/name`, or the name alone."""
    namespace = namespace_of(manifest)
    return f"{namespace}/{name_of(manifest)}" if namespace else name_of(manifest)


def described(manifest: Object) -> str:
    """Name the object for a person: its kind and id."""
    return f"{text(manifest, 'kind')} {identifier(manifest)}"


def identity(manifest: Object, resource_id: str) -> Object:
    """Give what finds an object again: its apiVersion, kind and uid, and the id that Pulumi keeps."""
    namespace, _, name = resource_id.rpartition("/")
    metadata: Object = {"name": name, "uid": dig(manifest, "metadata", "uid")}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": text(manifest, "apiVersion"), "kind": text(manifest, "kind"), "metadata": metadata}
