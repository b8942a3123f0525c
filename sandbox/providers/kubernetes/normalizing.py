"""Equal meanings in different words: what the API server writes differently from what it was given."""

from __future__ import annotations

import base64
import binascii
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sandbox.providers.kubernetes.manifests import lacking, mapping, text

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.manifests import Path
    from sandbox.providers.property_values import Object, Plain

_QUANTITY = re.compile(r"^([+-]?[0-9.]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$")
_SUFFIXES = {"": Decimal(1), "m": Decimal("0.001")}
_SUFFIXES.update({unit: Decimal(1000) ** (power + 1) for power, unit in enumerate("kMGTPE")})
_SUFFIXES.update({f"{unit}i": Decimal(1024) ** (power + 1) for power, unit in enumerate("KMGTPE")})
_QUANTITY_FIELDS = frozenset(
    ("limits", "requests", "capacity", "hard", "min", "max", "default", "defaultRequest", "sizeLimit", "averageValue")
)
_DROPPED_WHEN_BLANK = frozenset(("value", "protocol", "namespace", "apiGroup", "subPath", "clusterIP", "type", "host"))
_SERVER_FIELDS = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
]
_RENAMED = {
    f"x_kubernetes_{name.replace('-', '_')}": f"x-kubernetes-{name}"
    for name in [
        "embedded-resource",
        "int-or-string",
        "list-map-keys",
        "list-type",
        "map-type",
        "preserve-unknown-fields",
        "validations",
    ]
}


def same(path: Path, left: Plain, right: Plain) -> bool:
    """Tell whether two values mean the same to the API server."""
    if isinstance(left, bool) or isinstance(right, bool) or left == right:
        return left is right if isinstance(left, bool) or isinstance(right, bool) else True
    if not _QUANTITY_FIELDS.intersection(path):
        return False
    quantities = _quantity(left), _quantity(right)
    return None not in quantities and quantities[0] == quantities[1]


def without_empty(new: Plain, old: Plain, *, built_in: bool) -> Plain:
    """Drop what the old value lacks and the API server would not keep: null, and for its own kinds what is empty."""
    if isinstance(new, dict) and isinstance(old, dict):
        kept = {key: item for key, item in new.items() if key in old or not _vanishes(key, item, built_in=built_in)}
        return {key: without_empty(item, old.get(key), built_in=built_in) for key, item in kept.items()}
    if isinstance(new, list) and isinstance(old, list):
        padded = [*old, *[None] * len(new)]
        return [without_empty(item, padded[index], built_in=built_in) for index, item in enumerate(new)]
    return new


def _vanishes(key: str, value: Plain, *, built_in: bool) -> bool:
    if value is None or not built_in:
        return value is None
    return value is False or value in (0, [], {}) or (value == "" and key in _DROPPED_WHEN_BLANK)


def is_crd(manifest: Object) -> bool:
    """Tell whether the object is a CustomResourceDefinition."""
    return text(manifest, "kind") == "CustomResourceDefinition"


def normalized(manifest: Object) -> Object:
    """Drop what only the server writes, and give schema keys the names that the API server knows."""
    manifest = lacking(manifest, *(("metadata", field) for field in _SERVER_FIELDS))
    if not is_crd(manifest):
        return manifest
    manifest = mapping(_renamed(lacking(manifest, ("status",))))
    return lacking(manifest, ("spec", "preserveUnknownFields"))


def without_null(value: Plain) -> Plain:
    """Drop keys whose value is null, as the API server does with inputs: charts render `resources:` and the like."""
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


def _renamed(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {_RENAMED.get(key, key): _renamed(item) for key, item in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def encoded(manifest: Object) -> Object:
    """Fold a Secret's `stringData` into `data`, as the API server does."""
    if (text(manifest, "apiVersion"), text(manifest, "kind")) != ("v1", "Secret") or "stringData" not in manifest:
        return manifest
    given = mapping(manifest, "stringData")
    data = {key: base64.b64encode(str(item).encode()).decode() for key, item in given.items()}
    return lacking({**manifest, "data": {**mapping(manifest, "data"), **data}}, ("stringData",))


def with_string_data(live: Object, inputs: Object) -> Object:
    """Give a live Secret the `stringData` that its inputs have, decoded from its `data`."""
    keys = mapping(inputs, "stringData")
    data = mapping(live, "data")
    if text(live, "kind") != "Secret" or not keys:
        return live
    return {**live, "stringData": {key: _decoded(data[key]) for key in keys if key in data}}


def _decoded(value: Plain) -> Plain:
    try:
        return base64.b64decode(str(value)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value


def _quantity(value: Plain) -> Decimal | None:
    match = _QUANTITY.match(str(value))
    try:
        return Decimal(match[1]) * _SUFFIXES[match[2] or ""] if match else None
    except InvalidOperation:
        return None
