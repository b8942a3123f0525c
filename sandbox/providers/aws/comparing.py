"""Completes and checks inputs, compares them with a state, and composes states."""

from collections.abc import Iterator, Mapping

from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sandbox.providers.aws.kind import Kind, Tagged
from sandbox.providers.aws.values import UNKNOWN, Given, Object, Plain, has_unknown


def complete(kind: Kind, given: Given, default_tags: Mapping[str, str]) -> Object:
    """Return the inputs with defaults, and with all tags: the provider's, and the resource's own over them."""
    inputs = {**kind.inputs.defaults(), **{key: value for key, value in given.items() if value is not None}}
    if not issubclass(kind.inputs, Tagged):
        return inputs
    own = inputs.get("tags")
    every = UNKNOWN if has_unknown(own) else {**default_tags, **(own if isinstance(own, dict) else {})}
    return {**inputs, "tagsAll": every}


def failures(kind: Kind, inputs: Given) -> Iterator[str]:
    """Yield what is wrong with the inputs as far as they are known, a sentence each."""
    unknown = {key for key, value in inputs.items() if has_unknown(value)}
    try:
        kind.inputs.model_validate(inputs)
    except ValidationError as problem:
        for error in problem.errors(include_url=False, include_input=False):
            if error["loc"][0] not in unknown:
                yield _sentence(error)


def _sentence(error: ErrorDetails) -> str:
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
    return f"{path} {reason}"


def compare(kind: Kind, state: Given, inputs: Given) -> DiffResponse:
    """Compare the state, which holds the last inputs, with the new inputs."""
    changes = {
        key: f"{change}_REPLACE" if key in kind.replaces else change for key, change in _changes(kind, state, inputs)
    }
    detailed = {
        key: PropertyDiff(kind=PropertyDiff.Kind.Value(change), inputDiff=True) for key, change in changes.items()
    }
    return DiffResponse(
        changes=DiffResponse.DIFF_SOME if detailed else DiffResponse.DIFF_NONE,
        replaces=[key for key in detailed if key in kind.replaces],
        diffs=list(detailed),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _changes(kind: Kind, state: Given, inputs: Given) -> Iterator[tuple[str, str]]:
    for name, field in kind.inputs.model_fields.items():
        key = field.alias or name
        old, new = normal(kind, key, state.get(key)), normal(kind, key, inputs.get(key))
        if old != new:
            yield key, "ADD" if old is None else "DELETE" if new is None else "UPDATE"


def normal(kind: Kind, key: str, value: Plain) -> Plain:
    """Return a value in one spelling for all equal values."""
    if value in (None, {}, []):
        return None
    spell = kind.spellings.get(key)
    return spell(value) if spell and not has_unknown(value) else value


def compose_state(kind: Kind, given: Given, reported: Given) -> Object:
    """Return the state: the inputs, overridden by what AWS reports.

    Of two equal values the program's spelling stays, or every preview would show a change.
    """
    return {**given, **_differing(kind, given, reported)}


def update_inputs(kind: Kind, old: Given, reported: Given) -> Object:
    """Return the inputs that would create what exists."""
    return {**old, **{key: value for key, value in _differing(kind, old, reported).items() if key in old}}


def _differing(kind: Kind, given: Given, reported: Given) -> Object:
    return {
        key: value
        for key, value in reported.items()
        if key not in given or normal(kind, key, given[key]) != normal(kind, key, value)
    }
