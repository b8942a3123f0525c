"""What a change of inputs, or the passing of time, does to a resource."""

from collections.abc import Iterator
from datetime import datetime

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from sandbox.providers.property_values import Plain, Properties, to_plain
from sandbox.providers.tls.inputs import Inputs
from sandbox.providers.tls.renewal import is_due

KINDS = {
    ("add", False): PropertyDiffKind.ADD,
    ("add", True): PropertyDiffKind.ADD_REPLACE,
    ("delete", False): PropertyDiffKind.DELETE,
    ("delete", True): PropertyDiffKind.DELETE_REPLACE,
    ("update", False): PropertyDiffKind.UPDATE,
    ("update", True): PropertyDiffKind.UPDATE_REPLACE,
}


def difference(kind: type[Inputs], old_state: Properties, new_inputs: Properties, now: datetime) -> DiffResponse:
    """Compare the last outputs (which hold the last inputs) with the new inputs.

    A certificate that is due is a replacement by itself, so that a plain preview shows it, without a refresh.
    """
    detailed: dict[str, PropertyDiff] = {}
    for key, change in _changes(kind, old_state, new_inputs):
        detailed[key] = PropertyDiff(KINDS[change, key not in kind.in_place], input_diff=True)
    if _due(old_state, new_inputs, now):
        detailed["readyForRenewal"] = PropertyDiff(PropertyDiffKind.UPDATE_REPLACE, input_diff=False)
    return DiffResponse(
        changes=bool(detailed),
        replaces=[key for key in detailed if key not in kind.in_place],
        diffs=list(detailed),
        detailed_diff=detailed,
    )


def _changes(kind: type[Inputs], old_state: Properties, new_inputs: Properties) -> Iterator[tuple[str, str]]:
    defaults = kind.defaults()
    for key in kind.names():
        old = _plain(old_state.get(key), defaults.get(key))
        new = _plain(new_inputs.get(key), defaults.get(key))
        if old == new or (new is None and key in kind.kept):
            continue
        yield key, "add" if old is None else "delete" if new is None else "update"


def _plain(value: PropertyValue | None, default: Plain) -> Plain:
    plain = None if value is None else to_plain(value)
    return default if plain is None else plain


def _due(old_state: Properties, new_inputs: Properties, now: datetime) -> bool:
    end = _plain(old_state.get("validityEndTime"), None)
    hours = _plain(new_inputs.get("earlyRenewalHours"), 0)
    # A window that is not known yet leaves the certificate as it is.
    return isinstance(end, str) and isinstance(hours, int | float) and is_due(end, hours, now)
