"""A preview in plain words: what it changes, and what that means for the stack's users."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor

from model.json_values import at, entries, mapping
from model.moments import A_DAY
from workshop.previews.document import Diagnostic, Digest, Finding, State, Step
from workshop.previews.markdown import code
from workshop.previews.masking import is_unknown
from workshop.terminal import count

WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "Rollout"}
CERTIFICATES = ("SelfSignedCert", "LocallySignedCert", "Certificate")
DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"
RECORD = "aws:route53/record:Record"
Effect = tuple[str, str]
"""A subject, and the effect of the `up` on it in Markdown, with the names in it as code."""


def find_restarts(steps: Iterable[Step]) -> Iterator[Effect]:
    """Yield the workloads whose pods the `up` replaces."""
    for step in steps:
        if step.op not in ("update", "replace") or at(step.state.inputs, "kind") not in WORKLOADS:
            continue
        before, after = (at((each or State()).inputs, "spec", "template") for each in (step.old, step.new))
        if step.op == "replace":
            yield step.title, "is created again, with all its pods"
        elif before != after:
            canary = at(step.state.inputs, "kind") == "Rollout"
            what = "starts a canary" if canary else "replaces its pods one after the other"
            yield step.title, f"perhaps {what}, a value is not known yet" if is_unknown(after) else what


def find_renewals(steps: Iterable[Step]) -> Iterator[Effect]:
    """Yield the certificates that are created, renewed or deleted."""
    words = {"create": "is new", "replace": "is renewed", "delete": "goes"}
    for step in steps:
        if step.op in words and step.type.endswith(tuple(f":{each}" for each in CERTIFICATES)):
            yield step.name, words[step.op]


def find_host_changes(steps: Iterable[Step]) -> Iterator[Effect]:
    """Yield the public hosts that are added, removed, or moved to another object."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for step in steps:
        if step.op != "create" and step.old:
            before |= dict.fromkeys(_list_hosts(step.type, step.old.inputs), step.title)
        if step.op != "delete" and step.new:
            after |= dict.fromkeys(_list_hosts(step.type, step.new.inputs), step.title)
    for host in sorted({*before, *after}):
        if host not in before:
            yield host, f"is new, for {code(after[host])}"
        elif host not in after:
            yield host, f"goes, it was that of {code(before[host])}"
        elif before[host] != after[host]:
            yield host, f"moves from {code(before[host])} to {code(after[host])}"


def _list_hosts(kind: str, inputs: Mapping[str, object]) -> Iterator[str]:
    spec = mapping(inputs.get("spec"))
    found: list[object] = [at(rule, "host") for rule in entries(spec.get("rules"))]
    found += [host for each in entries(spec.get("tls")) for host in entries(at(each, "hosts"))]
    found += entries(spec.get("hostnames"))
    found += [at(listener, "hostname") for listener in entries(spec.get("listeners"))]
    annotated = at(inputs, "metadata", "annotations", DNS_ANNOTATION)
    found += [each.strip() for each in annotated.split(",")] if isinstance(annotated, str) else []
    found += [inputs.get("name")] if kind == RECORD else []
    yield from (host for host in found if isinstance(host, str) and host)


MOST = 12
"""The most names in a line of the summary."""
VERBS = {
    "create": "Creates",
    "import": "Imports",
    "update": "Updates",
    "replace": "Replaces",
    "delete": "Deletes",
    "discard": "Forgets",
}
"""The order of the summary; deletions come last, where they stand out."""


@dataclass(frozen=True)
class PreviewResult:
    """The results of a run of `pulumi preview`."""

    stack: str
    digest: Digest
    succeeded: bool
    findings: Sequence[Finding] | None
    """The policies' findings; None if no policy ran."""
    log: str
    """The CLI's standard error, for runs that end before there is a digest."""


def write_headline(result: PreviewResult) -> str:
    """Return the summary in one sentence."""
    stack = code(result.stack)
    if not result.succeeded and (refused := sum(each.level == "mandatory" for each in result.findings or ())):
        return f"The preview of {stack} is refused by {count(refused, 'finding')} of policies."
    if not result.succeeded:
        return f"The preview of {stack} failed, so nobody knows what an `up` would change."
    changed = len(list(result.digest.list_changes()))
    if not changed:
        return f"An `up` of {stack} would change nothing."
    known = len({each.urn for each in result.digest.steps if each.state.custom})
    return f"An `up` of {stack} would change {changed} of {count(known, 'object')}."


