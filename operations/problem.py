"""What is wrong with an input, in one sentence: where, what, which rule, and how to cure it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import RunError


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that keeps the program from starting."""

    where: str
    """The settings key, file or address that it is about."""
    found: str
    """What is there, as a person would say it; never a secret."""
    rule: str
    """What has to hold."""
    cure: str
    """What to do about it, if possible as a command."""

    def __str__(self) -> str:
        """Return the problem as one line; what comes from outside may hold control characters."""
        return printable(f"{self.where}: {self.found}, but {self.rule}. {self.cure}")


class InputError(RunError):
    """Ends the program before anything is registered; Pulumi shows its message without a traceback."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(self.problems, 1))
        super().__init__(f"{count} found; nothing was changed:\n{lines}")


def on_one_line(text: str) -> str:
    """Return somebody else's text as part of a sentence: printable, on one line, and not too long."""
    return " ".join(printable(text).split())[:200]


def printable(text: str) -> str:
    """Return a text with a space in place of each control character."""
    return "".join(each if each.isprintable() else " " for each in text)
