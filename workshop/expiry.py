"""The command `expiry`: when the stack's certificates end, and which of them end too early."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from clients import pulumi_cli
from model.moments import A_DAY, after, end_of_day, in_utc
from model.names import PROJECT
from model.problem import InputError, Problem
from settings import Settings
from workshop.terminal import build_table, count, print_text

OUTPUT = "certificatesExpire"
DAYS = 30
ANCHORS = ("trustAnchor", "nextTrustAnchor")
AUTHORITY = "Authority"
"""Suffix of the names of the CAs of the webhooks: they live ten years, and no `up` renews them."""

_MAPPING = TypeAdapter(dict[str, object])
_TIME = TypeAdapter(datetime)


@dataclass(frozen=True, order=True)
class Certificate:
    """A certificate of the stack."""

    ends: datetime
    name: str
    """Its path in the stack's output, such as `issuer`."""


@dataclass(frozen=True)
class Limits:
    """The time until which certificates have to last."""

    now: datetime
    days: int
    workshop: datetime | None
    """The end of the workshop's last day; None if the settings name none."""

    def state(self, ends: datetime) -> str:
        """Return `ok`, or why a certificate with this end has to be renewed."""
        if ends <= self.now:
            return "ended"
        if ends < after(self.now, self.days):
            return f"ends within {count(self.days, 'day')}"
        return "ends before the workshop" if self.workshop and ends < self.workshop else "ok"

    @property
    def latest(self) -> datetime:
        """The later of the two limits."""
        return max(after(self.now, self.days), self.workshop or self.now)


def report(settings: Settings, stack: str, console: Console, days: int = DAYS) -> int:
    """Print every certificate's end; return 1 if one ends within `days` or before the workshop does."""
    limits = compute_limits(settings, days)
    outputs = pulumi_cli.read_outputs(stack)
    if not outputs:
        found, rule = "it has no outputs yet", "the ends of its certificates are outputs of an `up`"
        raise InputError([Problem(f"stack {stack}", found, rule, f"Run `make up STACK={stack}`.")])
    certificates = sorted(_list_certificates(stack, outputs.get(OUTPUT)))
    console.print(_build_certificate_table(stack, certificates, limits))
    early = [each for each in certificates if limits.state(each.ends) != "ok"]
    if not early:
        return 0
    names, fixes = ", ".join(each.name for each in early), "; ".join(_list_fixes(early, settings, stack, limits))
    sentence = (
        f"To last until {limits.latest:%Y-%m-%d}, {names} {'have' if early[1:] else 'has'} to be renewed: {fixes}."
    )
    print_text(console, sentence)
    return 1


def compute_limits(settings: Settings, days: int) -> Limits:
    """Return until when the certificates of a stack have to last, counted from now."""
    last = settings.workshop_ends
    return Limits(datetime.now(UTC), days, end_of_day(last) if last else None)


def _list_certificates(stack: str, dates: object, *path: str) -> Iterator[Certificate]:
    """Yield the certificates in an output, which may be nested."""
    try:
        if dates and isinstance(dates, Mapping):
            for name, value in _MAPPING.validate_python(dates).items():
                yield from _list_certificates(stack, value, *path, name)
        else:
            yield Certificate(in_utc(_TIME.validate_python(dates)), ".".join(path))
    except ValidationError:
        where, found = f"stack {stack}, output {'.'.join((OUTPUT, *path))}", "it is not a time"
        rule, fix = "it has to be the end of a certificate", f"Run `make up STACK={stack}`."
        raise InputError([Problem(where, found, rule, fix)]) from None


def _build_certificate_table(stack: str, certificates: Sequence[Certificate], limits: Limits) -> Table:
    rows = (
        (
            each.name,
            f"{each.ends:%Y-%m-%d %H:%M}",
            str(floor((each.ends - limits.now) / A_DAY)),
            limits.state(each.ends),
        )
        for each in certificates
    )
    return build_table(f"Certificates of stack {stack}", ("certificate", "ends (UTC)", "days left", "state"), rows)


def _list_fixes(early: Iterable[Certificate], settings: Settings, stack: str, limits: Limits) -> Iterator[str]:
    """Yield what to do for each kind of certificate."""
    names = {each.name.rpartition(".")[2] for each in early}
    if names.intersection(ANCHORS):
        anchor = settings.trust.anchor
        yield (
            f"replace the trust anchor by setting {PROJECT}:trust.phase to `bundled`, then to `reissued`, then to "
            f"`stable` with trust.anchor {anchor + 1}, and running `make up STACK={stack}` after each"
        )
    if authorities := sorted(name for name in names if name.endswith(AUTHORITY)):
        urns = f"`pulumi stack -s {stack} --show-urns`"
        yield f"replace {', '.join(authorities)} with `pulumi up --replace <URN>` (see {urns})"
    if names - {*ANCHORS, *authorities}:
        yield _describe_renewal(settings, stack, ceil((limits.latest - limits.now) / A_DAY))


def _describe_renewal(settings: Settings, stack: str, days: int) -> str:
    """Return how to renew certificates that end within `days`: an `up` does it, but not too early."""
    up = f"run `make up STACK={stack}`"
    if days <= settings.trust.renewal_days:
        return up
    if days < settings.trust.issuer_days:
        return f"{up} after `pulumi config set --path '{PROJECT}:trust.renewalDays' {days}`"
    return f"none lasts that long, so {up} in the last {count(settings.trust.renewal_days, 'day')} of each"
