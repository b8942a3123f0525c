"""What the stand-in for the kubernetes provider thinks, without a cluster."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import DiffRequest
from sandbox.providers.kubernetes.checkpoints import Checkpoint
from sandbox.providers.kubernetes.comparing import compared, refreshed
from sandbox.providers.kubernetes.configuration import parsed as parsed_settings
from sandbox.providers.kubernetes.diffs import pruned
from sandbox.providers.kubernetes.immutable_fields import is_replacing, replacing
from sandbox.providers.kubernetes.normalizing import same, without_empty
from sandbox.providers.kubernetes.ownership import adoption, leaving_ignored
from sandbox.providers.kubernetes.property_paths import covers, parsed, written
from sandbox.providers.kubernetes.rendering import objects_in

from sandbox.providers import wire
from sandbox.providers.property_values import UNKNOWN, Object, copy_secrets, from_plain, to_plain
from tests.sandbox.kubernetes_calls import Calls, properties

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.manifests import Path

SETTINGS = parsed_settings({})
KUBECONFIG = (
    "{{clusters: [{{name: c, cluster: {{server: '{server}'}}}}], current-context: {context},"
    " contexts: [{{name: a, context: {{cluster: c}}}}, {{name: b, context: {{cluster: c, namespace: apart}}}}]}}"
)


@pytest.mark.parametrize(
    "value",
    [
        PropertyValue.computed(),
        PropertyValue.computed().with_secret(True).with_dependencies(["urn:a"]),
        PropertyValue({"a": PropertyValue([PropertyValue.computed(), PropertyValue(1.0)])}).with_secret(True),
        PropertyValue("x").with_dependencies(["urn:a", "urn:b"]),
    ],
)
def test_values_travel_unchanged(value: PropertyValue) -> None:
    again = wire.unmarshal(wire.marshal(value))
    assert (to_plain(again), again.is_secret) == (to_plain(value), value.is_secret)
    assert again.dependencies == value.dependencies


def test_plain_data_has_integers_and_knows_the_unknown() -> None:
    data: Object = {"port": 80, "ratio": 0.5, "late": UNKNOWN, "none": None, "on": True}
    assert to_plain(from_plain(data)) == data
    assert isinstance(to_plain(PropertyValue(80.0)), int), "Kubernetes refuses 80.0 as a port"


def test_secrets_of_a_map_are_marked_one_by_one_and_of_a_list_as_a_whole() -> None:
    secret = PropertyValue("x", is_secret=True)
    source = {"map": PropertyValue({"a": secret, "b": PropertyValue("y")}), "list": PropertyValue([secret])}
    marked = copy_secrets(properties({"map": {"a": "x", "b": "y"}, "list": ["x", "z"]}), source)
    assert marked["map"] == PropertyValue({"a": secret, "b": PropertyValue("y")})
    assert marked["list"].is_secret


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.rules[0].weight", ("spec", "rules", 0, "weight")),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c")),
        ("data.key", ("data", "key")),
    ],
)
def test_property_paths_are_read_and_written(text: str, path: Path) -> None:
    assert parsed(text) == path
    assert written(path) == text


def test_a_path_covers_what_is_below_it() -> None:
    assert covers(parsed("spec.rules"), parsed("spec.rules[1].weight"))
    assert covers(parsed("spec.containers[*].image"), parsed("spec.containers[2].image"))
    assert not covers(parsed("spec.rules"), parsed("spec.rulesets"))
    assert not covers(parsed("spec.rules[0]"), parsed("spec.rules"))


@pytest.mark.parametrize(
    ("api_version", "kind", "path", "replaces"),
    [
        ("apps/v1", "Deployment", "spec.selector.matchLabels.app", True),
        ("apps/v1", "Deployment", "spec.template.spec.containers[0].image", False),
        ("apps/v1", "StatefulSet", "spec.serviceName", True),
        ("batch/v1", "Job", "spec.template.spec.containers[0].image", True),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef.name", True),
        ("v1", "Service", "spec.clusterIP", True),
        ("v1", "Service", "spec.ports[0].port", False),
        ("v1", "PersistentVolumeClaim", "spec.storageClassName", True),
        ("v1", "Pod", "spec.containers[0].image", True),
        ("v1", "Secret", "type", True),
        ("v1", "Secret", "data.a", True),
        ("v1", "ConfigMap", "data.a", True),
        ("v1", "ConfigMap", "metadata.labels.a", False),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", "spec.rules[0].backendRefs[0].weight", False),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", "metadata.namespace", True),
    ],
)
def test_immutable_fields_replace(api_version: str, kind: str, path: str, replaces: bool) -> None:  # noqa: FBT001
    patterns = replacing({"apiVersion": api_version, "kind": kind}, SETTINGS)
    assert is_replacing(parsed(path), patterns) is replaces


def test_data_that_says_it_is_immutable_replaces_even_if_the_provider_calls_it_mutable() -> None:
    mutable = parsed_settings({"kubernetes:config:enableConfigMapMutable": "true"})
    frozen: Object = {"apiVersion": "v1", "kind": "ConfigMap", "immutable": True}
    assert is_replacing(parsed("data.a"), replacing(frozen, mutable))
    assert not is_replacing(parsed("data.a"), replacing({**frozen, "immutable": False}, mutable))


@pytest.mark.parametrize(
    ("left", "right", "equal"), [("0.5", "500m", True), ("1024Mi", "1Gi", True), (1, "1", True), ("1Gi", "1G", False)]
)
def test_quantities_are_compared_by_their_amount(left: str, right: str, equal: bool) -> None:  # noqa: FBT001
    assert same(("resources", "limits", "memory"), left, right) is equal
    assert same(("data", "memory"), left, right) is False


def test_only_what_the_api_server_would_drop_is_no_difference() -> None:
    old: Object = {"spec": {"kept": 1}}
    new: Object = {"spec": {"kept": 1, "hostNetwork": False, "tolerations": []}, "data": {"blank": ""}}
    assert without_empty(new, old, built_in=True) == {"spec": {"kept": 1}, "data": {"blank": ""}}
    assert without_empty(new, old, built_in=False) == new


def test_the_live_object_is_seen_through_the_inputs() -> None:
    live: Object = {"a": 1, "server": 2, "list": [{"x": 1, "y": 2}, {"x": 3}]}
    assert pruned(live, {"a": 0, "list": [{"x": 0}]}) == {"a": 1, "list": [{"x": 1}]}


def test_empty_rules_differ_from_the_null_that_the_api_server_keeps_as_with_the_real_plugin() -> None:
    live: Object = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}}
    inputs: Object = {**live, "rules": []}
    difference = compared(Checkpoint(inputs, {**live, "rules": None}), inputs, [], SETTINGS)
    assert list(difference.detailed_diff) == ["rules"]


def test_a_refresh_keeps_the_words_of_the_program_for_what_is_the_same() -> None:
    inputs: Object = {"resources": {"limits": {"cpu": "0.5"}}, "hostNetwork": False, "image": "a"}
    live: Object = {"apiVersion": "v1", "kind": "Pod", "resources": {"limits": {"cpu": "500m"}}, "image": "b"}
    assert refreshed(inputs, live) == {**inputs, "image": "b"}


def owned(manager: str, operation: str, fields: Object) -> Object:
    return {"manager": manager, "operation": operation, "fieldsV1": fields}


def test_ignored_fields_of_others_are_left_out_and_ours_sent_as_they_are() -> None:
    ours = owned("pulumi-kubernetes", "Apply", {"f:spec": {"f:host": {}}})
    theirs = owned("rollouts", "Update", {"f:spec": {"f:rules": {}}})
    live: Object = {"metadata": {"managedFields": [ours, theirs]}, "spec": {"host": "live", "rules": [{"weight": 70}]}}
    wanted: Object = {"spec": {"host": "new", "rules": [{"weight": 100}]}}
    sent = leaving_ignored(wanted, live, ["spec.rules", "spec.host"], "pulumi-kubernetes")
    assert sent == {"spec": {"host": "live"}}
    inner = leaving_ignored(wanted, live, ["spec.rules[0].weight"], "pulumi-kubernetes")
    assert inner == {"spec": {"host": "new", "rules": [{"weight": 70}]}}


def test_what_a_plain_create_made_is_handed_to_the_apply() -> None:
    created = owned("pulumi-kubernetes", "Update", {"f:spec": {"f:a": {}}})
    applied = owned("pulumi-kubernetes", "Apply", {"f:spec": {"f:b": {}}})
    other = owned("controller", "Update", {"f:status": {}})
    live: Object = {"metadata": {"managedFields": [created, applied, other], "resourceVersion": "7"}}
    expected = owned("pulumi-kubernetes", "Apply", {"f:spec": {"f:a": {}, "f:b": {}}})
    assert adoption(live, "pulumi-kubernetes") == [
        {"op": "replace", "path": "/metadata/managedFields", "value": [other, expected]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"},
    ]
    assert adoption({"metadata": {"managedFields": [applied, other]}}, "pulumi-kubernetes") == []


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    text = "{apiVersion: v1, kind: A, metadata: {name: n}, d: 2024-01-01, t: 12:30, n: 1_0, f: 1.5, b: yes, k: {1: x}}"
    (found,) = objects_in(text)
    assert {key: found[key] for key in "dtnfbk"} == {
        "d": "2024-01-01", "t": "12:30", "n": 10, "f": 1.5, "b": True, "k": {"1": "x"},
    }  # fmt: skip
    items = "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: A, metadata: {name: inner}}]}\n---\n# nothing"
    assert [item["metadata"] for item in objects_in(items)] == [{"name": "inner"}]


@pytest.mark.parametrize(
    ("olds", "news", "replaces"),
    [
        ({}, {"kubeconfig": KUBECONFIG.format(server="https://two", context="a")}, ["kubeconfig"]),
        ({}, {"kubeconfig": KUBECONFIG.format(server="https://one", context="b")}, []),
        ({}, {"kubeconfig": UNKNOWN}, ["kubeconfig"]),
        ({"clusterIdentifier": "x"}, {"clusterIdentifier": "x", "kubeconfig": UNKNOWN}, []),
        ({"clusterIdentifier": "x"}, {"clusterIdentifier": "y"}, ["clusterIdentifier"]),
        ({}, {"clusterIdentifier": "y"}, []),
    ],
)
def test_the_provider_is_replaced_only_if_it_means_another_cluster(
    olds: Object, news: Object, replaces: list[str]
) -> None:
    same_kubeconfig: Object = {"kubeconfig": KUBECONFIG.format(server="https://one", context="a")}
    provider = Calls(KUBECONFIG).provider
    request = DiffRequest(
        "urn", "id", properties({**same_kubeconfig, **olds}), properties({**same_kubeconfig, **news}), []
    )
    answer = asyncio.run(provider.diff_config(request))
    assert answer.changes
    assert answer.replaces == replaces


def test_the_default_namespace_is_that_of_the_context() -> None:
    kubeconfig = KUBECONFIG.format(server="https://one", context="b")
    assert parsed_settings({"kubernetes:config:kubeconfig": kubeconfig}).namespace == "apart"
    given = {"kubernetes:config:kubeconfig": kubeconfig, "kubernetes:config:namespace": "given"}
    assert parsed_settings(given).namespace == "given"
