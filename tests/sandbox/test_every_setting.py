"""Each setting of the whole program: a preview shows what it is about, and nothing else."""

import pytest

from model.json_values import at, text
from tests.sandbox.shared_previews import SharedPreviews
from tests.sandbox.single_changes import ROWS, Row
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

BREAKER = "balancer.linkerd.io/failure-accrual"


@pytest.fixture(scope="module")
def shared(checkout: Workshop) -> SharedPreviews:
    checkout.up()
    return SharedPreviews(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_a_changed_setting_previews_what_it_is_about_and_nothing_else(
    shared: SharedPreviews, workshop: Workshop, row: Row
) -> None:
    assert shared.surprises(row, workshop) == []


@pytest.mark.usefixtures("shared")
def test_parts_and_the_breaker_leave_the_cluster(workshop: Workshop) -> None:
    service = "/api/v1/namespaces/circuit-breaking-demo/services/bb"
    assert text(workshop.api.find(service), "metadata", "annotations", BREAKER) == "consecutive"
    workshop.choose("demos.circuitBreaking.breaker.enabled", value=False)
    workshop.leave_out("viz", "demos.booksapp")
    workshop.up()
    assert "failure-accrual" not in str(at(workshop.api.find(service), "metadata", "annotations"))
    assert [name for name in ("linkerd-viz", "booksapp") if workshop.api.find(f"/api/v1/namespaces/{name}")] == []
    assert workshop.api.find("/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io") is None
    assert workshop.api.find("/api/v1/namespaces/linkerd") is not None
