"""Names that the program leaves to Pulumi: the resource's name and eight random digits."""

from __future__ import annotations

import hashlib
import secrets

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.manifests import annotation, changed, dig, name_of, text
from sandbox.providers.property_values import Object, Unknown

AUTONAMED = "pulumi.com/autonamed"
_DIGITS = 8


def generated(name: str, seed: bytes) -> str:
    """Make `<name>-<8 hex digits>`; the same seed makes the same name, an empty one a new name every time."""
    digits = hashlib.sha256(seed + name.encode()).hexdigest() if seed else secrets.token_hex(_DIGITS)
    return f"{name}-{digits[:_DIGITS]}"


def is_named(manifest: Object) -> bool:
    """Tell whether the object has a name, be it one that is not known yet."""
    return bool(name_of(manifest)) or isinstance(dig(manifest, "metadata", "name"), Unknown)


def is_autonamed(manifest: Object) -> bool:
    """Tell whether Pulumi made the object's name."""
    return annotation(manifest, AUTONAMED) == "true"


def named(manifest: Object, old_inputs: Object, name: str, seed: bytes) -> Object:
    """Give the object a name if it has none: the one that Pulumi made before, else a new one."""
    if is_named(manifest) or isinstance(dig(manifest, "metadata"), Unknown):
        return manifest
    if is_autonamed(old_inputs):
        return _autonamed(manifest, name_of(old_inputs))
    if text(manifest, "metadata", "generateName"):
        raise ProviderError(
            f"{name}: `.metadata.generateName` is not supported in Server-Side Apply mode; "
            "leave it out and Pulumi makes a name, or set `.metadata.name`"
        )
    return _autonamed(manifest, generated(name, seed))


def _autonamed(manifest: Object, name: str) -> Object:
    manifest = changed(manifest, ("metadata", "name"), name)
    if isinstance(dig(manifest, "metadata", "annotations"), Unknown):
        return manifest
    return changed(manifest, ("metadata", "annotations", AUTONAMED), "true")
