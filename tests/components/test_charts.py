"""Promises that every chart keeps: its source, its known values, and the changes to the objects that it renders."""

import pytest

from components.addons.load_balancer_values import WEBHOOK_SECRET
from tests.components.charts import CHARTS, chart, installed, transformed
from tests.recorded_values import UNKNOWN, at, decoded, plain_texts

DEPLOYMENT, SECRET, SERVICE = (
    f"kubernetes:{kind}" for kind in ("apps/v1:Deployment", "core/v1:Secret", "core/v1:Service")
)
MUTATING, VALIDATING = (
    f"kubernetes:admissionregistration.k8s.io/v1:{kind}WebhookConfiguration" for kind in ("Mutating", "Validating")
)
LOAD_BALANCERS = "aws-load-balancer-controller-chart"
DEFINITIONS = {
    "argo-cd-crds": ("argo-cd", "argo-cd-crds", "argocd"),
    "argo-rollouts-crds": ("argo-rollouts", "argo-rollouts-crds", "argo-rollouts"),
    "linkerd-crds": ("linkerd", "linkerd-crds", "linkerd"),
}
"""The component, the name and the namespace of each release that holds definitions."""
INSTALLED = [*CHARTS.items(), *((name, component) for name, (component, _, _) in DEFINITIONS.items())]

every_chart = pytest.mark.parametrize("name", CHARTS)


@pytest.mark.parametrize(("name", "component"), INSTALLED)
def test_a_chart_comes_from_an_archive_or_from_a_repository_in_an_exact_version(name: str, component: str) -> None:
    local, remote = installed(component).named(name), installed(component, published=True).named(name)

    assert local.at("chart") == ".charts/chart.tgz"
    assert not {"version", "repositoryOpts"} & set(local.inputs)
    assert (remote.at("chart"), remote.at("version")) == ("published", "1.2.3")
    assert remote.at("repositoryOpts", "repo") == "https://charts.example.com"


@pytest.mark.parametrize(("name", "release"), DEFINITIONS.items())
def test_definitions_are_a_release_of_their_own_with_a_fixed_name(name: str, release: tuple[str, str, str]) -> None:
    component, *wanted = release
    found = installed(component).named(name)

    assert [found.at("name"), found.at("namespace")] == wanted


@every_chart
def test_the_values_of_a_chart_are_known_in_a_preview_and_the_same_in_an_up(name: str) -> None:
    previewed = chart(name, preview=True)

    assert previewed.inputs == chart(name).inputs
    assert str(UNKNOWN) not in plain_texts(previewed.inputs), "a chart with an unknown value registers no children"


@every_chart
def test_no_certificate_and_no_key_passes_through_the_values_of_a_chart(name: str) -> None:
    assert "certificate " not in str(chart(name).inputs)
    assert "key of " not in str(chart(name).inputs)


@pytest.mark.parametrize("name", ["argo-cd-chart", "linkerd-control-plane", "viz-chart", "aws-external-dns-chart"])
def test_rendered_services_are_not_waited_for_and_keep_their_annotations(name: str) -> None:
    bare = transformed(name, SERVICE, {"metadata": {"name": "x"}})
    annotated = transformed(name, SERVICE, {"metadata": {"name": "x", "annotations": {"a": "b"}}})

    assert at(bare, "metadata") == {"name": "x", "annotations": {"pulumi.com/skipAwait": "true"}}
    assert at(annotated, "metadata", "annotations") == {"a": "b", "pulumi.com/skipAwait": "true"}


@pytest.mark.parametrize(
    ("name", "type_", "rendered"),
    [
        ("argo-cd-chart", DEPLOYMENT, "x"),
        ("linkerd-control-plane", DEPLOYMENT, "x"),
        ("linkerd-control-plane", SECRET, "x"),
        ("viz-chart", DEPLOYMENT, "x"),
        ("viz-chart", "kubernetes:core/v1:ConfigMap", "x"),
        ("viz-chart", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "x"),
        (LOAD_BALANCERS, DEPLOYMENT, "aws-load-balancer-controller"),
        (LOAD_BALANCERS, SERVICE, WEBHOOK_SECRET),
        (LOAD_BALANCERS, SECRET, "another"),
    ],
)
def test_other_rendered_objects_stay_as_they_are(name: str, type_: str, rendered: str) -> None:
    given: dict[str, object] = {"metadata": {"name": rendered}, "spec": {"replicas": 1}}

    assert transformed(name, type_, given) == given, "a Deployment and the controller's Service are waited for"


@pytest.mark.parametrize(
    ("name", "type_", "component"),
    [
        ("linkerd-control-plane", MUTATING, "linkerd"),
        ("linkerd-control-plane", VALIDATING, "linkerd"),
        ("viz-chart", MUTATING, "viz"),
        (LOAD_BALANCERS, VALIDATING, "aws-load-balancer-controller"),
    ],
)
def test_the_authority_reaches_every_webhook_that_a_chart_renders(name: str, type_: str, component: str) -> None:
    hooks = [{"name": hook, "clientConfig": {"service": {"name": "s"}, "caBundle": "eA=="}} for hook in "ab"]
    result = transformed(name, type_, {"metadata": {"name": "x"}, "webhooks": hooks})

    for index, hook in enumerate("ab"):
        found = at(result, "webhooks", index)
        assert at(found, "name") == hook
        assert at(found, "clientConfig", "service") == {"name": "s"}
        assert decoded(at(found, "clientConfig", "caBundle")) == f"certificate {component}-webhooks-authority"
