"""The Pulumi CLI for one stack: reads its settings and outputs, and runs a teardown's commands."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pulumi.automation import CommandError, CommandResult, LocalWorkspace, OnOutput, PulumiCommand, StackNotFoundError
from pulumi.automation.errors import create_command_error
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import override

from clients import limits
from model.hiding import hidden_words, remember
from model.moments import in_utc
from model.names import OFF, ON_SANDBOX
from model.problem import InputError, Problem, on_one_line
from model.stack_names import stack_file
from settings import Settings
from settings.loading import parse

PAGE = 50
NO_STACK = re.compile(r"error: no stack (selected|named '[^']*' found)|Pulumi\.[\w.-]+\.yaml does not exist")
"""Messages of the CLI and its launcher about a stack that was removed, with its file or without."""
TORN = re.compile(r"failed to load checkpoint: .*(EOF|unexpected end of JSON)")  # another run is writing it, in place
_STRING = re.compile(r'("(?:[^"\\]|\\.)*")(:?)')
"""A string in JSON, with the colon that follows a key."""
_OUTPUTS = TypeAdapter(dict[str, object])
_LOG_IN = "Log in (such as with `aws sso login`); `aws sts get-caller-identity` says who you are."
_FIX = "See what `pulumi config` says in this folder."
_REASONS = (
    (
        r"PULUMI_ACCESS_TOKEN must be set|invalid access token|not logged in|\[401\]|Unauthorized",
        "nobody is logged in to its backend",
        "Run `pulumi login`, or name its backend with PULUMI_BACKEND_URL.",
    ),
    (
        r"incorrect passphrase",
        "the passphrase is not the one that its values are encrypted with",
        "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to that one.",
    ),
    (
        r"passphrase must be set",
        "it has encrypted values and no passphrase is given",
        "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
    ),
    (r"operation error .*(credentials|AccessDenied|ExpiredToken|InvalidAccess)", "AWS refuses its backend", _LOG_IN),
    (
        r"does not support environments",
        "its file names ESC environments (`environment`), which its backend does not have",
        "Log in to Pulumi Cloud with `pulumi login`, or write their values into {file}.",
    ),
    (
        r"invalid YAML file|is not YAML|holds no mapping|expected \w+ to be an object",  # followed by lines of the file
        "{file} is no stack file that Pulumi can read{line}",
        "Correct the file.",
    ),
    (
        r"does not end within",
        f"its backend does not answer within {limits.SECONDS} s",
        "Check the address that `pulumi whoami --verbose` names, and that VPN, proxy and firewall let you through.",
    ),
)
"""Messages of the CLI, with their meaning and the remedy."""
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Done:
    """The result of a command, and its output."""

    status: int
    output: str
    errors: str = ""


Run = Callable[[Sequence[str], bool], Done]
"""Runs a command; with True its output and errors are also shown."""


class _Update(BaseModel):
    kind: str
    started: datetime = Field(alias="startTime")
    ended: datetime | None = Field(default=None, alias="endTime")


_UPDATES = TypeAdapter(list[_Update])


def pulumi(stack: str, *arguments: str) -> list[str]:
    """Return the command that runs the Pulumi CLI for a stack."""
    return _command(stack, [*arguments, "--stack", stack])


def _command(stack: str, arguments: Sequence[str]) -> list[str]:
    """Return `pulumi` itself, or with ON_SANDBOX the sandbox's launcher, which reaches nothing else."""
    if os.environ.get(ON_SANDBOX, "") not in OFF:
        return [sys.executable, "-m", "sandbox", "pulumi", "--stack", stack, "--", *arguments]
    return ["pulumi", *arguments]


@contextmanager
def explain_failures() -> Generator[None]:
    """Raise InputError if the command that is run inside cannot be started."""
    try:
        yield
    except (FileNotFoundError, PermissionError):
        rule, fix = "it runs the stack", "Install the Pulumi CLI: https://www.pulumi.com/docs/install/"
        raise InputError([Problem("pulumi", "there is no such program on PATH", rule, fix)]) from None


@explain_failures()
def ask(
    command: Sequence[str], folder: Path | None = None, variables: Mapping[str, str] | None = None, tries: int = 5
) -> Done:
    """Run a command that only reads; it ends within limits.SECONDS, except the sandbox's launcher, which may build."""
    try:
        done = subprocess.run(  # noqa: S603  no shell
            command,
            cwd=folder,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=limits.SECONDS if command[0] == "pulumi" else None,
        )
    except subprocess.TimeoutExpired:
        words = f"`{' '.join(command[:2])}` does not end within {limits.SECONDS:g} s: its backend may not answer"
        return Done(1, "", f"error: {words}.\n")
    if done.returncode and TORN.search(done.stderr) and tries > 1:
        time.sleep(0.3)
        return ask(command, folder, variables, tries - 1)
    return Done(done.returncode, done.stdout, done.stderr)


