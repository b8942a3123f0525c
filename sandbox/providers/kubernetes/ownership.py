"""Who owns which field of a live object, as server-side apply keeps it in `managedFields`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox.providers.kubernetes.manifests import (
    Missing,
    changed,
    dig,
    find,
    lacking,
    mapping,
    sequence,
    text,
)
from sandbox.providers.kubernetes.property_paths import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.providers.kubernetes.manifests import Path
    from sandbox.providers.property_values import Object, Plain

_ADOPTED = frozenset(
    (
        ("kubectl", "Apply"),
        ("kubectl", "Update"),
        ("before-first-apply", "Update"),
        ("pulumi-kubernetes", "Update"),
        ("pulumi-resource-kubernetes", "Update"),
    )
)


def adopted_by_update(live: Object) -> bool:
    """Tell whether a plain create (not an apply) of this provider still owns fields."""
    return any(_is_ours_by_update(entry) for entry in map(mapping, sequence(live, "metadata", "managedFields")))


def _is_ours_by_update(entry: Object) -> bool:
    return (text(entry, "manager"), text(entry, "operation")) == ("pulumi-kubernetes", "Update") and not text(
        entry, "subresource"
    )


def adoption(live: Object, manager: str) -> list[Plain]:
    """Give the JSON patch after which what was created or applied before is owned by this manager's apply."""
    entries = [mapping(entry) for entry in sequence(live, "metadata", "managedFields")]
    taken = [entry for entry in entries if _is_taken(entry, manager)]
    if not any(text(entry, "operation") == "Update" or text(entry, "manager") != manager for entry in taken):
        return []
    fields: Object = {}
    for entry in taken:
        fields = _merged(fields, mapping(entry, "fieldsV1"))
    ours: Object = {**taken[0], "manager": manager, "operation": "Apply", "fieldsV1": fields}
    rest: list[Plain] = [entry for entry in entries if not _is_taken(entry, manager)]
    version = text(live, "metadata", "resourceVersion")
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": [*rest, ours]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]


def _is_taken(entry: Object, manager: str) -> bool:
    key = (text(entry, "manager"), text(entry, "operation"))
    return not text(entry, "subresource") and (key in _ADOPTED or key == (manager, "Apply"))


def _merged(left: Object, right: Object) -> Object:
    result = dict(left)
    for key, value in right.items():
        result[key] = _merged(mapping(result, key), mapping(right, key)) if key in result else value
    return result


def leaving_ignored(manifest: Object, live: Object, ignored: Sequence[str], manager: str) -> Object:
    """Leave ignored fields as they are: drop those that only others own, send the live value of the rest."""
    for path in map(parsed, ignored):
        theirs = _owned(live, path, manager, ours=False)
        droppable = all(isinstance(step, str) for step in path)
        if theirs and droppable and not _owned(live, path, manager, ours=True):
            manifest = lacking(manifest, path)
            continue
        value = find(live, path)
        if not isinstance(value, Missing):
            manifest = changed(manifest, path, value)
    return manifest


def _owned(live: Object, path: Path, manager: str, *, ours: bool) -> bool:
    for entry in map(mapping, sequence(live, "metadata", "managedFields")):
        mine = text(entry, "manager") in (manager, "pulumi-kubernetes")
        if mine is ours and _has(mapping(entry, "fieldsV1"), live, path):
            return True
    return False


def _has(fields: Object, live: Plain, path: Path) -> bool:
    for step in path:
        item = dig(live, step)
        key = f"f:{step}" if isinstance(step, str) else _item_key(fields, item)
        if key not in fields:
            return False
        fields, live = mapping(fields, key), item
        if not fields:
            return True  # an atomic field: whoever owns it owns what is in it
    return True


def _item_key(fields: Object, item: Plain) -> str:
    for key in fields:
        kind, _, wanted = key.partition(":")
        if kind == "k" and all(dig(item, name) == value for name, value in json.loads(wanted).items()):
            return key
        if kind == "v" and json.loads(wanted) == item:
            return key
    return ""
