"""What is kept of a preview: as much as its comment needs, for whoever may read the repository can have the file."""

import json
from collections.abc import Mapping

from operations.previews.document import Step
from operations.previews.effects import ENDS
from operations.previews.json_values import entries, is_mapping, mapping
from operations.previews.values import hidden, pair, without_data

KEPT = ("op", "urn", "replaceReasons", "detailedDiff")
STATES = ("oldState", "newState")


def masked(text: str) -> str:
    """Return a preview without what its comment does not show.

    What is no preview stays as it is; the engine prints none where it fails early.
    """
    try:
        document: object = json.loads(text)
    except ValueError:
        return hidden(text)
    if not is_mapping(document):
        return hidden(text)
    told = [mapping(each) for each in entries(document.get("diagnostics"))]
    diagnostics = [{**each, "message": hidden(str(each.get("message", "")))} for each in told]
    steps = [_step(each) for each in map(mapping, entries(document.get("steps"))) if not _is_engines_own(each)]
    return json.dumps({"steps": steps, "diagnostics": diagnostics})


def _is_engines_own(step: Mapping[str, object]) -> bool:
    """Whether a step is about the stack itself or a provider, whose inputs are credentials."""
    return Step.model_validate(step).type.startswith("pulumi:")


def _step(step: Mapping[str, object]) -> Mapping[str, object]:
    old, new = (mapping(step.get(side)) for side in STATES)
    inputs = pair(*(without_data(mapping(state.get("inputs"))) for state in (old, new)))
    sides = {
        side: {
            "custom": state.get("custom"),
            "inputs": shown,
            "outputs": {key: value for key, value in mapping(state.get("outputs")).items() if key in ENDS},
        }
        for side, state, shown in zip(STATES, (old, new), inputs, strict=True)
        if state
    }
    return {key: step[key] for key in KEPT if key in step} | sides
