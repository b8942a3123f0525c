"""The tables of settings: each setting has a row, and rows that cannot be taken for one another share a preview."""

from settings import Settings
from tests.sandbox import dev_changes, single_changes
from tests.sandbox.shared_previews import groups
from tests.sandbox.single_changes import Row
from tests.settings_keys import keys


def apart(one: Row, other: Row) -> bool:
    return len(groups([one, other])) == 2 and len(groups([other, one])) == 2


def test_rows_about_different_objects_share_a_preview() -> None:
    assert groups([Row({"a.b": 1}, ("update A x",)), Row({"a.c": 1}, ("update A y",))]) == [
        [Row({"a.b": 1}, ("update A x",)), Row({"a.c": 1}, ("update A y",))]
    ]


def test_rows_that_could_be_mistaken_for_each_other_share_none() -> None:
    narrow = Row({"a.b": 1}, ("update A x-y",))

    assert apart(narrow, Row({"a.c": 1}, ("update A x-y",)))
    assert apart(narrow, Row({"a.c": 1}, ("delete * x*",))), "whatever is done with the object"
    assert apart(narrow, Row({"a.c": 1}, ("update A x*",)))


def test_a_row_without_changes_shares_only_with_another_such_row() -> None:
    quiet = Row({"a.b": 1}, ())

    assert apart(quiet, Row({"a.c": 1}, ("update A x",)))
    assert not apart(quiet, Row({"a.c": 1}, ()))


def test_settings_that_affect_each_other_do_not_share_a_preview() -> None:
    change = ("update A x",)

    assert apart(Row({"a.b": 1}, change), Row({"a.b": 2}, ("update A y",)))
    assert apart(Row({"a.enabled": False}, ("delete B z",)), Row({"a.b.c": 1}, change)), "what is off shows no change"
    assert apart(Row({"a": {}}, ("delete B z",)), Row({"a.b": 1}, change))
    assert not apart(Row({"a.bc": 1}, ("delete B z",)), Row({"a.b": 1}, change))


def test_a_row_that_has_to_be_alone_shares_with_none() -> None:
    assert apart(Row({"a.b": 1}, (), alone=True), Row({"a.c": 1}, ()))


def test_every_row_of_a_table_is_in_one_group() -> None:
    for rows in (single_changes.ROWS, dev_changes.ROWS):
        assert sorted(row.title for group in groups(rows) for row in group) == sorted(row.title for row in rows)


def test_every_setting_has_a_row_or_a_reason_to_have_none() -> None:
    listed = {key for row in single_changes.ROWS for key in row.settings} | set(single_changes.WITHOUT_ROW)

    assert listed == set(keys(Settings))


def test_every_setting_of_an_eks_environment_has_a_row_or_a_reason_to_have_none() -> None:
    own = ("eks.", "dns.", "publicHosts.")
    listed = {key for row in dev_changes.ROWS for key in row.settings} | set(dev_changes.WITHOUT_ROW)

    assert {key for key in listed if key.startswith(own)} == {key for key in keys(Settings) if key.startswith(own)}
