"""`make reset` and `make verify` on the real engine and a real API server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from clients.cluster_api import ClusterApi
from model.json_values import at, text
from tests.sandbox.workshop import Workshop
from workshop.verify.scene import Patience

pytestmark = pytest.mark.sandbox

SPLIT = "/apis/gateway.networking.k8s.io/v1/namespaces/booksapp/httproutes/error-split"
BB = "/api/v1/namespaces/circuit-breaking-demo/services/bb"
FRONT_END = "/apis/apps/v1/namespaces/podinfo/deployments/frontend-podinfo"
DESTINATION = "/apis/apps/v1/namespaces/linkerd/deployments/linkerd-destination"
MODE = "balancer.linkerd.io/failure-accrual"


@pytest.fixture(scope="module")
def workshop(checkout: Workshop) -> Iterator[Workshop]:
    checkout.leave_out("viz", "delivery.argoRollouts", "demos.progressiveDelivery")
    checkout.choose("demos.booksapp.faultPercent", 25)
    checkout.choose("demos.circuitBreaking.breaker.maxFailures", 3)
    checkout.up()
    yield checkout
    checkout.reset()


def by_hand(workshop: Workshop) -> None:
    """Do to the demos what people do in a workshop."""
    api, hand = workshop.api, "?fieldManager=kubectl-edit"
    split: Any = api.find(SPLIT)
    for backend, weight in zip(split["spec"]["rules"][0]["backendRefs"], (86, 14), strict=True):
        backend["weight"] = weight
    extra = {**split, "metadata": {"name": "of-somebody", "namespace": "booksapp"}}
    annotations = {MODE: None, "balancer.linkerd.io/mine": "x"}
    without_mesh = {"metadata": {"annotations": {"linkerd.io/inject": "disabled"}}}
    answers = [
        api.ask("PUT", f"{SPLIT}{hand}", split),
        api.post(f"{SPLIT.removesuffix('/error-split')}{hand}", extra),
        api.ask("PATCH", f"{BB}{hand}", {"metadata": {"annotations": annotations}}),
        api.ask("PATCH", f"/api/v1/namespaces/podinfo{hand}", without_mesh),
        api.ask("DELETE", FRONT_END, {}),
    ]
    assert [answer.status for answer in answers] == [200, 201, 200, 200, 200]


def test_a_reset_undoes_settings_and_hand_work_and_leaves_the_mesh_alone(workshop: Workshop) -> None:
    api = workshop.api
    before = text(api.find(DESTINATION), "metadata", "resourceVersion")
    assert weights(api) == [75, 25]
    by_hand(workshop)

    assert "demos.booksapp.faultPercent" in workshop.operate("reset", "--yes")
    assert weights(api) == [90, 10]
    service = api.find(BB)
    assert text(service, "metadata", "annotations", MODE) == "consecutive"
    assert at(service, "metadata", "annotations", "balancer.linkerd.io/mine") is None
    assert text(service, "metadata", "annotations", f"{MODE}-consecutive-max-failures") == "7"
    assert text(api.find("/api/v1/namespaces/podinfo"), "metadata", "annotations", "linkerd.io/inject") == "enabled"
    assert api.find(FRONT_END) is not None
    assert api.find(SPLIT.replace("error-split", "of-somebody")) is None
    assert text(api.find(DESTINATION), "metadata", "resourceVersion") == before, "the mesh was disturbed"
    left = [each for each in workshop.preview("--refresh").changes if each.operation != "refresh"]
    assert left == [], "a reset leaves nothing to do"


def test_a_reset_of_what_is_at_its_baseline_changes_nothing(workshop: Workshop) -> None:
    api, route = workshop.api, workshop.api.find(SPLIT)

    assert "unchanged" in workshop.operate("reset", "--yes")
    assert text(api.find(SPLIT), "metadata", "resourceVersion") == text(route, "metadata", "resourceVersion")


def test_verify_says_at_once_that_nothing_runs_here(workshop: Workshop) -> None:
    done = workshop.operation("verify", "--json")
    found = json.loads(done.stdout)
    failed = [check for check in found["checks"] if check["status"] == "failed"]

    assert done.returncode == 1
    assert [check["seen"] for check in failed] == ["pods are only simulated on this cluster"]
    assert found["seconds"] < Patience.window
    states = {check["name"]: check["status"] for check in found["checks"]}
    assert {states[name] for name in ("Linkerd", "trust anchor", "issuer", "ways in from outside")} == {"ok"}


def weights(api: ClusterApi) -> list[object]:
    """Return the weights of booksapp's route."""
    found: Any = api.find(SPLIT)
    return [backend["weight"] for backend in found["spec"]["rules"][0]["backendRefs"]]
