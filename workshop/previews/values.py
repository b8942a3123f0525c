"""Values as a reviewer may see them: without what is secret, and with a word where a value is not known yet."""

import re
from collections.abc import Iterator, Mapping

from model.hiding import SECRET, SECRET_KEY, has_secret
from model.json_values import is_list, is_mapping, mapping

UNKNOWN = "(known after the up)"

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine marks an object that stands for another kind of value."""
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  that value of it which marks a secret
_UNKNOWNS = re.compile("04da6b54-80e4-46f7-96ec-b56ff033[0-9a-f]{4}")
"""What the engine writes for a value that only the `up` tells."""

_OF_A_SECRET = {"apiVersion", "kind", "metadata", "type", "immutable", "name", "namespace"}
"""Keys of a Kubernetes Secret, or of a reference to one, under which nothing secret stands."""
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_MANIFEST = re.compile(r"""\bkind\\*["']?\s*:\s*\\*["']?Secret\b""")


def is_unknown(value: object) -> bool:
    """Whether only the `up` tells a value, or a part of it."""
    if isinstance(value, str):
        return UNKNOWN in value or bool(_UNKNOWNS.search(value))
    if is_mapping(value):
        return any(map(is_unknown, value.values()))
    return is_list(value) and any(map(is_unknown, value))


def pair(old: object, new: object) -> tuple[object, object]:
    """Return both sides of a change as they may be shown.

    What is secret on one side is so on the other: a value that becomes a secret was one before somebody said so.
    """
    if is_mapping(old) and is_mapping(new) and not (_is_secret(old) or _is_secret(new)):
        old, new = without_data(old), without_data(new)
        both = {key: pair(old.get(key), new.get(key)) for key in [*old, *new]}
        secret = _secret_keys(old) | _secret_keys(new)
        shown_old = {key: SECRET if key in secret else both[key][0] for key in old if not key.startswith("__")}
        shown_new = {key: SECRET if key in secret else both[key][1] for key in new if not key.startswith("__")}
        return shown_old, shown_new
    if is_list(old) and is_list(new):
        if len(old) != len(new):  # then the same place is not the same thing
            return [one(each) for each in old], [one(each) for each in new]
        both = [pair(*each) for each in zip(old, new, strict=True)]
        return [each[0] for each in both], [each[1] for each in both]
    if _is_secret(old) or _is_secret(new):
        return SECRET, SECRET
    return one(old), one(new)


def one(value: object) -> object:
    """Return a value as it may be shown."""
    if _is_secret(value):
        return SECRET
    if is_mapping(value):
        return pair(value, {})[0]
    if is_list(value):
        return [one(each) for each in value]
    return _UNKNOWNS.sub(UNKNOWN, value) if isinstance(value, str) else value


def secrets(value: object, *, held: bool = False) -> Iterator[str]:
    """Yield the texts that are secret by where they stand; with `held` all of them."""
    if isinstance(value, str):
        if held and value != SECRET:
            yield value
    elif is_list(value):
        for each in value:
            yield from secrets(each, held=held)
    elif is_mapping(value):
        keys = _secret_keys(value) | (set(value) - _OF_A_SECRET if _is_kubernetes_secret(value) else set[str]())
        for key, each in value.items():
            if key != _SIGNATURE:
                yield from secrets(each, held=held or _is_secret(value) or key in keys)


def without_data(inputs: Mapping[str, object]) -> Mapping[str, object]:
    """Return a Kubernetes object's inputs; of a Secret only the names of what it holds are kept."""
    if not _is_kubernetes_secret(inputs):
        return inputs
    held = {key: each for key, each in inputs.items() if key not in _OF_A_SECRET}
    metadata = mapping(inputs.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    if _APPLIED in annotations:  # it repeats the object
        held["metadata"] = {**metadata, "annotations": {**annotations, _APPLIED: SECRET}}
    return {
        **inputs,
        **{key: each if key == "metadata" else _emptied(each) for key, each in held.items()},
    }


def _emptied(value: object) -> object:
    return dict.fromkeys(value, SECRET) if is_mapping(value) else SECRET


def _is_kubernetes_secret(value: Mapping[str, object]) -> bool:
    return value.get("kind") == "Secret"


def _is_secret(value: object) -> bool:
    if isinstance(value, str):
        return value == SECRET or has_secret(value) or bool(_SECRET_MANIFEST.search(value))
    return is_mapping(value) and value.get(_SIGNATURE) == _SECRET_SIGNATURE


def _secret_keys(value: Mapping[str, object]) -> set[str]:
    """Return the keys of an object whose values nobody may see, by what the object is and by what they are called."""
    named = {key for key, each in value.items() if isinstance(each, str) and SECRET_KEY.search(key)}
    name = value.get("name")
    if isinstance(name, str) and SECRET_KEY.search(name) and isinstance(value.get("value"), str):
        named.add("value")  # an environment variable, or a chart's parameter
    return named
