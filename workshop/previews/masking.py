"""Removes the secrets of a preview, whose files every reader of the repository can download."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from model.hiding import SECRET, SECRET_KEY, SHORTEST, forms, has_secret, hidden_words, without
from model.json_values import is_list, is_mapping, mapping
from workshop.previews.document import ENDS, Digest, Finding, State, Step

UNKNOWN = "(known after the up)"

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine marks an object that stands for another kind of value."""
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  that value of it which marks a secret
_UNKNOWNS = re.compile("04da6b54-80e4-46f7-96ec-b56ff033[0-9a-f]{4}")
"""Placeholders of the engine for values that are known only after the `up`."""

_OF_A_SECRET = {"apiVersion", "kind", "metadata", "type", "immutable", "name", "namespace"}
"""Keys of a Kubernetes Secret, or of a reference to one, whose values are not secret."""
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_MANIFEST = re.compile(r"""\bkind\\*["']?\s*:\s*\\*["']?Secret\b""")


def is_unknown(value: object) -> bool:
    """Return whether a value, or a part of it, is known only after the `up`."""
    if isinstance(value, str):
        return UNKNOWN in value or bool(_UNKNOWNS.search(value))
    if is_mapping(value):
        return any(map(is_unknown, value.values()))
    return is_list(value) and any(map(is_unknown, value))


def mask_pair(old: object, new: object) -> tuple[object, object]:
    """Return both sides of a change with secrets masked.

    A value that is secret on one side is secret on both: a value that becomes a secret was one before it was marked.
    """
    if is_mapping(old) and is_mapping(new) and not (_is_secret(old) or _is_secret(new)):
        old, new = without_secret_data(old), without_secret_data(new)
        secret = _secret_keys(old) | _secret_keys(new)
        both = {
            key: (SECRET, SECRET) if key in secret else mask_pair(old.get(key), new.get(key))
            for key in [*old, *new]
            if not key.startswith("__")
        }
        return {key: both[key][0] for key in old if key in both}, {key: both[key][1] for key in new if key in both}
    if is_list(old) and is_list(new):
        if len(old) != len(new):  # the same index need not be the same element
            return [mask(each) for each in old], [mask(each) for each in new]
        both = [mask_pair(*each) for each in zip(old, new, strict=True)]
        return [each[0] for each in both], [each[1] for each in both]
    if _is_secret(old) or _is_secret(new):
        return SECRET, SECRET
    return mask(old), mask(new)


def mask(value: object) -> object:
    """Return a value with secrets masked."""
    if _is_secret(value):
        return SECRET
    if is_mapping(value):
        return mask_pair(value, {})[0]
    if is_list(value):
        return [mask(each) for each in value]
    return _UNKNOWNS.sub(UNKNOWN, value) if isinstance(value, str) else value


def find_secrets(value: object, *, held: bool = False) -> Iterator[str]:
    """Yield the texts that are secret by their place; with `held` all texts."""
    if isinstance(value, str):
        if held and value != SECRET:
            yield value
    elif is_list(value):
        for each in value:
            yield from find_secrets(each, held=held)
    elif is_mapping(value):
        keys = _secret_keys(value) | (set(value) - _OF_A_SECRET if _is_kubernetes_secret(value) else set[str]())
        for key, each in value.items():
            if key != _SIGNATURE:
                yield from find_secrets(each, held=held or _is_secret(value) or key in keys)


