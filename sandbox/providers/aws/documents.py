"""Policy documents, compared by meaning: order does not count, nor does a list of one instead of a single value."""

import json
from typing import cast

from sandbox.providers.property_values import Plain

AS_WRITTEN = ("Version", "Id", "Sid", "Effect")


def equivalent(one: str, other: str) -> bool:
    """Return whether two documents mean the same."""
    return meaning(one) == meaning(other)


def meaning(document: str) -> Plain:
    """The document in one way of writing; itself if it is no JSON."""
    try:
        return _normal(cast("Plain", json.loads(document)))
    except ValueError:
        return document


def _normal(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: each if key in AS_WRITTEN else _listed(each) for key, each in sorted(value.items())}
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value


def _listed(value: Plain) -> Plain:
    if isinstance(value, dict):
        return [_normal(value)]
    items = [_normal(each) for each in (value if isinstance(value, list) else [value])]
    return sorted(items, key=lambda each: json.dumps(each, sort_keys=True))
