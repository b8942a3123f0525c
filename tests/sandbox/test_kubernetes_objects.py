"""Objects on a real API server, through the stand-in for the kubernetes provider."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind
from sandbox.providers.kubernetes.manifests import dig, mapping, text
from sandbox.providers.kubernetes.objects import Cluster

from sandbox.providers.errors import ProviderError
from sandbox.providers.property_values import UNKNOWN, Object
from tests.sandbox.kubernetes_calls import Calls, metadata, plain, unique, workload

if TYPE_CHECKING:
    from sandbox import paths

SECRET = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@pytest.fixture(scope="module")
def calls(sandbox_home: paths.Home) -> Calls:
    return Calls(str(sandbox_home.kubeconfig))


@pytest.fixture(scope="module")
def mutable(sandbox_home: paths.Home) -> Calls:
    return Calls(str(sandbox_home.kubeconfig), enableConfigMapMutable="true", enableSecretMutable="true")


@pytest.fixture(scope="module")
def cluster(sandbox_home: paths.Home) -> Cluster:
    return Cluster(str(sandbox_home.kubeconfig), "")


def test_an_object_without_a_name_gets_one_that_it_keeps(calls: Calls) -> None:
    first = calls.check({"data": {}})
    name = text(plain(first), "metadata", "name")
    assert name.startswith("thing-")
    assert len(name) == len("thing-") + 8
    assert dig(plain(first), "metadata", "annotations", "pulumi.com/autonamed") == "true"
    assert text(plain(calls.check({"data": {"a": "b"}}, first, b"other")), "metadata", "name") == name
    assert text(plain(calls.check({"data": {}}, None, b"other")), "metadata", "name") != name


def test_namespaced_kinds_get_the_default_namespace_and_others_none(calls: Calls) -> None:
    assert dig(plain(calls.check({"metadata": {"name": "a"}})), "metadata", "namespace") == "default"
    role = calls.of("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
    assert dig(plain(role.check({"metadata": {"name": "a"}})), "metadata", "namespace") is None


def test_an_unchanged_object_has_no_difference(calls: Calls) -> None:
    inputs = workload({"app": "same"})
    limits: Object = {"cpu": "0.5", "memory": "1024Mi"}
    container: Object = {
        "name": "c",
        "image": "i",
        "resources": {"limits": limits},
        "env": [{"name": "a", "value": ""}],
    }
    bare: Object = {"name": "bare", "image": "i", "resources": None}  # as Helm renders `resources:`
    mapping(inputs, "spec", "template", "spec")["containers"] = [container, bare]
    mapping(inputs, "spec", "template", "spec")["hostNetwork"] = False
    deployment = calls.of(DEPLOYMENT)
    identifier, state = deployment.create(inputs)
    assert not deployment.diff(state, inputs).changes
    assert not deployment.diff(deployment.read(identifier, state).properties, inputs).changes
    applied = deployment.update(state, {**inputs, "metadata": {**mapping(inputs, "metadata"), "labels": {"a": "b"}}})
    assert list(deployment.diff(applied, inputs).detailed_diff) == ["metadata.labels"]
    deployment.delete(identifier, state)


@pytest.mark.parametrize("change", ["name", "namespace"])
def test_another_name_or_namespace_replaces_the_object(calls: Calls, change: str) -> None:
    inputs: Object = {"metadata": metadata(), "data": {"a": "b"}}
    _, state = calls.create(inputs)
    difference = calls.diff(state, {**inputs, "metadata": {**mapping(inputs, "metadata"), change: "other"}})
    assert difference.replaces == [f"metadata.{change}"]
    assert difference.detailed_diff[f"metadata.{change}"].kind is PropertyDiffKind.UPDATE_REPLACE
    assert not difference.delete_before_replace, "the new object can be made beside the old one"


def test_a_changed_selector_replaces_the_deployment_and_deletes_it_first(calls: Calls) -> None:
    deployment = calls.of(DEPLOYMENT)
    inputs = workload({"app": "one"})
    identifier, state = deployment.create(inputs)
    difference = deployment.diff(state, {**workload({"app": "two"}), "metadata": inputs["metadata"]})
    assert difference.replaces == ["spec.selector.matchLabels.app"]
    assert difference.delete_before_replace, "the name is fixed, so the new one cannot stand beside the old one"
    deployment.delete(identifier, state)


@pytest.mark.parametrize(("token", "field"), [("kubernetes:core/v1:ConfigMap", "data"), (SECRET, "stringData")])
def test_data_is_replaced_unless_the_provider_calls_it_mutable(
    calls: Calls, mutable: Calls, cluster: Cluster, token: str, field: str
) -> None:
    inputs: Object = {"metadata": metadata(), field: {"a": "b"}}
    changed: Object = {**inputs, field: {"a": "c"}}
    identifier, state = calls.of(token).create(inputs)
    assert calls.of(token).diff(state, changed).replaces == [f"{field}.a"]
    in_place = mutable.of(token).diff(state, changed)
    assert in_place.changes
    assert not in_place.replaces
    new = mutable.of(token).update(state, changed)
    assert dig(plain(new), "metadata", "uid") == dig(plain(state), "metadata", "uid")
    assert dig(cluster.get(plain(new)), "data", "a") in ("c", "Yw==")
    mutable.of(token).delete(identifier, new)


def test_what_the_inputs_no_longer_have_is_removed_from_the_cluster(mutable: Calls, cluster: Cluster) -> None:
    meta = metadata(labels={"keep": "1", "drop": "1"})
    _, state = mutable.create({"metadata": meta, "data": {"a": "1", "b": "2"}})
    new = mutable.update(state, {"metadata": {**meta, "labels": {"keep": "1"}}, "data": {"a": "1"}})
    live = cluster.get(plain(new))
    assert mapping(live, "metadata", "labels") == {"keep": "1"}
    assert mapping(live, "data") == {"a": "1"}


def test_an_object_that_the_api_server_refuses_fails_the_preview(calls: Calls) -> None:
    with pytest.raises(ProviderError, match=r"Deployment default/.* was refused .*selector"):
        calls.of(DEPLOYMENT).create({**workload({"a": "b"}), "spec": {"replicas": 1}}, preview=True)


def test_a_refused_change_fails_the_preview_of_the_update(calls: Calls) -> None:
    service = calls.of(SERVICE)
    inputs: Object = {"metadata": metadata(), "spec": {"ports": [{"port": 80}], "clusterIP": "None"}}
    _, state = service.create(inputs)
    with pytest.raises(ProviderError, match="70000"):
        service.update(state, {**inputs, "spec": {"ports": [{"port": 70000}], "clusterIP": "None"}}, preview=True)


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("kubernetes:core/v1:ConfigMap", {"metadata": {"name": "a", "namespace": "made-in-this-run"}}),
        (
            "kubernetes:example.com/v1:Later",
            {"metadata": {"name": "a"}, "apiVersion": "example.com/v1", "kind": "Later"},
        ),
        ("kubernetes:core/v1:ConfigMap", {"metadata": {"name": UNKNOWN}, "data": {"a": UNKNOWN}}),
    ],
)
def test_what_the_api_server_cannot_judge_yet_passes_the_preview(calls: Calls, token: str, inputs: Object) -> None:
    identifier, state = calls.of(token).create(inputs, preview=True)
    assert not identifier
    assert plain(state)["metadata"] == {"namespace": "default", **mapping(inputs, "metadata")}


def test_an_object_that_exists_already_is_an_error_with_the_cure(calls: Calls) -> None:
    inputs: Object = {"metadata": metadata()}
    calls.create(inputs)
    calls.create(inputs, preview=True)
    with pytest.raises(ProviderError, match=r"already exists.*import.*upsert_existing_objects"):
        calls.create(inputs)


def test_a_custom_resource_waits_for_the_definition_of_its_kind(calls: Calls) -> None:
    group = f"{unique('g')}.example.com"
    schema: Object = {"openAPIV3Schema": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}}
    crd: Object = {
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Thing", "plural": "things"},
            "scope": "Cluster",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    definitions = calls.of("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition")
    things = calls.of(f"kubernetes:{group}/v1:Thing")
    definitions.check(crd)
    assert dig(plain(things.check({"metadata": {"name": "a"}})), "metadata", "namespace") is None
    late = threading.Timer(0.7, lambda: definitions.create(crd))
    late.start()
    identifier, state = things.create({"metadata": {"name": "a"}, "size": 1})
    late.join()
    assert identifier == "a"
    found = definitions.read(f"things.{group}")
    definitions.delete(f"things.{group}", found.properties)
    things.delete("a", state)  # the object went with its definition
    assert not things.read("a", state).resource_id
