"""Argo CD and an Application on the real engine and a real API server, on which no controller of Argo CD runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pulumi import ResourceOptions
from pulumi_kubernetes import Provider

from charts import archive
from clients.cluster_api import ClusterApi, items
from components.delivery.argo_cd import NAMESPACE_METADATA, ArgoCd
from components.demos.gitops_delivery import GitopsDelivery
from components.resources.meshed_namespace import NamespaceMetadata, Namespaces
from model.json_values import at, text
from sandbox import charts, paths
from tests.sandbox.stack import Outcome, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.sandbox

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
KINDS = ("applications", "applicationsets", "appprojects")


def program_of(home: paths.Home, archives: Path) -> Callable[[], None]:
    """Return the program; its charts are packaged first."""
    published = next(each for each in charts.DEFINITIONS if each.pins == "argo-cd")
    charts.package_definitions(archives, published)
    chart = archive.write(archives, archive.folder_files(paths.CHART_DOUBLES / "argo-cd"))

    def program() -> None:
        provider = Provider(
            "cluster", kubeconfig=str(home.kubeconfig), enable_config_map_mutable=True, enable_secret_mutable=True
        )
        inside = ResourceOptions(providers=[provider])
        wanted: dict[str, NamespaceMetadata] = {"argocd": NAMESPACE_METADATA, "canary-from-git": {}}
        names = Namespaces("namespaces", {"owner": "test", "namespaces": wanted}, inside).names
        argo_cd = ArgoCd(
            "argo-cd",
            {
                "namespace": names["argocd"],
                "crds_chart": {"chart": str(archives / published.chart.archive_name)},
                "chart": {"chart": str(chart)},
            },
            inside,
        )
        GitopsDelivery(
            "gitops",
            {
                "argo_cd_namespace": names["argocd"],
                "namespace": names["canary-from-git"],
                "repository": "https://git.example.com/workshop.git",
                "path": "gitops/progressive-delivery",
                "revision": "main",
            },
            ResourceOptions(providers=[provider], depends_on=[argo_cd]),
        )

    return program


@pytest.fixture(scope="module")
def scene(
    sandbox_home: paths.Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, Callable[[], None], Outcome]]:
    folder = tmp_path_factory.mktemp("argo-cd")
    stack, program = Stack(folder / "stack"), program_of(sandbox_home, folder / "charts")
    up = stack.up(program)
    try:
        yield stack, program, up
    finally:
        stack.destroy()


@pytest.fixture
def api(sandbox_home: paths.Home) -> ClusterApi:
    return ClusterApi(str(sandbox_home.kubeconfig), None)


def test_up_brings_it_up_and_a_second_preview_is_empty(
    scene: tuple[Stack, Callable[[], None], Outcome],
) -> None:
    stack, program, up = scene
    assert up.ok, up.text
    again = stack.preview(program)
    assert {step.operation for step in again.steps} == {"same"}, again.text


def test_its_pods_run_under_the_strictest_rules(
    scene: tuple[Stack, Callable[[], None], Outcome], api: ClusterApi
) -> None:
    assert scene[2].ok
    namespace = api.find("/api/v1/namespaces/argocd")
    pods = items(api.find("/api/v1/namespaces/argocd/pods"))
    running = {text(pod, "metadata", "labels", "app.kubernetes.io/name") for pod in pods}
    assert text(namespace, "metadata", "labels", "pod-security.kubernetes.io/enforce") == "restricted"
    assert running == {f"argocd-{part}" for part in ("application-controller", "redis", "repo-server", "server")}
    assert {text(pod, "status", "phase") for pod in pods} == {"Running"}


def test_a_refresh_finds_no_drift_when_the_server_has_written_its_own_keys(
    scene: tuple[Stack, Callable[[], None], Outcome], api: ClusterApi
) -> None:
    stack, program, _ = scene
    path = "/api/v1/namespaces/argocd/secrets"
    made = {"metadata": {"name": "argocd-initial-admin-secret"}, "data": {"password": "eA=="}}
    assert api.post(path, {"apiVersion": "v1", "kind": "Secret", **made}).status == 201, "as the server does"
    refreshed = stack.refresh(program)
    assert refreshed.ok, refreshed.text
    assert {step.operation for step in stack.preview(program).steps} == {"same"}


def test_destroy_ends_though_no_controller_runs_and_the_application_goes_first(
    scene: tuple[Stack, Callable[[], None], Outcome], api: ClusterApi
) -> None:
    stack, _, _ = scene
    application = api.find("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/progressive-delivery")
    assert application is not None
    assert at(application, "metadata", "finalizers") is None
    done = stack.destroy()
    assert done.ok, done.text
    order: list[Any] = [step.name for step in done.steps if step.operation == "delete"]
    assert order.index("gitops-application") < order.index("gitops-project") < order.index("argo-cd-crds")
    assert order.index("gitops-application") < order.index("argo-cd-chart:argocd/argocd-application-controller")
    for name in ("argocd", "canary-from-git"):
        assert order.index("argo-cd-crds") < order.index(f"{name}-namespace")
        assert api.find(f"/api/v1/namespaces/{name}") is None
    assert [kind for kind in KINDS if api.find(f"{DEFINITIONS}/{kind}.argoproj.io")] == []
