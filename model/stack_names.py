"""Names of stacks as Pulumi understands them: `dev`, `acme/dev` in an organization, or `acme/linkerd-workshop/dev`."""

import re
from pathlib import Path

from model.hiding import plain
from model.names import PROJECT
from model.problem import InputError, Problem

_PART = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}"
_NAME = re.compile(rf"(?:{_PART}/(?:(?P<project>{_PART})/)?)?(?P<name>{_PART})")


def short_name(stack: str) -> str:
    """Return a stack's name without organization and project, by which the program and what it creates know it.

    Raises InputError if it is no name of a stack.
    """
    found = _NAME.fullmatch(stack)
    if found and found["project"] in (None, PROJECT):
        return found["name"]
    problem, rule = "it is no name of a stack", "it is <name>, <organization>/<name> or <organization>/<project>/<name>"
    if found:
        problem, rule = f"it is in project {found['project']}", f"the stacks of this program are in {PROJECT}"
    fix = "Name a stack with `make … STACK=<name>`; `pulumi stack ls` lists them."
    raise InputError([Problem(f"stack '{plain(stack) or '…'}'", problem, rule, fix)])


def stack_file(stack: str, folder: Path | None = None) -> Path:
    """Return the file of a stack's settings. Raises InputError if it is no name of a stack."""
    return (folder or Path()) / f"Pulumi.{short_name(stack)}.yaml"
