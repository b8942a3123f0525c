"""What is kept of a preview: as much as its comment needs, for whoever may read the repository can have the file."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pydantic import TypeAdapter, ValidationError

from model.hiding import SHORTEST, forms, hidden_words, without
from model.json_values import is_list, is_mapping, mapping
from workshop.previews.document import Digest, Finding, State, Step
from workshop.previews.effects import ENDS
from workshop.previews.values import pair, secrets

MOST_SECRETS = 5_000
"""Forms of secrets that are looked for; a preview with more of them is not kept."""
STATES = ("oldState", "newState")
_DOCUMENT = re.compile(r"^\ufeff?\{", re.MULTILINE)
_BEGINNINGS = 20
"""Lines at which a document is looked for among others."""
_KEYS = {"steps", "diagnostics", "changeSummary", "config", "duration"}
_DECODER = json.JSONDecoder()
_TIME = TypeAdapter(datetime)


@dataclass(frozen=True)
class Masked:
    """A preview without what nobody may see."""

    steps: Sequence[Mapping[str, object]]
    diagnostics: Sequence[Mapping[str, object]]
    secrets: frozenset[str]
    """What is hidden in it, in all forms: it may stand in other texts of the same run, too."""


def masked(printed: str) -> Masked | None:
    """Return a preview without what its comment does not show; None if there is none that can be read.

    Other lines before and after it are not kept.
    """
    try:
        digest = _digest(printed)
        if digest is None:
            return None
        hide = _forms(_secrets(digest))
        cleared = without(each for each in hide if len(each) >= SHORTEST)
        steps = [_step(each, cleared) for each in digest.steps if not each.type.startswith("pulumi:")]
        diagnostics = [
            {"urn": each.urn, "severity": each.severity, "message": hidden_words(each.message, hide)}
            for each in digest.diagnostics
        ]
    except (ValueError, RecursionError):
        return None
    return Masked(steps, diagnostics, hide)


@dataclass(frozen=True)
class Events:
    """An event log, as far as it can be read."""

    findings: Sequence[Finding]
    """What policies say, each finding once."""
    torn: int
    """Lines that cannot be read."""
    secrets: frozenset[str]
    """What nobody may see of the objects that it repeats, in all forms."""

    @classmethod
    def read(cls, text: str) -> "Events":
        """Return what a log says; a line that cannot be read is left out."""
        found, secret, torn = dict[str, Finding](), set[str](), 0
        for line in filter(str.strip, text.split("\n")):
            try:
                event: object = json.loads(line)
                policy = mapping(event).get("policyEvent")
                if policy is not None:
                    finding = Finding.model_validate(policy)
                    found.setdefault(finding.model_dump_json(), finding)
                secret.update(secrets(event))
                torn += not is_mapping(event)
            except (ValueError, RecursionError):
                torn += 1
        try:
            return cls([*found.values()], torn, _forms(secret))
        except ValueError:
            return cls([], torn + 1, frozenset())

    def told(self, hide: Iterable[str]) -> list[Mapping[str, object]]:
        """Return the findings as strangers may read them."""
        secret = [*hide]
        return [
            each.model_dump(by_alias=True) | {"message": hidden_words(each.message, secret)} for each in self.findings
        ]


def _forms(secret: Iterable[str]) -> frozenset[str]:
    """Return all forms of secrets. Raises ValueError if there are too many to look for."""
    found = frozenset(form for each in set(secret) for form in forms(each))
    if len(found) > MOST_SECRETS:
        raise ValueError
    return found


def _digest(printed: str) -> Digest | None:
    """Return the first document in a text that is a preview. Raises ValueError if it is none that can be read."""
    for found in islice(_DOCUMENT.finditer(printed), _BEGINNINGS):
        try:
            document: object = _DECODER.raw_decode(printed, found.end() - 1)[0]
        except ValueError:
            continue
        if is_mapping(document) and _KEYS.intersection(document):
            return Digest.model_validate(document)
    return None


def _secrets(digest: Digest) -> Iterator[str]:
    for step in digest.steps:
        for state in filter(None, (step.old, step.new)):
            for values in (state.inputs, state.outputs):
                yield from secrets(_of_kind(step, values))


def _of_kind(step: Step, values: Mapping[str, object]) -> Mapping[str, object]:
    """Return an object's values with its kind, which the engine knows where they do not say it."""
    return {**values, "kind": "Secret"} if step.type.endswith((":Secret", ":SecretPatch")) else values


def _step(step: Step, cleared: Callable[[str], str]) -> Mapping[str, object]:
    nothing = dict[str, object]()
    old, new = (_of_kind(step, state.inputs) if state and state.custom else nothing for state in (step.old, step.new))
    sides = {
        side: {"custom": state.custom, "inputs": _cleared(shown, cleared), "outputs": dict(_ends(state))}
        for side, state, shown in zip(STATES, (step.old, step.new), pair(old, new), strict=True)
        if state
    }
    reasons = None if step.replace_reasons is None else [*map(cleared, step.replace_reasons)]
    changes = {cleared(path): {"kind": each.kind} for path, each in (step.detailed_diff or {}).items()}
    return {"op": step.op, "urn": step.urn, "replaceReasons": reasons, "detailedDiff": changes or None} | sides


def _cleared(value: object, clear: Callable[[str], str]) -> object:
    """Return a value with `clear` applied to all its texts."""
    if isinstance(value, str):
        return clear(value)
    if is_mapping(value):
        return {clear(key): _cleared(each, clear) for key, each in value.items()}
    return [_cleared(each, clear) for each in value] if is_list(value) else value


def _ends(state: State) -> Iterator[tuple[str, str]]:
    """Yield when a certificate ends; nothing else of the outputs is shown."""
    for key in ENDS:
        try:
            yield key, _TIME.validate_python(state.outputs.get(key)).isoformat()
        except ValidationError:
            continue
