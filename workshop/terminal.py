"""The operator's terminal: tables, sentences, questions, and the Pulumi CLI run in it."""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.prompt import Confirm
from rich.table import Column, Table
from rich.text import Text

from clients.pulumi_cli import explain_failures, pulumi
from model.problem import name_stack


def build_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]] = ()) -> Table:
    """Return a table of plain texts: names from a cluster may look like rich's markup."""
    table = Table(*(Column(each, overflow="fold") for each in columns), title=Text(title), title_justify="left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def print_text(console: Console, text: str) -> None:
    """Print a text without markup, unwrapped so that commands in it can be copied; they name the stack."""
    console.print(name_stack(text), markup=False, highlight=False, soft_wrap=True)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, which gets an s unless there is one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def confirm(console: Console, question: str, *, yes: bool = False) -> bool:
    """Return whether the operator agrees to what was shown; `yes` agrees beforehand."""
    try:
        if yes or Confirm.ask(question, console=console, default=False):
            return True
        console.print("Nothing was changed.")
    except (EOFError, OSError, ValueError, RuntimeError):  # no terminal, no text, or no standard input at all
        console.print("\nNobody answers, so nothing was changed. Confirm beforehand with YES=--yes.")
    except KeyboardInterrupt:
        console.print("\nNothing was changed.")
    return False  # a command exits with 1 then: what follows it in a script counts on the change


@explain_failures()
def run_pulumi(stack: str, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
    """Run a command of the Pulumi CLI in the operator's terminal; return its exit status."""
    variables = {**os.environ, **(environment or {})}
    return subprocess.run(pulumi(stack, *arguments), env=variables, check=False).returncode  # noqa: S603  no shell
