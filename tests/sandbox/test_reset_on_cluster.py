"""`make reset` and `make verify` on the real engine and a real API server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from clients.cluster_api import ClusterApi
from model.json_values import at, text
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

_client: Any = client
_config: Any = config
SPLIT = "/apis/gateway.networking.k8s.io/v1/namespaces/booksapp/httproutes/error-split"
BB = "/api/v1/namespaces/circuit-breaking-demo/services/bb"
FRONT_END = "/apis/apps/v1/namespaces/podinfo/deployments/frontend-podinfo"
DESTINATION = "/apis/apps/v1/namespaces/linkerd/deployments/linkerd-destination"
MODE = "balancer.linkerd.io/failure-accrual"


@pytest.fixture(scope="module")
def workshop(checkout: Workshop) -> Iterator[Workshop]:
    for part in ("viz", "delivery.argoRollouts", "demos.progressiveDelivery"):  # no part in these scenes
        checkout.choose(f"{part}.enabled", False)
    checkout.choose("demos.booksapp.faultPercent", 25)
    checkout.choose("demos.circuitBreaking.breaker.maxFailures", 3)
    checkout.up()
    yield checkout
    checkout.reset()


def by_hand(workshop: Workshop) -> None:
    """Do to the demos what people do in a workshop."""
    api = _config.new_client_from_config(str(workshop.home / "kubeconfig"))
    hand = {"field_manager": "kubectl-edit"}
    core, apps, custom = _client.CoreV1Api(api), _client.AppsV1Api(api), _client.CustomObjectsApi(api)
    group = ("gateway.networking.k8s.io", "v1", "booksapp", "httproutes")
    split = custom.get_namespaced_custom_object(*group, "error-split")
    for backend, weight in zip(split["spec"]["rules"][0]["backendRefs"], (86, 14), strict=True):
        backend["weight"] = weight
    custom.replace_namespaced_custom_object(*group, "error-split", split, **hand)
    extra = {**split, "metadata": {"name": "of-somebody", "namespace": "booksapp"}}
    custom.create_namespaced_custom_object(*group, extra, **hand)
    annotations = {"metadata": {"annotations": {MODE: None, "balancer.linkerd.io/mine": "x"}}}
    core.patch_namespaced_service("bb", "circuit-breaking-demo", annotations, **hand)
    core.patch_namespace("podinfo", {"metadata": {"annotations": {"linkerd.io/inject": "disabled"}}}, **hand)
    apps.delete_namespaced_deployment("frontend-podinfo", "podinfo")


def test_a_reset_undoes_settings_and_hand_work_and_leaves_the_mesh_alone(workshop: Workshop) -> None:
    api = workshop.api
    before = text(api.find(DESTINATION), "metadata", "resourceVersion")
    assert weights(api) == [75, 25]
    by_hand(workshop)

    done = workshop.operation("reset", "--yes")

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "demos.booksapp.faultPercent" in done.stdout
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
    done = workshop.operation("reset", "--yes")

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "unchanged" in done.stdout
    assert text(api.find(SPLIT), "metadata", "resourceVersion") == text(route, "metadata", "resourceVersion")


def test_verify_says_at_once_that_nothing_runs_here(workshop: Workshop, tmp_path: Path) -> None:
    done = workshop.operation("verify", "--json")
    (tmp_path / "verify.json").write_text(done.stdout)
    found = json.loads(done.stdout)
    failed = [check for check in found["checks"] if check["status"] == "failed"]

    assert done.returncode == 1
    assert [check["seen"] for check in failed] == ["pods are only simulated on this cluster"]
    assert found["seconds"] < 20
    states = {check["name"]: check["status"] for check in found["checks"]}
    assert {states[name] for name in ("Linkerd", "trust anchor", "issuer", "ways in from outside")} == {"ok"}


def weights(api: ClusterApi) -> list[object]:
    """Return the weights of booksapp's route."""
    found: Any = api.find(SPLIT)
    return [backend["weight"] for backend in found["spec"]["rules"][0]["backendRefs"]]
