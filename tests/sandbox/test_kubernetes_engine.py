"""What only the real engine shows: ignored changes, secrets, and a refused object in a preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret
from sandbox.providers.kubernetes.manifests import dig, text
from sandbox.providers.kubernetes.objects import Cluster

from tests.sandbox.kubernetes_calls import unique
from tests.sandbox.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox import paths
    from sandbox.providers.property_values import Object

GROUP = "routes.example.com"
ROUTE: Object = {"apiVersion": f"{GROUP}/v1", "kind": "Route"}
RULES: Object = {
    "type": "array",
    "x-kubernetes-list-type": "atomic",
    "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}
SPEC: Object = {"type": "object", "properties": {"rules": RULES, "host": {"type": "string"}}}


@pytest.fixture(scope="module")
def cluster(sandbox_home: paths.Home) -> Iterator[Cluster]:
    """A cluster that knows a kind with an atomic list, as HTTPRoute's rules are."""
    cluster = Cluster(str(sandbox_home.kubeconfig), "")
    schema: Object = {"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC}}}
    definition: Object = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"routes.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {"kind": "Route", "plural": "routes"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    cluster.create(definition, dry_run=False)
    yield cluster
    cluster.delete(definition, "Background")


def test_ignored_rules_keep_what_a_controller_made_of_them(
    sandbox_home: paths.Home, cluster: Cluster, tmp_path: Path
) -> None:
    name = unique("route")
    labels = {"step": "one"}
    live: Object = {**ROUTE, "metadata": {"name": name, "namespace": "default"}}

    def program() -> None:
        provider = Provider("p", kubeconfig=str(sandbox_home.kubeconfig))
        CustomResource(
            "route", api_version=f"{GROUP}/v1", kind="Route", metadata={"name": name, "labels": dict(labels)},
            spec={"host": "a", "rules": [{"weight": 100}, {"weight": 0}]},
            opts=pulumi.ResourceOptions(provider=provider, ignore_changes=["spec.rules"]),
        )  # fmt: skip

    stack = Stack(tmp_path)
    assert stack.up(program).ok
    moved: Object = {"op": "replace", "path": "/spec/rules", "value": [{"weight": 70}, {"weight": 30}]}
    cluster.patch(live, [moved])
    labels["step"] = "two"
    updated = stack.up(program)
    assert updated.ok, updated.text
    assert updated.step("route").changes == {"metadata.labels.step": "update"}
    found = cluster.get(live)
    assert dig(found, "spec", "rules") == [{"weight": 70}, {"weight": 30}]
    assert text(found, "metadata", "labels", "step") == "two"
    cluster.patch(live, [{**moved, "value": [{"weight": 50}, {"weight": 50}]}])
    labels["step"] = "three"
    assert stack.up(program).ok, "the update did not take the rules over"
    assert dig(cluster.get(live), "spec", "rules") == [{"weight": 50}, {"weight": 50}]
    assert stack.refresh(program).ok
    assert {step.operation for step in stack.preview(program).steps} == {"same"}


def test_secrets_stay_secret(sandbox_home: paths.Home, tmp_path: Path) -> None:
    token = ["s3cret-token"]

    def program() -> None:
        provider = Provider("p", kubeconfig=str(sandbox_home.kubeconfig), enable_config_map_mutable=True)
        options = pulumi.ResourceOptions(provider=provider)
        plain = Secret("plain", metadata={"namespace": "default"}, string_data={"a": token[0]}, opts=options)
        hidden = {"a": pulumi.Output.secret(token[0]), "b": "seen"}
        ConfigMap("hidden", metadata={"namespace": "default"}, data=hidden, opts=options)
        pulumi.export("data", plain.data)

    stack = Stack(tmp_path)
    texts = [stack.preview(program).text, stack.up(program).text]
    token[0] = "n3w-token"
    changed = stack.preview(program)
    assert changed.step("hidden").changes == {"data.a": "update"}
    texts.append(changed.text)
    for word in ("s3cret", "n3w-token", "bjN3LXRva2Vu", "czNjcmV0"):
        assert word not in "".join(texts), "in what is printed"
        assert word not in stack.state(), "in the state"
    assert "seen" in stack.state(), "what is not secret stays readable"


def test_a_refused_object_fails_the_preview_though_its_namespace_is_made_in_it(
    sandbox_home: paths.Home, tmp_path: Path
) -> None:
    containers: list[dict[str, Any]] = [{"name": "c"}]
    name = unique("ns")

    def program() -> None:
        provider = Provider("p", kubeconfig=str(sandbox_home.kubeconfig))
        options = pulumi.ResourceOptions(provider=provider)
        namespace = Namespace("n", metadata={"name": name}, opts=options)
        ConfigMap("inside", metadata={"namespace": namespace.metadata.name}, opts=options)
        template: dict[str, Any] = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}
        spec: Any = {"selector": {"match_labels": {"a": "c"}}, "template": template}
        Deployment("d", metadata={"namespace": "default"}, spec=spec, opts=options)

    preview = Stack(tmp_path).preview(program)
    assert not preview.ok
    assert "selector" in preview.message
    assert "Traceback" not in preview.message
    assert "inside" not in preview.message
