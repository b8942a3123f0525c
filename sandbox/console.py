"""What the sandbox says: on standard error, so that the output of `pulumi` stays clean for pipes."""

from rich.console import Console

console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    """Print one line that starts with `sandbox:`."""
    console.print(f"sandbox: {sentence}", markup=False)
