"""Charts and releases by the real engine and helm, through the stand-in for the kubernetes provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace
from pulumi_kubernetes.helm.v3 import Release
from pulumi_kubernetes.helm.v4 import Chart

from tests.sandbox import example_chart
from tests.sandbox.kubernetes_calls import unique
from tests.sandbox.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import paths

UNKNOWN_VALUES = "Input properties have unknown values. Preview is incomplete."


def test_a_chart_becomes_its_objects(sandbox_home: paths.Home, tmp_path: Path) -> None:
    name = unique("c")
    chart = example_chart.write(tmp_path, name)
    values: dict[str, Any] = {"token": "s3cret-token"}
    late = [False]

    def skip_services(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "kubernetes:core/v1:Service":
            return None
        metadata: dict[str, Any] = dict(cast("dict[str, Any]", args.props["metadata"]))
        metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
        return pulumi.ResourceTransformResult({**args.props, "metadata": metadata}, args.opts)

    def program() -> None:
        provider = Provider("p", kubeconfig=str(sandbox_home.kubeconfig), enable_secret_mutable=True)
        options = pulumi.ResourceOptions(provider=provider)
        namespace = Namespace("n", metadata={"name": name}, opts=options)
        given = dict(values)
        if late[0]:
            given["greeting"] = ConfigMap("late", metadata={"namespace": "default"}, opts=options).id
        options = pulumi.ResourceOptions(provider=provider, depends_on=[namespace], transforms=[skip_services])
        Chart("mesh", chart=chart, namespace=name, values=given, opts=options)

    children = {
        f"kubernetes:core/v1:Namespace mesh:{name}-own",
        f"kubernetes:core/v1:ConfigMap mesh:{name}/{name}",
        f"kubernetes:core/v1:Secret mesh:{name}/{name}",
        f"kubernetes:core/v1:Service mesh:{name}/{name}",
        f"kubernetes:rbac.authorization.k8s.io/v1:ClusterRole mesh:{name}",
        f"kubernetes:apps/v1:Deployment mesh:{name}-own/{name}",
        f"kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition mesh:widgets.{name}.example.com",
        f"kubernetes:{name}.example.com/v1:Widget mesh:{name}/{name}",
    }
    stack = Stack(tmp_path / "stack")
    preview = stack.preview(program)
    assert preview.ok, preview.text
    assert {f"{step.type} {step.name}" for step in preview.steps if step.name.startswith("mesh:")} == children
    up = stack.up(program)
    assert up.ok, up.text
    assert "s3cret-token" not in stack.state() + preview.text + up.text

    state = {resource["type"]: resource for resource in stack.export()}
    service = state["kubernetes:core/v1:Service"]
    assert service["inputs"]["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}, "transforms reach children"
    assert state["kubernetes:core/v1:ConfigMap"]["retainOnDelete"] is True, "helm.sh/resource-policy: keep"
    assert state["kubernetes:core/v1:ConfigMap"]["inputs"]["data"]["kube"].startswith("v1."), "the cluster's version"
    widget = state[f"kubernetes:{name}.example.com/v1:Widget"]
    assert widget["inputs"]["spec"] == {"size": 3, "ratio": "12:30"}, "YAML is read as Kubernetes reads it"
    assert any("CustomResourceDefinition" in urn for urn in widget["dependencies"])
    deployment = state["kubernetes:apps/v1:Deployment"]
    assert any(urn.endswith(f"mesh:{name}-own") for urn in deployment["dependencies"]), "after its own Namespace"

    again = stack.preview(program)
    assert {step.operation for step in again.steps} == {"same"}, "the same chart again changes nothing"
    late[0] = True
    unknown = stack.preview(program)
    assert UNKNOWN_VALUES in unknown.messages
    assert unknown.operations(f"mesh:{name}/{name}") == ["delete"] * 4, "without its values the chart has no children"
    late[0] = False
    values["token"] = "another-token"
    changed = stack.up(program)
    assert {step.type for step in changed.steps if step.operation != "same"} == {"kubernetes:core/v1:Secret"}
    assert "another-token" not in changed.text


def test_a_chart_that_cannot_be_rendered_fails_the_preview(sandbox_home: paths.Home, tmp_path: Path) -> None:
    chart = example_chart.write_small(tmp_path, unique("c"))

    def program() -> None:
        provider = Provider("p", kubeconfig=str(sandbox_home.kubeconfig))
        Chart("c", chart=chart, values={"greeting": ""}, opts=pulumi.ResourceOptions(provider=provider))

    preview = Stack(tmp_path / "stack").preview(program)
    assert not preview.ok
    (reason,) = [message for message in preview.messages if "greeting must be set" in message]
    assert "Traceback" not in reason


def test_a_release_lives_from_install_to_uninstall(sandbox_home: paths.Home, tmp_path: Path) -> None:
    name = unique("r")
    chart = example_chart.write_small(tmp_path, name)
    greeting: list[str] = ["hello"]
    given_name: list[str | None] = [None]

    def program() -> None:
        provider = Provider("p", kubeconfig=str(sandbox_home.kubeconfig))
        values: dict[str, Any] = {"greeting": greeting[0], "token": pulumi.Output.secret("s3cret-token")}
        release = Release(
            "rel", chart=chart, name=given_name[0], namespace=name, create_namespace=True, values=values,
            opts=pulumi.ResourceOptions(provider=provider),
        )  # fmt: skip
        pulumi.export("status", release.status)
        pulumi.export("objects", release.resource_names)

    stack = Stack(tmp_path / "stack")
    up = stack.up(program)
    assert up.ok, up.text
    status = stack.outputs()["status"]
    assert status["name"].startswith("rel-")
    assert {key: status[key] for key in ("namespace", "revision", "status", "version", "appVersion")} == {
        "namespace": name, "revision": 1, "status": "deployed", "version": "1.2.3", "appVersion": "9",
    }  # fmt: skip
    assert stack.outputs()["objects"] == {"ConfigMap/v1": [name]}
    assert "s3cret-token" not in stack.state() + up.text
    assert {step.operation for step in stack.preview(program).steps} == {"same"}

    greeting[0] = "hi"
    upgraded = stack.up(program)
    assert upgraded.step("rel").changes == {"values.greeting": "update"}
    assert stack.outputs()["status"]["revision"] == 2
    given_name[0] = "fixed"
    renamed = stack.preview(program)
    assert renamed.step("rel").changes == {"name": "update-replace"}
    greeting[0] = ""
    refused = stack.preview(program)
    assert not refused.ok
    assert "greeting must be set" in refused.message
    assert stack.destroy().ok


def test_a_chart_of_more_objects_than_the_provider_has_threads_is_made(
    sandbox_home: paths.Home, tmp_path: Path
) -> None:
    name = unique("many")
    chart = tmp_path / "many"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: many\nversion: 1.0.0\n")
    (chart / "templates" / "maps.yaml").write_text(
        "{{- range until 80 }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: map-{{ . }}}\n{{- end }}\n"
    )

    def program() -> None:
        provider = Provider("p", kubeconfig=str(sandbox_home.kubeconfig))
        options = pulumi.ResourceOptions(provider=provider)
        namespace = Namespace("n", metadata={"name": name}, opts=options)
        options = pulumi.ResourceOptions(provider=provider, depends_on=[namespace])
        Chart("many", chart=str(chart), namespace=name, opts=options)

    preview = Stack(tmp_path / "stack").preview(program)
    assert preview.ok, preview.text
    assert len([step for step in preview.steps if step.name.startswith("many:")]) == 80
