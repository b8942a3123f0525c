"""Each setting of the whole program: a preview shows what it is about, and nothing else."""

import pytest

from tests.sandbox.shared_previews import SharedPreviews
from tests.sandbox.single_changes import ROWS, Row
from tests.sandbox.workshop import Workshop

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


def test_parts_leave_the_cluster(workshop: Workshop) -> None:
    workshop.leave_out("viz", "demos.booksapp")
    workshop.up()
    assert [name for name in ("linkerd-viz", "booksapp") if workshop.api.find(f"/api/v1/namespaces/{name}")] == []
    assert workshop.api.find("/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io") is None
    assert workshop.api.find("/api/v1/namespaces/linkerd") is not None
