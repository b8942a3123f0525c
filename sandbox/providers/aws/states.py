"""The state of a resource: its inputs, overridden by what AWS reports."""

from collections.abc import Mapping

from pulumi.provider.experimental.property_value import PropertyValue

from sandbox.providers.aws.checking import DEFAULTS
from sandbox.providers.aws.diffing import normal
from sandbox.providers.aws.kind import Given, Kind
from sandbox.providers.property_values import Object, Properties, copy_secrets, from_plain


def compose_state(kind: Kind, given: Given, told: Given) -> Object:
    """Return the state; of two equal values the program's spelling stays, or every preview would show a change."""
    state = {key: value for key, value in given.items() if key != DEFAULTS}
    for key, value in told.items():
        if key not in state or normal(kind, key, state[key]) != normal(kind, key, value):
            state[key] = value
    return {key: value for key, value in state.items() if value is not None}


def inputs_of(kind: Kind, old: Given, told: Given, default_tags: Mapping[str, str]) -> Object:
    """Return the inputs that would create what exists; for an imported resource, all that AWS reports."""
    names = {field.alias or name for name, field in kind.inputs.model_fields.items()}
    shown = with_own_tags(old, told, default_tags) if kind.tagged else told
    inputs = dict(old)
    for key in (names if not old else names & old.keys()) & shown.keys():
        if normal(kind, key, old.get(key)) != normal(kind, key, shown[key]):
            inputs[key] = shown[key]
    return {key: value for key, value in inputs.items() if value is not None}


def with_own_tags(old: Given, told: Given, default_tags: Mapping[str, str]) -> Object:
    """Separate a resource's own tags from the provider's default tags."""
    own, every = old.get("tags"), told.get("tagsAll")
    if not isinstance(every, dict):
        return dict(told)
    kept = own.keys() if isinstance(own, dict) else ()
    tags = {key: value for key, value in every.items() if key in kept or default_tags.get(key) != value}
    return {**told, "tags": tags or None}


def marked(values: Object, source: Properties) -> dict[str, PropertyValue]:
    """Mark as secret what is secret in the source, and all tags if one of them is."""
    guarded = copy_secrets({key: from_plain(value) for key, value in values.items()}, source)
    if "tags" in source and source["tags"].contains_secret() and "tagsAll" in guarded:
        guarded["tagsAll"] = guarded["tagsAll"].with_secret(True)
    return guarded