def list_points(result: PreviewResult, now: datetime) -> Iterator[str]:
    """Yield the lines of the summary: changes, their effects, policies and the next expiry."""
    steps = list(result.digest.list_changes())
    so_far = "" if result.succeeded else " (as far as it came)"
    for op, verb in VERBS.items():
        if of_kind := [step for step in steps if step.op == op]:
            yield f"**{verb} {len(of_kind)}{so_far}:** {_join_titles(of_kind)}"
    if result.succeeded:
        yield f"**Restarts:** {_join_effects(find_restarts(steps), 'nothing')}"
        yield f"**Certificates:** {_join_effects(find_renewals(steps), 'none is renewed')}"
        yield f"**Public hosts:** {_join_effects(find_host_changes(steps), 'none changes')}"
    yield f"**Policies:** {_write_policies(result.findings)}"
    yield f"**Next expiry:** {_write_expiry(result, now)}"


def list_complaints(result: PreviewResult) -> str:
    """Return the errors and warnings of the engine and the program as they wrote them; empty if there are none."""
    told = [_write_complaint(each) for each in result.digest.diagnostics if each.severity in ("error", "warning")]
    if not result.succeeded:
        said = [each.message.strip() for each in result.digest.diagnostics if each.severity.startswith("info#err")]
        told += [] if told else [*filter(None, said), result.log.strip() or "The run ended without a word."]
    return "\n".join(dict.fromkeys(filter(None, told)))


def _write_complaint(diagnostic: Diagnostic) -> str:
    name = diagnostic.urn.rpartition("::")[2]
    message = diagnostic.message.strip()
    return message if not name or name in message else f"{name}: {message}"


def _join_titles(steps: Sequence[Step]) -> str:
    shown = ", ".join(code(step.title) for step in steps[:MOST])
    return shown + (f" and {len(steps) - MOST} more" if len(steps) > MOST else "")


def _join_effects(found: Iterable[Effect], otherwise: str) -> str:
    """Return the effects in words, with the subjects of one effect together."""
    together: dict[str, list[str]] = {}
    for subject, what in found:
        together.setdefault(what, []).append(subject)
    parts = [_write_effect(subjects, what) for what, subjects in list(together.items())[:MOST]]
    more = [f"and {len(together) - MOST} more"] if len(together) > MOST else []
    return "; ".join([*parts, *more]) or otherwise


def _write_effect(subjects: Sequence[str], what: str) -> str:
    if len(subjects) > MOST:
        counted = Counter(each.partition(" ")[2].rpartition("/")[0] or "the cluster" for each in subjects)
        places = ", ".join(f"{number} in {code(place)}" for place, number in counted.most_common(MOST))
        return f"{len(subjects)} ({places}): each {what}"
    names = ", ".join(map(code, subjects))
    return f"{names}: each {what}" if subjects[1:] else f"{names} {what}"


def _write_policies(findings: Sequence[Finding] | None) -> str:
    if not findings:
        return "not asked" if findings is None else "no finding"
    levels = sorted({each.level for each in findings})
    counted = ", ".join(f"{sum(each.level == level for each in findings)} {code(level)}" for level in levels)
    told = [
        f"{code(each.policy)} ({code(each.level)}) on {code(each.urn.rpartition('::')[2])}: {code(each.message, 300)}"
        for each in findings
    ]
    more = [f"and {len(told) - MOST} more"] if told[MOST:] else []
    return "\n  - ".join([counted, *told[:MOST], *more])


def _write_expiry(result: PreviewResult, now: datetime) -> str:
    staying = [step for step in result.digest.steps if step.op in ("same", "update")]
    found = [(end, step.name) for step in staying if step.old and (end := step.old.end)]
    if not found:
        return "the preview tells of no certificate that stays"
    end, name = min(found)
    return f"{code(name)} in {count(floor((end - now) / A_DAY), 'day')} ({end:%Y-%m-%d})"
