"""A preview in plain words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor

from model.moments import A_DAY
from workshop.previews import effects
from workshop.previews.document import Diagnostic, Digest, Finding, Step
from workshop.previews.effects import Effect
from workshop.previews.markdown import code
from workshop.previews.objects import title

MOST = 12
"""Names that one line of the summary holds."""
VERBS = {
    "create": "Creates",
    "import": "Imports",
    "update": "Updates",
    "replace": "Replaces",
    "delete": "Deletes",
    "discard": "Forgets",
}
"""In the order in which a reviewer wants to know; what is lost comes last, and stands out."""


@dataclass(frozen=True)
class Account:
    """All that is known of a run of `pulumi preview`."""

    stack: str
    digest: Digest
    succeeded: bool
    findings: Sequence[Finding] | None
    """What policies say; None if they were not asked."""
    log: str
    """What the CLI said on standard error, for runs that end before there is a digest."""


def headline(account: Account) -> str:
    """Return the one sentence that says it all."""
    stack = code(account.stack)
    if not account.succeeded and (refused := sum(each.level == "mandatory" for each in account.findings or ())):
        return (
            f"The preview of {stack} is refused by {refused} {'finding' if refused == 1 else 'findings'} of policies."
        )
    if not account.succeeded:
        return f"The preview of {stack} failed, so nobody knows what an `up` would change."
    changed = len(list(account.digest.changed()))
    if not changed:
        return f"An `up` of {stack} would change nothing."
    known = len(
        {each.urn for each in account.digest.steps if each.state.custom and not each.type.startswith("pulumi:")}
    )
    return f"An `up` of {stack} would change {changed} of {known} objects."


def points(account: Account, now: datetime) -> Iterator[str]:
    """Yield the lines of the summary: what changes, what that means, and what stands against it."""
    steps = list(account.digest.changed())
    so_far = "" if account.succeeded else " (as far as it came)"
    for op, verb in VERBS.items():
        if of_kind := [step for step in steps if step.op == op]:
            yield f"**{verb} {len(of_kind)}{so_far}:** {_names(of_kind)}"
    if account.succeeded:
        yield f"**Restarts:** {_told(effects.restarts(steps), 'nothing')}"
        yield f"**Certificates:** {_told(effects.certificates(steps), 'none is renewed')}"
        yield f"**Public hosts:** {_told(effects.hosts(steps), 'none changes')}"
    yield f"**Policies:** {_policies(account.findings)}"
    yield f"**Next expiry:** {_expiry(account, now)}"


def complaints(account: Account) -> str:
    """Return what the engine and the program complain of, as they said it; empty if they do not."""
    told = [_told_by(each) for each in account.digest.diagnostics if each.severity in ("error", "warning")]
    if not account.succeeded:
        said = [each.message.strip() for each in account.digest.diagnostics if each.severity.startswith("info#err")]
        told += [] if told else [*filter(None, said), account.log.strip() or "The run ended without a word."]
    return "\n".join(dict.fromkeys(filter(None, told)))


def _told_by(diagnostic: Diagnostic) -> str:
    name = diagnostic.urn.rpartition("::")[2]
    message = diagnostic.message.strip()
    return message if not name or name in message else f"{name}: {message}"


def _names(steps: Sequence[Step]) -> str:
    shown = ", ".join(code(title(step)) for step in steps[:MOST])
    return shown + (f" and {len(steps) - MOST} more" if len(steps) > MOST else "")


def _told(found: Iterable[Effect], otherwise: str) -> str:
    """Return what happens to whom, those of one fate together."""
    together: dict[str, list[str]] = {}
    for each in found:
        together.setdefault(each.what, []).append(each.subject)
    parts = [_fate(subjects, what) for what, subjects in list(together.items())[:MOST]]
    more = [f"and {len(together) - MOST} more"] if len(together) > MOST else []
    return "; ".join([*parts, *more]) or otherwise


def _fate(subjects: Sequence[str], what: str) -> str:
    if len(subjects) > MOST:
        counted = Counter(each.partition(" ")[2].rpartition("/")[0] or "the cluster" for each in subjects)
        places = ", ".join(f"{count} in {code(place)}" for place, count in counted.most_common(MOST))
        return f"{len(subjects)} ({places}): each {what}"
    names = ", ".join(map(code, subjects))
    return f"{names}: each {what}" if subjects[1:] else f"{names} {what}"


def _policies(findings: Sequence[Finding] | None) -> str:
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


def _expiry(account: Account, now: datetime) -> str:
    found = effects.next_expiry(account.digest.steps)
    if not found:
        return "the preview tells of no certificate that stays"
    return f"{code(found.name)} in {floor((found.ends - now) / A_DAY)} days ({found.ends:%Y-%m-%d})"
