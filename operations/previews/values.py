"""Values as a reviewer may see them: without what is secret, and with a word where a value is not known yet."""

import re
from collections.abc import Mapping

from operations.previews.json_values import is_list, is_mapping

SECRET = "[secret]"  # noqa: S105  what stands in place of one
UNKNOWN = "(known after the up)"

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine marks an object that stands for another kind of value."""
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  that value of it which marks a secret
_UNKNOWNS = re.compile("04da6b54-80e4-46f7-96ec-b56ff033[0-9a-f]{4}")
"""What the engine writes for a value that only the `up` tells."""

_SECRET_KEY = re.compile(r"(?i)(password|passphrase|private_?key(_?pem\w*|_?openssh)?|secret_?(access_?)?key|token)$")
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
    r"|LS0tLS1CRUdJTi[A-Za-z0-9+/]{2,16}(UFJJVkFURS|QUklWQVRF|BSSVZBVE)"  # the same in base64, at each of three offsets
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{40,}"
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+"
)
"""Keys and tokens whose form gives them away, wherever the engine was not told that they are secret."""


def is_unknown(value: object) -> bool:
    """Whether only the `up` tells a value, or a part of it."""
    if isinstance(value, str):
        return UNKNOWN in value or bool(_UNKNOWNS.search(value))
    if is_mapping(value):
        return any(map(is_unknown, value.values()))
    return is_list(value) and any(map(is_unknown, value))


def hidden(text: str) -> str:
    """Return a text without the lines that hold a key or a token."""
    if not _SECRET_TEXT.search(text):
        return text
    whole = re.sub(
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", SECRET, text
    )
    return "\n".join(SECRET if _SECRET_TEXT.search(line) else line for line in whole.splitlines())


def pair(old: object, new: object) -> tuple[object, object]:
    """Return both sides of a change as they may be shown.

    What is secret on one side is so on the other: a value that becomes a secret was one before somebody said so.
    """
    if is_mapping(old) and is_mapping(new) and not (_is_secret(old) or _is_secret(new)):
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


def _is_secret(value: object) -> bool:
    if isinstance(value, str):
        return value == SECRET or bool(_SECRET_TEXT.search(value))
    return is_mapping(value) and value.get(_SIGNATURE) == _SECRET_SIGNATURE


def _secret_keys(value: Mapping[str, object]) -> set[str]:
    """Return the keys of an object whose values nobody may see, by what the object is and by what they are called."""
    named = {key for key, each in value.items() if isinstance(each, str) and _SECRET_KEY.search(key)}
    name = value.get("name")
    if isinstance(name, str) and _SECRET_KEY.search(name) and isinstance(value.get("value"), str):
        named.add("value")  # an environment variable, or a chart's parameter
    return named


def without_data(inputs: Mapping[str, object]) -> dict[str, object]:
    """Return a Kubernetes object's inputs; of a Secret only the names of what it holds are kept."""
    if inputs.get("kind") != "Secret":
        return dict(inputs)
    held = {key: inputs[key] for key in ("data", "stringData") if key in inputs}
    return {
        **inputs,
        **{key: dict.fromkeys(each, SECRET) if is_mapping(each) else SECRET for key, each in held.items()},
    }
