"""What changed: between the program and the cluster for a diff, between the cluster and the state for a refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi.provider.experimental.provider import DiffResponse

from sandbox.providers.kubernetes.diffs import differences, pruned, replaced_by
from sandbox.providers.kubernetes.discovery import built_in_scope, group_of
from sandbox.providers.kubernetes.immutable_fields import replacing
from sandbox.providers.kubernetes.manifests import changed, dig, lacking, mapping, name_of, namespace_of, text
from sandbox.providers.kubernetes.naming import is_autonamed, is_named
from sandbox.providers.kubernetes.normalizing import normalized, same, with_string_data, without_empty
from sandbox.providers.property_values import Object, Plain, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.providers.kubernetes.checkpoints import Checkpoint
    from sandbox.providers.kubernetes.configuration import Settings
    from sandbox.providers.kubernetes.manifests import Path

_NOISE = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")
_NAMESPACE = ("metadata", "namespace")


def compared(old: Checkpoint, new: Object, ignored: Sequence[str], settings: Settings) -> DiffResponse:
    """Compare the object as it was last seen, as far as its inputs spoke about it, with the new inputs."""
    base = mapping(pruned(with_string_data(normalized(old.live), old.inputs), old.inputs))
    base = changed({"apiVersion": new.get("apiVersion"), **base}, ("metadata", "name"), name_of(old.live))
    base, new = _in_scope(base, old.live), _in_scope(new, old.live)
    wanted = mapping(without_empty(new, base, built_in=_is_built_in(new)))
    changes = differences(base, wanted, ignored, replacing(new, settings))
    replaces = replaced_by(changes)
    same_place = (name_of(new), namespace_of(new)) == (name_of(old.live), namespace_of(old.live))
    return DiffResponse(
        changes=bool(changes),
        replaces=replaces,
        delete_before_replace=bool(replaces) and is_named(new) and not is_autonamed(new) and same_place,
        detailed_diff=changes,
    )


def _in_scope(manifest: Object, live: Object) -> Object:
    """Make no difference of a namespace that is implied, or that the kind does not have."""
    if not namespace_of(live):
        return lacking(manifest, _NAMESPACE)
    if namespace_of(manifest) or isinstance(dig(manifest, *_NAMESPACE), Unknown):
        return manifest
    return changed(manifest, _NAMESPACE, "default")


def _is_built_in(manifest: Object) -> bool:
    return built_in_scope(group_of(text(manifest, "apiVersion")), text(manifest, "kind")) is not None


def refreshed(inputs: Object, live: Object) -> Object:
    """Give the inputs as the cluster has them now; what means the same keeps the program's words."""
    decoded = with_string_data(live, inputs)
    return mapping(_refreshed((), inputs, pruned(decoded, inputs), built_in=_is_built_in(live)))


def _refreshed(path: Path, mine: Plain, live: Plain, *, built_in: bool) -> Plain:
    if isinstance(mine, dict) and isinstance(live, dict):
        kept = {key for key in mine if key in live} | (mine.keys() - _lost(mine, live, built_in=built_in))
        return {
            key: _refreshed((*path, key), mine[key], live[key], built_in=built_in) if key in live else mine[key]
            for key in mine
            if key in kept
        }
    if isinstance(mine, list) and isinstance(live, list):
        padded = [*mine, *[None] * len(live)]
        return [_refreshed((*path, at), padded[at], item, built_in=built_in) for at, item in enumerate(live)]
    return mine if same(path, mine, live) else live


def _lost(mine: Object, live: Object, *, built_in: bool) -> set[str]:
    return {key for key in mapping(without_empty(mine, live, built_in=built_in)) if key not in live}


def imported(live: Object) -> Object:
    """Give the inputs that would have made a live object."""
    noise = (("metadata", "annotations", key) for key in _NOISE)
    return lacking(normalized(live), ("status",), *noise)
