"""The tables of settings: each setting has a row, and rows that cannot be taken for one another share a preview."""

from collections.abc import Iterable
from types import ModuleType

import pytest

from settings import Settings
from tests.sandbox import dev_changes, single_changes
from tests.sandbox.shared_previews import groups
from tests.sandbox.single_changes import Row
from tests.settings_keys import keys

NARROW, QUIET, OFF = Row({"a.b": 1}, ("update A x-y",)), Row({"a.b": 1}, ()), ("delete B z",)
CHANGE = ("update A x",)
PAIRS = [
    # Rows about different objects share a preview.
    (Row({"a.b": 1}, CHANGE), Row({"a.c": 1}, ("update A y",)), True),
    # Rows that could be mistaken for each other share none, whatever is done with the object.
    (NARROW, Row({"a.c": 1}, ("update A x-y",)), False),
    (NARROW, Row({"a.c": 1}, ("delete * x*",)), False),
    (NARROW, Row({"a.c": 1}, ("update A x*",)), False),
    # A row without changes shares only with another such row.
    (QUIET, Row({"a.c": 1}, CHANGE), False),
    (QUIET, Row({"a.c": 1}, ()), True),
    # Settings that affect each other share none: what is off shows no change.
    (Row({"a.b": 1}, CHANGE), Row({"a.b": 2}, ("update A y",)), False),
    (Row({"a.enabled": False}, OFF), Row({"a.b.c": 1}, CHANGE), False),
    (Row({"a": {}}, OFF), Row({"a.b": 1}, CHANGE), False),
    (Row({"a.bc": 1}, OFF), Row({"a.b": 1}, CHANGE), True),
    (Row({"a.b": 1}, (), alone=True), Row({"a.c": 1}, ()), False),
]


@pytest.mark.parametrize(("one", "other", "shared"), PAIRS)
def test_rows_share_a_preview_unless_a_change_could_be_of_both(one: Row, other: Row, *, shared: bool) -> None:
    assert groups([one, other]) == ([[one, other]] if shared else [[one], [other]])
    assert groups([other, one]) == ([[other, one]] if shared else [[other], [one]])


@pytest.mark.parametrize(("table", "is_of_eks"), [(single_changes, False), (dev_changes, True)])
def test_every_setting_has_a_row_or_a_reason_to_have_none(table: ModuleType, *, is_of_eks: bool) -> None:
    listed = {key for row in table.ROWS for key in row.settings} | set(table.WITHOUT_ROW)

    def own(all_: Iterable[str]) -> set[str]:
        return {key for key in all_ if key.startswith(("eks.", "dns.", "publicHosts.")) == is_of_eks}

    assert own(listed) == own(keys(Settings))
