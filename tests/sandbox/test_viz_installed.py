"""viz on the real engine and a real API server: its certificates are trusted, and nothing hangs on its APIService."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from model.json_values import entries, text
from sandbox.paths import Home
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

OFF = [
    "demos.podinfo.enabled",
    "demos.circuitBreaking.enabled",
    "demos.progressiveDelivery.enabled",
    "delivery.argoRollouts.enabled",
]
API_SERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, sandbox_home: Home) -> Iterator[Workshop]:
    """A workshop of the mesh, viz and one demo."""
    made = Workshop(tmp_path_factory.mktemp("project") / "viz", sandbox_home.folder)
    for key in OFF:
        made.choose(key, value=False)
    made.up()
    yield made
    made.destroy()
    assert not [each for each in made.objects() if "tap.linkerd.io" in each or "linkerd-viz" in each]


def available(workshop: Workshop) -> str:
    conditions = entries(workshop.api.get(API_SERVICE).body, "status", "conditions")
    return " ".join(f"{text(each, 'type')}={text(each, 'status')}" for each in conditions)


def test_its_api_service_answers_so_the_api_server_trusts_the_certificate_that_we_made(workshop: Workshop) -> None:
    assert available(workshop) == "Available=True"


def test_the_second_preview_is_empty_and_refresh_finds_no_drift(workshop: Workshop) -> None:
    assert workshop.preview().changes == []
    refreshed = workshop.pulumi("refresh", "--yes", "--expect-no-changes")
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr


def test_the_engine_takes_it_away_before_any_namespace_of_the_stack(workshop: Workshop) -> None:
    state: dict[str, Any] = json.loads(workshop.export())
    resources: list[dict[str, Any]] = state["deployment"]["resources"]
    (chart,) = [each for each in resources if each["urn"].endswith("Chart::viz-chart")]
    namespaces = {each["urn"] for each in resources if each["type"] == "kubernetes:core/v1:Namespace"}
    (service,) = [each for each in resources if each["type"].endswith(":APIService")]

    assert len(namespaces) == 3
    assert namespaces <= set(chart["dependencies"])
    assert service["parent"] == chart["urn"], "a parent goes after its children"


def test_a_demo_leaves_with_its_namespace_while_viz_stays(workshop: Workshop) -> None:
    workshop.choose("demos.booksapp.enabled", value=False)
    workshop.up()

    assert workshop.api.get("/api/v1/namespaces/booksapp").status == 404
    assert available(workshop) == "Available=True"


def test_viz_leaves_before_its_namespace_and_the_rest_stays(workshop: Workshop) -> None:
    workshop.choose("viz.enabled", value=False)
    preview = workshop.preview()
    workshop.up()

    assert {change.operation for change in preview.changes} == {"delete"}
    assert workshop.api.get(API_SERVICE).status == 404
    assert workshop.api.get("/api/v1/namespaces/linkerd-viz").status == 404
    assert workshop.api.get("/api/v1/namespaces/linkerd").status == 200
