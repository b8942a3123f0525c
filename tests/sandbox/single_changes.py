"""What each setting is about: one row a setting, with everything that a preview may announce when it alone changes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Settings that change together, and what a preview of that announces."""

    settings: dict[str, object]
    changes: frozenset[str]
    """`<operation> <kind> <name>` of each change."""

    @property
    def title(self) -> str:
        """The settings, as a test's name shows them."""
        return ",".join(f"{key}={value}" for key, value in self.settings.items())


def _row(key: str, value: object, *changes: str) -> Row:
    return Row({key: value}, frozenset(changes))


ROWS: list[Row] = []
