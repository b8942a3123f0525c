"""Keeps the program and its commands away from real clusters and accounts while ON_SANDBOX asks for the sandbox."""

import os

from model.names import OFF, ON_SANDBOX, SANDBOX_REACHES
from model.problem import InputError, Problem


class NotSandboxError(InputError):
    """A connection that ON_SANDBOX forbids; it does not mean that the cluster cannot be reached."""


def check_target(target: str, where: str) -> None:
    """Check that a connection may be made.

    `target` is the path of a kubeconfig, or the address of an API server or of AWS; messages call it `where`, since a
    setting may hold a secret by mistake. Every connection passes here before a login helper runs and anything is sent.
    Raises NotSandboxError if ON_SANDBOX asks for the sandbox and the target is not a part of it.
    """
    known = os.environ.get(SANDBOX_REACHES, "").split("\n")
    if os.environ.get(ON_SANDBOX, "") in OFF or (target and target in known):
        return
    found, rule = "it is not the sandbox's", f"{ON_SANDBOX} is set and keeps every command on the sandbox"
    fix = (
        f"Run the `make` target with STACK=<stack> {ON_SANDBOX}=1, or put `python -m sandbox run --stack <stack> --` "
        f"before the command; for the real cluster and account, leave {ON_SANDBOX} away."
    )
    raise NotSandboxError([Problem(where, found, rule, fix)])
