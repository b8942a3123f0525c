"""Problems with an input, in one sentence: where, what, which rule, and how to fix it."""

import os
import re
import shlex
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from model.hiding import hidden
from model.names import ON_SANDBOX, PROJECT, SANDBOX_REACHES

_PULUMI = re.compile(r"`pulumi (config (?:set|rm)|up)\b(?![^`]*--stack)")
_SET = re.compile(rf"`pulumi config set (?:--path )?'?{PROJECT}:([^'\s`]+)'? ([^`]+)`")
_MAKE = re.compile(r"`(make (?!(?:kind|mirror|sandbox)\b)[a-z-]+)(?: STACK=([^\s`]+))?(?=[`\s])(?![^`]*ON_SANDBOX=)")
"""A target that takes a stack, and the one that it names."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that keeps the program from starting."""

    stack: ClassVar[str] = ""
    """The stack that commands in remedies name, once it is known: without it they change the selected one."""
    where: str
    """The settings key, file or address that it is about."""
    found: str
    """The value or state that is there, in plain words; never a secret."""
    rule: str
    """The rule that has to hold."""
    fix: str
    """The remedy, if possible as a command."""

    def __post_init__(self) -> None:
        """Hide what looks like a key or a password, and line breaks: a foreign value may stand in each part."""
        object.__setattr__(self, "fix", name_stack(self.fix))
        for name in ("where", "found", "rule", "fix"):
            object.__setattr__(self, name, _escaped(hidden(getattr(self, name))))

    def __str__(self) -> str:
        """Return the problem as one sentence and its fix."""
        return f"{self.where}: {self.found}, but {self.rule}. {self.fix}"


def name_stack(remedy: str) -> str:
    """Return a remedy whose commands run for the known stack and, on the sandbox, there: as `make` runs them."""
    if not Problem.stack:
        return remedy
    stack = shlex.quote(Problem.stack)
    if _on_sandbox() or stack == "kind":  # whose backend plain `pulumi` does not know
        remedy = _SET.sub(r"`make set KEY='\1' VALUE=\2`", remedy)
    if _on_sandbox():
        pulumi = rf"`{ON_SANDBOX}=1 .venv/bin/python -m sandbox pulumi --stack {stack} -- \1"
    else:
        pulumi = rf"\g<0> --stack {stack}"
    make = make_arguments(Problem.stack)
    remedy = _PULUMI.sub(pulumi, remedy)
    return _MAKE.sub(lambda found: f"`{found[1]} {make}" if found[2] in (None, stack) else found[0], remedy)


def make_arguments(stack: str) -> str:
    """Return what a `make` target needs to run for a stack where this command runs."""
    return f"STACK={shlex.quote(stack)}{f' {ON_SANDBOX}=1' if _on_sandbox() and stack != 'local' else ''}"


def _on_sandbox() -> bool:
    return bool(os.environ.get(SANDBOX_REACHES))


def _escaped(text: str) -> str:
    """Return a text with an escape for each character that is not printable."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


class InputError(Exception):
    """Ends a command, and as StartError the program; its message needs no traceback."""

    def __init__(self, problems: Sequence[Problem], outcome: str = "nothing was changed") -> None:
        self.problems = tuple(sorted(set(problems)))
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(self.problems, 1))
        super().__init__(f"{count} found; {outcome}:\n{lines}")


@contextmanager
def report_outcome(outcome: str) -> Generator[None]:
    """Add to each problem that is raised inside what was done before it."""
    try:
        yield
    except InputError as error:
        raise InputError(error.problems, outcome) from None


class SilenceError(InputError):
    """A server does not answer, or is too busy to: further requests to it would wait as long."""

    def __init__(self, problems: Sequence[Problem], *, nobody: bool = False) -> None:
        super().__init__(problems)
        self.nobody = nobody
        """True if nothing at all is at the address."""


def on_one_line(text: str) -> str:
    """Return somebody else's text as part of a sentence: printable, on one line, and not too long."""
    # Hidden before it is cut: the half of a token is not recognized any more.
    printable = "".join(each if each.isprintable() else " " for each in hidden(text))
    return " ".join(printable.split())[:200]


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    subject: str
    problems: tuple[Problem, ...]
