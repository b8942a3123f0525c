"""Waiting for objects on a real API server, and what is said when they don't come."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from sandbox.providers.kubernetes.api import ApiError
from sandbox.providers.kubernetes.manifests import dig, lacking, mapping, text
from sandbox.providers.kubernetes.objects import Cluster

from sandbox.providers.errors import InitializationError, ProviderError
from tests.sandbox.kubernetes_calls import Calls, await_, metadata, plain, unique, workload

if TYPE_CHECKING:
    from sandbox import paths
    from sandbox.providers.property_values import Object

NAMESPACE = "kubernetes:core/v1:Namespace"
SERVICE = "kubernetes:core/v1:Service"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
UNFIT: Object = {"no-such": "node"}


@pytest.fixture(scope="module")
def calls(sandbox_home: paths.Home) -> Calls:
    return Calls(str(sandbox_home.kubeconfig))


@pytest.fixture(scope="module")
def cluster(sandbox_home: paths.Home) -> Cluster:
    return Cluster(str(sandbox_home.kubeconfig), "")


def test_a_created_deployment_is_available(calls: Calls) -> None:
    deployment = calls.of(DEPLOYMENT)
    inputs = workload({"app": "available"})
    mapping(inputs, "spec")["replicas"] = 2
    identifier, state = deployment.create(inputs)
    assert dig(plain(state), "status", "availableReplicas") == 2
    new_template = mapping(workload({"app": "available"}, terminationGracePeriodSeconds=1), "spec", "template")
    changed: Object = {**inputs, "spec": {**mapping(inputs, "spec"), "template": new_template}}
    new = deployment.update(state, changed)
    assert dig(plain(new), "status", "updatedReplicas") == 2, "an update waits for the new generation's Pods"
    assert dig(plain(new), "status", "observedGeneration") == dig(plain(new), "metadata", "generation")
    deployment.delete(identifier, new)


def test_a_deployment_that_does_not_come_is_recorded_with_the_reason(calls: Calls) -> None:
    deployment = calls.of(DEPLOYMENT)
    inputs = workload({"app": "unfit"}, nodeSelector=UNFIT)
    with pytest.raises(InitializationError, match=r"Deployment default/.* not ready after 2 s") as caught:
        deployment.create(inputs, timeout=2)
    error = caught.value
    assert "[Unschedulable]" in str(error), "a Pod's reason is told"
    assert "MinimumReplicasUnavailable" in str(error), "the Deployment's own condition is told"
    assert error.resource_id == f"default/{dig(inputs, 'metadata', 'name')}"
    assert text(plain(dict(error.properties)), "metadata", "uid"), "the object is recorded as it is"
    deployment.delete(error.resource_id, dict(error.properties))


def test_nobody_waits_for_an_object_that_says_so(calls: Calls) -> None:
    deployment = calls.of(DEPLOYMENT)
    inputs = workload({"app": "skipped"}, nodeSelector=UNFIT)
    mapping(inputs, "metadata")["annotations"] = {"pulumi.com/skipAwait": "true"}
    identifier, state = deployment.create(inputs, timeout=30)
    assert not dig(plain(state), "status", "availableReplicas")
    deployment.delete(identifier, state)


def test_the_timeout_annotation_counts(calls: Calls) -> None:
    inputs = workload({"app": "short"}, nodeSelector=UNFIT)
    mapping(inputs, "metadata")["annotations"] = {"pulumi.com/timeoutSeconds": "1"}
    with pytest.raises(InitializationError, match="not ready after 1 s") as caught:
        calls.of(DEPLOYMENT).create(inputs)
    calls.of(DEPLOYMENT).delete(caught.value.resource_id, dict(caught.value.properties))


def test_cancelling_ends_a_wait(sandbox_home: paths.Home) -> None:
    calls = Calls(str(sandbox_home.kubeconfig), DEPLOYMENT)
    threading.Timer(1, lambda: await_(calls.provider.cancel())).start()
    began = time.monotonic()
    with pytest.raises(InitializationError, match="the update was cancelled") as caught:
        calls.create(workload({"app": "cancelled"}, nodeSelector=UNFIT), timeout=60)
    assert time.monotonic() - began < 20
    Calls(str(sandbox_home.kubeconfig), DEPLOYMENT).delete(caught.value.resource_id, dict(caught.value.properties))


def test_a_service_waits_until_its_endpoints_have_settled(calls: Calls) -> None:
    service = calls.of(SERVICE)
    spec: Object = {"ports": [{"port": 80}], "selector": {"app": "nobody"}}
    with pytest.raises(InitializationError, match="endpoints have not settled") as caught:
        service.create({"metadata": metadata(), "spec": spec}, timeout=1)
    service.delete(caught.value.resource_id, dict(caught.value.properties))
    identifier, state = service.create({"metadata": metadata(), "spec": lacking(spec, ("selector",))}, timeout=1)
    service.delete(identifier, state)


def test_deletion_waits_and_names_the_finalizer_that_holds_the_object(calls: Calls, cluster: Cluster) -> None:
    identifier, state = calls.create({"metadata": metadata(finalizers=["example.com/hold"])})
    with pytest.raises(ProviderError, match=r"ConfigMap default/.* after 1 s: finalizers .*example\.com/hold"):
        calls.delete(identifier, state, timeout=1)
    release = threading.Timer(
        0.5, lambda: cluster.patch(plain(state), [{"op": "remove", "path": "/metadata/finalizers"}])
    )
    release.start()
    calls.delete(identifier, state, timeout=20)
    assert cluster.get(plain(state)) is None
    calls.delete(identifier, state)  # what is gone already is fine


def test_a_namespace_is_gone_with_all_that_is_in_it(calls: Calls, cluster: Cluster) -> None:
    namespace = calls.of(NAMESPACE)
    name = unique("ns")
    identifier, state = namespace.create({"metadata": {"name": name}})
    _, inside = calls.create({"metadata": {"name": "inside", "namespace": name}})
    namespace.delete(identifier, state, timeout=60)
    assert cluster.get(plain(state)) is None
    assert cluster.get(plain(inside)) is None


def test_a_refresh_sees_drift_and_an_update_says_that_somebody_else_owns_the_field(
    calls: Calls, cluster: Cluster
) -> None:
    inputs: Object = {"metadata": metadata(labels={"a": "program"})}
    identifier, state = calls.create(inputs)
    drift: Object = {"op": "replace", "path": "/metadata/labels/a", "value": "hand"}
    cluster.patch(plain(state), [drift, {"op": "add", "path": "/metadata/labels/b", "value": "other"}])
    seen = calls.read(identifier, state)
    assert mapping(plain(seen.inputs), "metadata", "labels") == {"a": "hand"}, (
        "what the program does not set is no drift"
    )
    assert list(calls.diff(seen.properties, inputs).detailed_diff) == ["metadata.labels.a"]
    with pytest.raises(ProviderError, match="another field manager"):
        calls.update(seen.properties, {**inputs, "metadata": {**mapping(inputs, "metadata"), "labels": {"a": "new"}}})
    cluster.delete(plain(state), "Background")
    assert not calls.read(identifier, state).resource_id


def test_an_import_reads_the_inputs_from_the_live_object(calls: Calls) -> None:
    inputs: Object = {"metadata": metadata(labels={"a": "b"}), "data": {"k": "v"}}
    identifier, _ = calls.create(inputs)
    found = calls.read(identifier)
    assert plain(found.inputs)["data"] == {"k": "v"}
    assert not {"uid", "resourceVersion", "managedFields"} & mapping(plain(found.inputs), "metadata").keys()
    assert not calls.diff(found.properties, inputs).changes


def test_an_unreachable_cluster_is_one_sentence_with_its_address() -> None:
    nowhere = (
        '{"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}], "users": [],'
        '"contexts": [{"name": "x", "context": {"cluster": "c", "user": ""}}], "current-context": "x"}'
    )
    calls = Calls(nowhere)
    assert calls.check({"metadata": {"name": "a"}})
    calls.create({"metadata": {"name": "a"}}, preview=True)
    with pytest.raises(ProviderError, match=r"unreachable: .*http://127\.0\.0\.1:1 .*refused") as caught:
        calls.create({"metadata": {"name": "a"}})
    assert "\n" not in str(caught.value)
    with pytest.raises(ProviderError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        calls.read("default/a")
    assert not Calls(nowhere, deleteUnreachable="true").read("default/a").resource_id


def test_what_the_stand_in_does_not_know_is_said(calls: Calls) -> None:
    for token in ("kubernetes:core/v1:ConfigMapPatch", "kubernetes:yaml/v2:ConfigGroup", "kubernetes:core/v1:PodList"):
        kind = token.rpartition(":")[2]
        with pytest.raises(ProviderError, match=f"stand-in.* does not know {token}"):
            calls.of(token).check({"metadata": {"name": "a"}, "kind": kind})


def test_an_api_error_keeps_the_words_of_the_server(cluster: Cluster) -> None:
    with pytest.raises(ApiError, match=r"metadata\.name"):
        cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "A_B"}}, dry_run=True)
