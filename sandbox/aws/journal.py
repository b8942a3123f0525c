"""The requests to the double since it exists: repeated after a restart, they lead to the same account.

Every identifier in the account is random. Seeded with the number of the request that makes it, it is the same again.
"""

from collections.abc import Sequence
from pathlib import Path

from sandbox.aws import backends
from sandbox.aws.calls import Call


class Journal:
    """The requests that changed something, one per line."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._count = 0

    def begin(self) -> None:
        """Have what the next request draws depend on its number only."""
        backends.seed(f"request {self._count}")

    def count(self) -> None:
        """Count a request that was repeated."""
        self._count += 1

    def add(self, call: Call) -> None:
        """Keep a request that succeeded."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{call.line()}\n")
        self.count()

    def calls(self) -> Sequence[Call]:
        """Every request that is kept; a last line that a killed process left torn is dropped."""
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            self._file.write_text(whole, encoding="utf-8")
        return [Call.parse(line) for line in whole.splitlines()]