def without_secret_data(inputs: Mapping[str, object]) -> Mapping[str, object]:
    """Return a Kubernetes object's inputs; of a Secret's data only the keys are kept."""
    if not _is_kubernetes_secret(inputs):
        return inputs
    shown = {key: each if key in _OF_A_SECRET else _empty(each) for key, each in inputs.items()}
    metadata = mapping(inputs.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    if _APPLIED in annotations:  # it repeats the object
        shown["metadata"] = {**metadata, "annotations": {**annotations, _APPLIED: SECRET}}
    return shown


def _empty(value: object) -> object:
    return dict.fromkeys(value, SECRET) if is_mapping(value) else SECRET


def _is_kubernetes_secret(value: Mapping[str, object]) -> bool:
    return value.get("kind") == "Secret"


def _is_secret(value: object) -> bool:
    if isinstance(value, str):
        return value == SECRET or has_secret(value) or bool(_SECRET_MANIFEST.search(value))
    return is_mapping(value) and value.get(_SIGNATURE) == _SECRET_SIGNATURE


def _secret_keys(value: Mapping[str, object]) -> set[str]:
    """Return the keys of an object whose values are secret, by the object's kind and by the keys' names."""
    named = {key for key, each in value.items() if isinstance(each, str) and SECRET_KEY.search(key)}
    name = value.get("name")
    if isinstance(name, str) and SECRET_KEY.search(name) and isinstance(value.get("value"), str):
        named.add("value")  # an environment variable, or a chart's parameter
    return named


MOST_SECRETS = 5_000
"""The most forms of secrets to search for; a preview with more of them is not kept."""
_DOCUMENT = re.compile(r"^\ufeff?\{", re.MULTILINE)
_BEGINNINGS = 20
"""The most lines that are tried as a document's beginning."""
_KEYS = {"steps", "diagnostics", "changeSummary", "config", "duration"}
_DECODER = json.JSONDecoder()


class Masked(NamedTuple):
    """A preview without secrets."""

    digest: Digest
    secrets: frozenset[str]
    """Its secrets in all forms: other texts of the same run may hold them as well."""


def mask_preview(printed: str) -> Masked | None:
    """Return a preview with only what its comment shows; None if there is none that can be read.

    Other lines before and after it are not kept.
    """
    try:
        digest = _find_digest(printed)
        if digest is None:
            return None
        hide = _list_forms(_find_step_secrets(digest))
        cleared = without(each for each in hide if len(each) >= SHORTEST)
        steps = [_mask_step(each, cleared) for each in digest.steps if not each.type.startswith("pulumi:")]
        diagnostics = [
            each.model_copy(update={"message": hidden_words(each.message, hide)}) for each in digest.diagnostics
        ]
    except (ValueError, RecursionError):
        return None
    return Masked(Digest(steps=steps, diagnostics=diagnostics), hide)


class Events(NamedTuple):
    """The readable part of an event log."""

    findings: Sequence[Finding]
    """The policies' findings, each once."""
    torn: bool
    """True if a line cannot be read."""
    secrets: frozenset[str]
    """The secrets in its objects, in all forms."""


def read_events(text: str) -> Events:
    """Parse a log; a line that cannot be read is left out."""
    found, secret, torn = dict[Finding, None](), set[str](), False
    for line in filter(str.strip, text.split("\n")):
        try:
            event: object = json.loads(line)
            policy = mapping(event).get("policyEvent")
            if policy is not None:
                found[Finding.model_validate(policy)] = None
            secret.update(find_secrets(event))
            torn |= not is_mapping(event)
        except (ValueError, RecursionError):
            torn = True
    try:
        return Events([*found], torn, _list_forms(secret))
    except ValueError:
        return Events([], True, frozenset())


def _list_forms(secret: Iterable[str]) -> frozenset[str]:
    """Return all forms of secrets. Raises ValueError if there are too many to search for."""
    found = frozenset(form for each in set(secret) for form in forms(each))
    if len(found) > MOST_SECRETS:
        raise ValueError
    return found


def _find_digest(printed: str) -> Digest | None:
    """Return the first document in a text that is a preview. Raises ValueError if it is none that can be read."""
    for found in islice(_DOCUMENT.finditer(printed), _BEGINNINGS):
        try:
            document: object = _DECODER.raw_decode(printed, found.end() - 1)[0]
        except ValueError:
            continue
        if is_mapping(document) and _KEYS.intersection(document):
            return Digest.model_validate(document)
    return None


def _find_step_secrets(digest: Digest) -> Iterator[str]:
    for step in digest.steps:
        for state in filter(None, (step.old, step.new)):
            for values in (state.inputs, state.outputs):
                yield from find_secrets(_with_kind(step, values))


def _with_kind(step: Step, values: Mapping[str, object]) -> Mapping[str, object]:
    """Return an object's values with the kind `Secret` if its type has it."""
    return {**values, "kind": "Secret"} if step.type.endswith((":Secret", ":SecretPatch")) else values


def _mask_step(step: Step, cleared: Callable[[str], str]) -> Step:
    states, nothing = (step.old, step.new), dict[str, object]()
    shown = mask_pair(*(_with_kind(step, each.inputs) if each and each.custom else nothing for each in states))
    old, new = (
        each.model_copy(update={"inputs": _clear_texts(inputs, cleared), "outputs": _show_end(each)}) if each else None
        for each, inputs in zip(states, shown, strict=True)
    )
    reasons, changes = ([*map(cleared, each)] for each in (step.replace_reasons, step.detailed_diff))
    changed = {"old": old, "new": new, "replace_reasons": reasons, "detailed_diff": dict.fromkeys(changes)}
    return step.model_copy(update=changed)


def _clear_texts(value: object, clear: Callable[[str], str]) -> object:
    """Return a value with `clear` applied to all its texts."""
    if isinstance(value, str):
        return clear(value)
    if is_mapping(value):
        return {clear(key): _clear_texts(each, clear) for key, each in value.items()}
    return [_clear_texts(each, clear) for each in value] if is_list(value) else value


def _show_end(state: State) -> Mapping[str, str]:
    """Return the outputs that are shown: a certificate's end."""
    return {ENDS[0]: end.isoformat()} if (end := state.end) else {}
