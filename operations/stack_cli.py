"""What a teardown asks of the Pulumi CLI and of the Makefile, through the same commands as a person."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from operations.moments import in_utc
from operations.problem import InputError, Problem
from operations.stack_names import is_same

PAGE = 50
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    status: int
    output: str


Run = Callable[[Sequence[str], bool], Done]
"""Runs a command; with True what it prints is shown, too, errors and all."""


class Listed(BaseModel):
    """A stack as its backend lists it."""

    model_config = ConfigDict(extra="ignore")
    name: str
    resources: int | None = Field(default=None, alias="resourceCount")


class _Update(BaseModel):
    model_config = ConfigDict(extra="ignore")
    kind: str
    started: datetime = Field(alias="startTime")
    ended: datetime | None = Field(default=None, alias="endTime")


_STACKS = TypeAdapter(list[Listed])
_UPDATES = TypeAdapter(list[_Update])


def run(command: Sequence[str], shown: bool) -> Done:  # noqa: FBT001  a callback of one shape
    """Run a command to its end."""
    if not shown:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, errors="replace", check=False)  # noqa: S603  no shell, no input
        return Done(done.returncode, done.stdout)
    printed: list[str] = []
    with subprocess.Popen(  # noqa: S603  as above
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            printed.append(line)
    return Done(process.returncode, "".join(printed))


@dataclass(frozen=True)
class StackCli:
    """One stack, on whatever backend it has."""

    stack: str
    run: Run = run

    def find(self) -> Listed | None:
        """Return the stack as its backend lists it, None if it does not. Raises InputError if the CLI fails."""
        listed = self._asked(_STACKS, "stack", "ls", "--json")
        return next((each for each in listed if is_same(each.name, self.stack)), None)

    def last_up(self) -> datetime | None:
        """Return when the last `up` ended, or began if it never ended; other commands do not count.

        Raises InputError if the CLI fails.
        """
        page = 0
        while True:
            page += 1
            pages = ("--page-size", str(PAGE), "--page", str(page))
            updates = self._asked(_UPDATES, "stack", "history", "--json", *pages)
            ups = [in_utc(each.ended or each.started) for each in updates if each.kind == "update"]
            if ups or len(updates) < PAGE:
                return max(ups, default=None)

    def preview_destroy(self) -> Done:
        """Show what a destroy would take away."""
        return self._pulumi("destroy", "--preview-only", "--non-interactive", shown=True)

    def destroy(self) -> Done:
        """Take everything away, as `make destroy` does: it ends well only if nothing is left."""
        command = ["make", "--no-print-directory", "destroy", f"STACK={self.stack}", "YES=--yes"]
        return self.run(command, True)

    def unlock(self) -> Done:
        """Remove the lock of a run that is gone."""
        return self._pulumi("cancel", "--yes", self.stack, shown=True)

    def remove(self) -> Done:
        """Remove the empty stack from its backend; its settings stay in their file."""
        return self._pulumi("stack", "rm", self.stack, "--yes", "--preserve-config", shown=True)

    def _pulumi(self, *arguments: str, shown: bool) -> Done:
        # The same launcher as the Makefile's: it finds the engine, the backend and the passphrase.
        return self.run([sys.executable, "-m", "sandbox", "pulumi", "--stack", self.stack, "--", *arguments], shown)

    def _asked(self, form: TypeAdapter[Answer], *arguments: str) -> Answer:
        done = self._pulumi(*arguments, shown=False)
        try:
            if done.status == 0:
                return form.validate_json(done.output)
        except ValidationError:
            pass
        found, rule = f"`pulumi {' '.join(arguments[:2])}` fails", "whether it is over is asked of its backend"
        raise InputError([Problem(f"stack {self.stack}", found, rule, "Log in to the backend of the stack.")])
