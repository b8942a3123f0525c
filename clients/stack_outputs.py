"""The outputs of a stack's last `up`, read by the Pulumi CLI."""

import subprocess

from pydantic import TypeAdapter, ValidationError

from clients.pulumi_cli import pulumi
from model.problem import InputError, Problem

_OUTPUTS = TypeAdapter(dict[str, object])


def read(stack: str) -> dict[str, object]:
    """Return the outputs of a stack, secret ones masked; what the CLI complains of goes to standard error.

    Raises InputError if it gives none.
    """
    command = pulumi(stack, "stack", "output", "--json")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, errors="replace", check=False)  # noqa: S603  no shell, no input
    try:
        if done.returncode == 0:
            return _OUTPUTS.validate_json(done.stdout)
    except ValidationError:
        pass
    found, cure = "the Pulumi CLI shows no outputs of it", f"Log in to its backend, and see `pulumi stack -s {stack}`."
    raise InputError([Problem(f"stack {stack}", found, "the dates stand there", cure)])
