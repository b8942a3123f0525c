"""Property values as plain data: an unknown value is the engine's mark for it, and secrets are not marked."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, cast

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
Object: TypeAlias = dict[str, Plain]
Given: TypeAlias = Mapping[str, Plain]

UNKNOWN = rpc.UNKNOWN
"""A value that only an update will know."""
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""The key by which the engine marks a value as special, and its value for secrets."""
AS_WRITTEN = ("Version", "Id", "Sid", "Effect")
"""The keys of a policy document whose value is no list."""


def read(message: Struct) -> Object:
    """Return the engine's values without the marks of secrets; whole numbers are integers, as JSON has them."""
    return {key: _bare(value) for key, value in MessageToDict(message).items()}


def _bare(value: Plain) -> Plain:
    if isinstance(value, dict):
        return _bare(value["value"]) if _is_secret(value) else {key: _bare(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_secret(value: Plain) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def write(values: Given, source: Struct) -> Struct:
    """Return values for the engine; what holds a secret in the source is secret, all tags if one of them is."""
    secret = {key for key, value in MessageToDict(source).items() if holds(value, _is_secret)}
    secret |= {"tagsAll"} if "tags" in secret else set[str]()
    marked = {
        key: {SIGNATURE: SECRET, "value": value} if key in secret else value
        for key, value in values.items()
        if value is not None
    }
    return ParseDict(marked, Struct())


def holds(value: Plain, condition: Callable[[Plain], bool]) -> bool:
    """Return whether a value or a part of it meets a condition."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return condition(value) or any(holds(each, condition) for each in parts)


def has_unknown(value: Plain) -> bool:
    """Return whether any part of the value is unknown."""
    return holds(value, lambda part: part == UNKNOWN)


def text(given: Given, key: str) -> str:
    """Return an input that is text; empty if it is not set."""
    value = given.get(key)
    return value if isinstance(value, str) else ""


def texts(given: Given, key: str) -> list[str]:
    """Return an input that is a list of texts; empty if it is not set."""
    value = given.get(key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def tags(given: Given) -> dict[str, str]:
    """Return all tags, the provider's too."""
    value = given.get("tagsAll")
    return {key: str(each) for key, each in value.items()} if isinstance(value, dict) else {}


def pairs(given: Given) -> list[dict[str, str]]:
    """Return all tags as IAM and ACM take them."""
    return [{"Key": key, "Value": value} for key, value in tags(given).items()]


def removed_tags(old: Given, new: Given) -> list[str]:
    """Return the keys of tags that an update removes."""
    return sorted(tags(old).keys() - tags(new).keys())


def tags_of(listed: Iterable[Mapping[str, str]] | None) -> Object:
    """Return IAM's or ACM's list of tags as a mapping."""
    return {each["Key"]: each.get("Value", "") for each in listed or ()}


def unordered(value: Plain) -> Plain:
    """Return a list whose order means nothing in one order."""
    return sorted(value, key=json.dumps) if isinstance(value, list) else value


def meaning(document: Plain) -> Plain:
    """Return a policy document in one spelling: order does not count, nor does a list of one."""
    return _normal(cast("Plain", json.loads(str(document))))


def _normal(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: each if key in AS_WRITTEN else _listed(each) for key, each in sorted(value.items())}
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def _listed(value: Plain) -> Plain:
    if isinstance(value, dict):
        return [_normal(value)]
    items = [_normal(each) for each in (value if isinstance(value, list) else [value])]
    return sorted(items, key=lambda each: json.dumps(each, sort_keys=True))
