"""The difference between an object as it is and as the program wants it, path by path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi.provider.experimental.provider import PropertyDiff, PropertyDiffKind

from sandbox.providers.kubernetes.immutable_fields import is_replacing
from sandbox.providers.kubernetes.manifests import MISSING, Missing
from sandbox.providers.kubernetes.normalizing import same
from sandbox.providers.kubernetes.property_paths import covers, parsed, written
from sandbox.providers.property_values import Object, Plain, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.providers.kubernetes.manifests import Path

_REPLACING = {
    PropertyDiffKind.ADD: PropertyDiffKind.ADD_REPLACE,
    PropertyDiffKind.DELETE: PropertyDiffKind.DELETE_REPLACE,
    PropertyDiffKind.UPDATE: PropertyDiffKind.UPDATE_REPLACE,
}


def pruned(live: Plain, shape: Plain) -> Plain:
    """Keep of the live value only what the inputs speak about."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: pruned(item, shape[key]) for key, item in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        return [pruned(item, wanted) for item, wanted in zip(live, shape, strict=False)]
    return live


def differences(
    old: Object, new: Object, ignored: Sequence[str], patterns: tuple[Path, ...]
) -> dict[str, PropertyDiff]:
    """Compare the pruned live object with the new inputs; kinds say which change replaces the object."""
    ignoring = [parsed(path) for path in ignored]
    result: dict[str, PropertyDiff] = {}
    for path, kind in _walk((), old, new):
        if not any(covers(pattern, path) for pattern in ignoring):
            replaces = is_replacing(path, patterns)
            result[written(path)] = PropertyDiff(
                _REPLACING[kind] if replaces else kind, kind is PropertyDiffKind.DELETE
            )
    return result


def replaced_by(differences: dict[str, PropertyDiff]) -> list[str]:
    """List the paths whose change replaces the object."""
    return [path for path, change in differences.items() if change.kind in _REPLACING.values()]


def _walk(path: Path, old: Plain | Missing, new: Plain | Missing) -> Iterator[tuple[Path, PropertyDiffKind]]:
    if isinstance(new, Missing):
        if old is not None:
            yield path, PropertyDiffKind.DELETE
    elif isinstance(old, Missing):
        yield path, PropertyDiffKind.ADD
    elif isinstance(new, Unknown):
        yield path, PropertyDiffKind.UPDATE
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _walk((*path, key), old.get(key, MISSING), new.get(key, MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _walk((*path, index), _at(old, index), _at(new, index))
    elif not same(path, old, new):
        yield path, PropertyDiffKind.UPDATE


def _at(items: list[Plain], index: int) -> Plain | Missing:
    return items[index] if index < len(items) else MISSING
