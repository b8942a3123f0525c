"""One line of the answer: what was checked, what was seen, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

FIX = "Run `make refresh`, then `make up`."
"""What brings back what the program makes, also where it was changed behind its back."""


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """There was nothing to check, or no way to; the line says why."""


@dataclass(frozen=True)
class Line:
    """What one check found."""

    group: str
    name: str
    status: Status
    seen: str
    """What is there, as a person would say it; why nothing was checked where that is so. Never a secret."""
    cure: str = ""
    """What to do, if possible as a command; empty unless the check failed."""
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    """The numbers behind `seen`, for programs."""


@dataclass(frozen=True)
class Group:
    """What makes the lines of one group."""

    name: str

    def ok(self, name: str, seen: str, **figures: float) -> Line:
        """Return the line of a check that passed."""
        return Line(self.name, name, Status.OK, seen, figures=figures)

    def failed(self, name: str, seen: str, cure: str, **figures: float) -> Line:
        """Return the line of a check that failed, with its cure."""
        return Line(self.name, name, Status.FAILED, seen, cure, figures)

    def skipped(self, name: str, why: str) -> Line:
        """Return the line of a check that was not made."""
        return Line(self.name, name, Status.SKIPPED, why)

    def judged(self, name: str, seen: str, *, good: bool, cure: str, **figures: float) -> Line:
        """Return a line that passed if it is good, and else failed with its cure."""
        return self.ok(name, seen, **figures) if good else self.failed(name, seen, cure, **figures)