class Cli(PulumiCommand):
    """The same commands for the Automation API."""

    def __init__(self, stack: str) -> None:  # the base's asks for the version, which takes a second
        self.command, self.version, self._stack = "pulumi", None, stack

    @override
    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run a command that only reads. Raises CommandError if it fails."""
        done = ask(_command(self._stack, [*args, "--non-interactive"]), Path(cwd), additional_env)
        result = CommandResult(done.output, done.errors, done.status)
        if done.status:
            raise create_command_error(result)
        return result


class NoStackError(InputError):
    """The stack's backend does not have it."""


def read_settings(stack: str, folder: Path | None = None) -> Settings:
    """Return a stack's settings as its program reads them: with project defaults, environments and encrypted values.

    Raises InputError with every problem at once, or with the reason why they cannot be read.
    """
    file = stack_file(stack, folder)
    Problem.stack = stack
    if not file.is_file():
        fix = "Name an existing stack with `make … STACK=<name>`, or create one with `make init STACK=<name>`."
        raise InputError([_problem(stack, f"{file}: there is no such file", fix)])
    workspace = LocalWorkspace(work_dir=str(folder or Path()), pulumi_command=Cli(stack))
    try:
        found = workspace.get_all_config(stack)
        values = {key: each.value for key, each in found.items()}
    except StackNotFoundError:
        fix = f"Create it with `make init STACK={stack}`; `pulumi stack ls` lists the others."
        raise NoStackError([_problem(stack, "its backend does not have it", fix)]) from None
    except CommandError as error:
        raise InputError([_unread(stack, file, str(error).partition("stderr: ")[2])]) from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InputError([_problem(stack, "what `pulumi config` prints is not its JSON", _FIX)]) from None
    remember(text for each in found.values() if each.secret for text in _texts(each.value))
    return parse(values, {key.rpartition(":")[2] for key, each in found.items() if each.secret})


def _texts(value: str) -> Iterator[str]:
    """Yield the texts in an encrypted value, which may be JSON."""
    try:
        strings = _STRING.findall(json.dumps(json.loads(value)))
        yield from (json.loads(text) for text, colon in strings if not colon)
    except (ValueError, RecursionError):
        yield value


def _unread(stack: str, file: Path, said: str) -> Problem:
    """Return the problem of a CLI that outputs no settings; its text may hold parts of a stack's file."""
    line = re.search(r"\bline (\d+)", said)
    where = f" (line {line[1]})" if line else ""
    for pattern, found, fix in _REASONS:
        if re.search(pattern, said):
            return _problem(stack, found.format(file=file, line=where), fix.format(file=file))
    errors = [each.partition("error: ")[2] for each in said.splitlines() if "error: " in each]
    message = on_one_line(hidden_words(errors[-1])) if errors else "it says nothing"
    return _problem(stack, f"`pulumi config` fails ({message})", _FIX)


def _problem(stack: str, found: str, fix: str) -> Problem:
    return Problem(f"stack {stack}", found, "its settings are read with `pulumi config`", fix)


@explain_failures()
def run(command: Sequence[str], shown: bool) -> Done:  # noqa: FBT001  a callback of one shape
    """Run a command to its end."""
    if not shown:
        done = ask(command)
        sys.stderr.write(hidden_words(done.errors))
        return done
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
    """One stack, on any backend."""

    stack: str
    run: Run = run

    def last_up(self) -> datetime | None:
        """Return the time at which the last `up` ended, or began if it never ended; other commands do not count.

        Raises InputError if the CLI fails.
        """
        found, rule = "`pulumi stack history` fails", "only the backend knows when the workshop ends"
        problem = Problem(f"stack {self.stack}", found, rule, "Log in to the backend of the stack.")
        page = 0
        while True:
            page += 1
            pages = ("--page-size", str(PAGE), "--page", str(page))
            updates = _parse(self._pulumi("stack", "history", "--json", *pages, shown=False), _UPDATES, problem)
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
        """Remove the lock of a run that has ended."""
        return self._pulumi("cancel", "--yes", shown=True)

    def remove(self) -> Done:
        """Remove the empty stack from its backend; its settings stay in their file."""
        return self._pulumi("stack", "rm", "--yes", "--preserve-config", shown=True)

    def _pulumi(self, *arguments: str, shown: bool) -> Done:
        return self.run(pulumi(self.stack, *arguments), shown)


def _parse(done: Done, form: TypeAdapter[Answer], problem: Problem) -> Answer:
    """Return what a command printed as JSON. Raises InputError if it failed, or printed something else."""
    try:
        if done.status == 0:
            return form.validate_json(done.output)
    except ValidationError:
        pass
    raise InputError([problem])


def read_outputs(stack: str) -> dict[str, object]:
    """Return the outputs of a stack, secret ones masked. Raises InputError if the CLI gives none."""
    found, fix = "the Pulumi CLI shows no outputs of it", f"Log in to its backend, and see `pulumi stack -s {stack}`."
    problem = Problem(f"stack {stack}", found, "the command reads them", fix)
    return _parse(run(pulumi(stack, "stack", "output", "--json"), shown=False), _OUTPUTS, problem)
