"""When the stack's certificates end, and whether that is too early."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients import pulumi_cli
from model.moments import A_DAY, after, end_of_day, in_utc
from model.names import PROJECT
from model.problem import InputError, Problem
from settings import Settings

OUTPUT = "certificatesExpire"
DAYS = 30
ANCHORS = ("trustAnchor", "nextTrustAnchor")
AUTHORITY = "Authority"
"""How the names of the certificates end that sign webhooks' leaves, live ten years and renew by no `up`."""

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
    """Until when certificates have to last."""

    now: datetime
    days: int
    workshop: datetime | None
    """When the workshop's last day is over; None if the settings name none."""

    def state(self, ends: datetime) -> str:
        """Return `ok`, or why a certificate with this end is none to keep."""
        if ends <= self.now:
            return "ended"
        if ends < after(self.now, self.days):
            return f"ends within {self.days} days"
        return "ends before the workshop" if self.workshop and ends < self.workshop else "ok"

    @property
    def latest(self) -> datetime:
        """The later of the two limits."""
        return max(after(self.now, self.days), self.workshop or self.now)


def report(settings: Settings, stack: str, console: Console, days: int = DAYS) -> int:
    """Print every certificate's end; return 1 if one ends within `days` or before the workshop does."""
    limits = limits_of(settings, days)
    certificates = sorted(_certificates(stack, pulumi_cli.read_outputs(stack).get(OUTPUT)))
    console.print(_table(stack, certificates, limits))
    early = [each for each in certificates if limits.state(each.ends) != "ok"]
    if not early:
        return 0
    names, fixes = ", ".join(each.name for each in early), "; ".join(_fixes(early, settings, limits))
    sentence = (
        f"To last until {limits.latest:%Y-%m-%d}, {names} {'have' if early[1:] else 'has'} to be renewed: {fixes}."
    )
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    return 1


def limits_of(settings: Settings, days: int) -> Limits:
    """Return until when the certificates of a stack have to last, counted from now."""
    last = settings.workshop_ends
    return Limits(datetime.now(UTC), days, end_of_day(last) if last else None)


def _certificates(stack: str, dates: object, *path: str) -> Iterator[Certificate]:
    """Yield the certificates in an output, which may be nested."""
    try:
        if dates and isinstance(dates, Mapping):
            for name, value in _MAPPING.validate_python(dates).items():
                yield from _certificates(stack, value, *path, name)
        else:
            yield Certificate(in_utc(_TIME.validate_python(dates)), ".".join(path))
    except ValidationError:
        where, found = f"stack {stack}, output {'.'.join((OUTPUT, *path))}", "it is no such time"
        raise InputError([Problem(where, found, "it has to say when certificates end", "Run `make up`.")]) from None


def _table(stack: str, certificates: Sequence[Certificate], limits: Limits) -> Table:
    table = Table(title=Text(f"Certificates of stack {stack}"), title_justify="left")
    for column in ("certificate", "ends (UTC)", "days left", "state"):
        table.add_column(column, overflow="fold")
    for each in certificates:
        left = floor((each.ends - limits.now) / A_DAY)
        table.add_row(Text(each.name), f"{each.ends:%Y-%m-%d %H:%M}", str(left), limits.state(each.ends))
    return table


def _fixes(early: Iterable[Certificate], settings: Settings, limits: Limits) -> Iterator[str]:
    """Yield what to do about each kind of certificate."""
    names = {each.name.rpartition(".")[2] for each in early}
    if names.intersection(ANCHORS):
        anchor = settings.trust.anchor
        yield (
            f"replace the trust anchor by setting {PROJECT}:trust.phase to `bundled`, then to `reissued`, then to "
            f"`stable` with trust.anchor {anchor + 1}, and running `make up` after each"
        )
    if authorities := sorted(name for name in names if name.endswith(AUTHORITY)):
        yield f"replace {', '.join(authorities)} with `pulumi up --replace <URN>` (`pulumi stack --show-urns` tells it)"
    if names - {*ANCHORS, *authorities}:
        yield _renewal(settings, ceil((limits.latest - limits.now) / A_DAY))


def _renewal(settings: Settings, days: int) -> str:
    """Return how certificates are renewed that end within so many days; an `up` does it, but not too early."""
    if days <= settings.trust.renewal_days:
        return "run `make up`"
    if days < settings.trust.issuer_days:
        return f"run `make up` after `pulumi config set --path '{PROJECT}:trust.renewalDays' {days}`"
    return f"none lives that long, so run `make up` in the last {settings.trust.renewal_days} days of each"
