"""Each setting of the whole program: a preview shows what it is about, and nothing else."""

import pytest

from settings import Settings
from tests.sandbox.shared_previews import SharedPreviews
from tests.sandbox.single_changes import ROWS, WITHOUT_ROW, Row
from tests.sandbox.workshop import Workshop
from tests.settings_keys import keys

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def shared(checkout: Workshop) -> SharedPreviews:
    checkout.up()
    return SharedPreviews(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_a_changed_setting_previews_what_it_is_about_and_nothing_else(
    shared: SharedPreviews, workshop: Workshop, row: Row
) -> None:
    assert shared.surprises(row, workshop) == []


def test_every_setting_has_its_row() -> None:
    told = {key for row in ROWS for key in row.settings} | set(WITHOUT_ROW)
    known = set(keys(Settings))

    assert known - told == set(), "write a row for it"
    assert told - known == set(), "there is no such setting any more"
