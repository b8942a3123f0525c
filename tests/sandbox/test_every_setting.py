"""Each setting of the whole program: a preview shows what it is about, and nothing else."""

import pytest

from model.json_values import at, entries, mapping
from tests.sandbox.shared_previews import SharedPreviews
from tests.sandbox.single_changes import ROWS, Row
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

MODE = "balancer.linkerd.io/failure-accrual"
BREAKING = "/api/v1/namespaces/circuit-breaking-demo/services/bb"
ROUTE = "/apis/gateway.networking.k8s.io/v1/namespaces/podinfo/httproutes/backend-router"


@pytest.fixture(scope="module")
def shared(checkout: Workshop) -> SharedPreviews:
    checkout.up()
    return SharedPreviews(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_a_changed_setting_previews_what_it_is_about_and_nothing_else(
    shared: SharedPreviews, workshop: Workshop, row: Row
) -> None:
    assert shared.surprises(row, workshop) == []


def test_settings_of_demos_and_whole_parts_reach_the_cluster_and_leave_it_again(workshop: Workshop) -> None:
    workshop.choose("demos.podinfo.headerValue", "beta")
    workshop.choose("demos.circuitBreaking.breaker.maxFailures", 3)
    workshop.up()
    matches = entries(entries(workshop.api.find(ROUTE), "spec", "rules")[0], "matches")
    assert at(matches[0], "headers") == [{"name": "x-request-id", "type": "Exact", "value": "beta"}]
    values = {"max-failures": "3", "min-penalty": "1s", "max-penalty": "1m", "jitter-ratio": "0.5"}
    own = {f"{MODE}-consecutive-{name}": value for name, value in values.items()}
    assert breaker(workshop) == {MODE: "consecutive", **own}

    workshop.reset()
    workshop.choose("demos.circuitBreaking.breaker.enabled", value=False)
    workshop.leave_out("viz", "demos.booksapp")
    workshop.up()
    assert breaker(workshop) == {}
    assert [name for name in ("linkerd-viz", "booksapp") if workshop.api.find(f"/api/v1/namespaces/{name}")] == []
    assert workshop.api.find("/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io") is None
    assert workshop.api.find("/api/v1/namespaces/linkerd") is not None


def breaker(workshop: Workshop) -> dict[str, object]:
    found = mapping(at(workshop.api.find(BREAKING), "metadata", "annotations"))
    return {key: value for key, value in found.items() if key.startswith(MODE)}
