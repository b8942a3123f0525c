"""Completing the inputs of a resource, and saying what is wrong with them: one sentence each."""

import hashlib
import json
import secrets
from collections.abc import Mapping

from pulumi.provider.experimental.provider import CheckFailure
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sandbox.providers.aws.kind import Given, Kind
from sandbox.providers.property_values import UNKNOWN, Object, Plain, has_unknown

DEFAULTS = "__defaults"
DIGITS = 7


def completed(kind: Kind, name: str, given: Given, old: Given, seed: bytes) -> Object:
    """Put in defaults and a name, and write documents as text."""
    inputs: Object = {key: value for key, value in given.items() if value is not None and key != DEFAULTS}
    for key in kind.documents & inputs.keys():
        inputs[key] = _written(inputs[key])
    defaults = {key: value for key, value in kind.inputs.defaults().items() if key not in inputs}
    if kind.longest_name and "name" not in inputs:
        prefix = inputs.get("namePrefix")
        defaults["name"] = _kept_name(old) or _generated(f"{name}-" if prefix is None else str(prefix), kind, seed)
    chosen: list[Plain] = [*sorted(defaults)]
    return {**inputs, **defaults, DEFAULTS: chosen}


def merged_tags(inputs: Given, default_tags: Mapping[str, str]) -> Plain:
    """All tags of a resource: the provider's, and its own over them."""
    own = inputs.get("tags")
    if own is not None and has_unknown(own):
        return UNKNOWN
    return {**default_tags, **(own if isinstance(own, dict) else {})}


def failures(kind: Kind, inputs: Given) -> list[CheckFailure]:
    """Find what is wrong with the inputs as far as they are known."""
    given = {key: value for key, value in inputs.items() if key != DEFAULTS}
    unknown = {key for key, value in given.items() if has_unknown(value)}
    try:
        checked = kind.inputs.model_validate(given)
    except ValidationError as problem:
        errors = problem.errors(include_url=False, include_input=False)
        # An unknown value is of no type that an input may have.
        return [_failure(error) for error in errors if error["loc"][:1] == () or error["loc"][0] not in unknown]
    return [] if unknown else [CheckFailure("", found) for found in checked.problems()]


def _written(value: Plain) -> Plain:
    if has_unknown(value):
        return UNKNOWN
    return json.dumps(value) if isinstance(value, dict) else value


def _kept_name(old: Given) -> Plain:
    chosen = old.get(DEFAULTS)
    return old.get("name") if isinstance(chosen, list) and "name" in chosen else None


def _generated(prefix: str, kind: Kind, seed: bytes) -> str:
    digits = hashlib.sha256(seed + prefix.encode()).hexdigest() if seed else secrets.token_hex(DIGITS)
    return f"{prefix[: kind.longest_name - DIGITS]}{digits[:DIGITS]}"


def _failure(error: ErrorDetails) -> CheckFailure:
    path = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            reason = "is missing"
        case "extra_forbidden":
            reason = "is not an input that the sandbox's aws provider knows"
        case "value_error":
            reason = str(error.get("ctx", {}).get("error"))
        case _:
            reason = error["msg"].replace("Input should", "should", 1).replace("String should", "should", 1)
    return CheckFailure("", f"{path} {reason}")
