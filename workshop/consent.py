"""Asks the operator before something is changed."""

from rich.console import Console
from rich.prompt import Confirm


def agreed(console: Console, question: str, *, yes: bool = False) -> bool:
    """Return whether the operator wants what was shown; `yes` says so beforehand."""
    try:
        return yes or Confirm.ask(question, console=console, default=False)
    except (EOFError, OSError, ValueError, RuntimeError):  # no terminal, no text, or no standard input at all
        console.print("\nNobody answers. Say so beforehand, with YES=--yes.")
    except KeyboardInterrupt:
        console.print("\nNothing was changed.")
    return False
