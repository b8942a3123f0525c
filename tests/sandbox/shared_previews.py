"""Rows of settings that share one preview of the whole program: a preview takes seconds, a table has dozens of rows."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from tests.sandbox.single_changes import Row
from tests.sandbox.workshop import Workshop


class SharedPreviews:
    """One preview for each group of rows whose changes cannot be confused, created when its first row asks for it."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._groups = groups(rows)
        self._seen = dict[int, list[str]]()

    def surprises(self, row: Row, workshop: Workshop) -> list[str]:
        """Return the changes that no row of the group expects, and the row's expected ones that are missing."""
        number, group = next((number, group) for number, group in enumerate(self._groups) if row in group)
        if number not in self._seen:
            for each in group:
                for key, value in each.settings.items():
                    workshop.choose(key, value)
            self._seen[number] = [
                f"{each.operation} {each.type.rpartition(':')[2]} {each.name}" for each in workshop.preview().changes
            ]
        changes = self._seen[number]
        unexpected = [change for change in changes if all(each.unexpected([change]) for each in group)]
        return [f"unexpected: {each}" for each in unexpected] + [f"missing: {each}" for each in row.missing(changes)]


def groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Put every row into the first group in which no change could belong to it and to another row."""
    found = list[list[Row]]()
    for row in rows:
        found.append([])
        next(group for group in found if not any(_alike(row, other) for other in group)).append(row)
        found = [group for group in found if group]
    return found


def _alike(one: Row, other: Row) -> bool:
    """Return whether a change could belong to both. Rows without changes share groups only with each other."""
    if one.alone or other.alone or bool(one.patterns) != bool(other.patterns):
        return True
    nested = any(_decides(a, b) or _decides(b, a) for a in one.settings for b in other.settings)
    return nested or any(_covers(a, b) or _covers(b, a) for a in one.patterns for b in other.patterns)


def _decides(key: str, other: str) -> bool:
    """Return whether one setting is the other, contains it, or switches the part that it belongs to."""
    return key == other or other.startswith(f"{key}.".removesuffix("enabled."))


def _covers(pattern: str, other: str) -> bool:
    """Return whether an object that matches the other pattern may match this one, for any operation."""
    (_, kind, name), (_, other_kind, other_name) = pattern.split(" ", 2), other.split(" ", 2)
    return fnmatchcase(other_kind, kind) and fnmatchcase(other_name.replace("*", ""), name)
