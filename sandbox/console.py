"""Messages of the sandbox, on standard error, so that the output of `pulumi` stays clean for pipes."""

from rich.console import Console

console = Console(stderr=True, highlight=False, soft_wrap=True)


class SandboxError(Exception):
    """One clear sentence: what failed, where, why, and how to fix it. Printed without a traceback."""


def say(sentence: str) -> None:
    """Print one line that starts with `sandbox:`."""
    console.print(f"sandbox: {sentence}", markup=False)
