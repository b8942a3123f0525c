"""Definitions that the sandbox holds ready: a preview without Linkerd works, and a release makes them its own."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clients.cluster_api import items
from model.json_values import at, text
from sandbox import charts, processes
from sandbox.api_client import connect
from sandbox.definitions import LINKERD, hold_definitions
from sandbox.paths import Home
from tests.sandbox.program import PROVIDER, Project

pytestmark = pytest.mark.sandbox

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PROGRAM = (
    PROVIDER
    + """
from charts.sources import Part, archive_name
from components.resources.custom_object import DELETED_AT_ONCE
from components.resources.rendered import with_annotations

space = kubernetes.core.v1.Namespace("linkerd", metadata={"name": "linkerd"}, opts=here)
archive = os.environ["CHART_MIRROR"] + "/" + archive_name(Part.LINKERD_CRDS)
after = pulumi.ResourceOptions(provider=provider, depends_on=[space])
release = kubernetes.helm.v3.Release("crds", name="linkerd-crds", chart=archive, namespace="linkerd", opts=after)
after = pulumi.ResourceOptions(provider=provider, depends_on=[release])
after.transforms = [with_annotations("kubernetes:*linkerd.io/*", DELETED_AT_ONCE)]
kubernetes.helm.v4.Chart("user", chart="./chart", namespace="linkerd", opts=after)
"""
)
CHART = "{apiVersion: v2, name: user, version: 1.0.0}"
POLICY = """
apiVersion: policy.linkerd.io/v1alpha1
kind: MeshTLSAuthentication
metadata: {name: user}
spec: {identities: ["*"]}
"""


def definitions(project: Project) -> dict[str, tuple[object, object, object]]:
    """Return spec, labels and annotations of Linkerd's definitions, by name."""
    found = items(project.api.find(DEFINITIONS))
    return {
        text(each, "metadata", "name"): (
            at(each, "spec"),
            at(each, "metadata", "labels"),
            at(each, "metadata", "annotations"),
        )
        for each in found
        if text(each, "spec", "group").endswith("linkerd.io")
    }


@contextmanager
def paused(home: Home, name: str) -> Generator[None]:
    """Stop a program of the sandbox for a while."""
    process = processes.running(home, name)
    assert process
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def test_a_definition_that_is_gone_already_is_not_waited_for(
    sandbox_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.definitions.REMOVAL_SECONDS", 60)
    monkeypatch.setattr(charts, "repository_answers", lambda: False)
    mirror, client = charts.choose(sandbox_home).mirror, connect(sandbox_home)
    assert mirror
    with hold_definitions(sandbox_home, Path(mirror), [LINKERD]):
        client.request("DELETE", f"{DEFINITIONS}/serviceprofiles.linkerd.io")


def run(project: Project, *arguments: str) -> str:
    return project.succeed(*arguments, PULUMI_PLUGINS="built").stdout


def test_a_preview_needs_no_definitions_and_leaves_none_and_a_release_adopts_them_as_they_are(project: Project) -> None:
    (project.folder / "chart" / "templates").mkdir(parents=True)
    for path, content in {"Chart.yaml": CHART, "templates/policy.yaml": POLICY}.items():
        (project.folder / "chart" / path).write_text(content, encoding="utf-8")
    project.write(PROGRAM)
    assert definitions(project) == {}, "this is about a cluster without them"
    assert "+ 6 to create" in run(project, "preview"), "stack, provider, namespace, release, chart and its object"
    assert definitions(project) == {}

    run(project, "up", "--yes")
    adopted = definitions(project)
    assert "meshtlsauthentications.policy.linkerd.io" in adopted
    assert "6 unchanged" in run(project, "preview")
    # It holds the garbage collector, which knows a kind late.
    with paused(Home(project.home), "kube-controller-manager"):
        run(project, "destroy", "--yes", "--skip-preview", "--target", "**MeshTLSAuthentication::**")
    run(project, "destroy", "--yes", "--skip-preview")
    assert definitions(project) == {}, "they belonged to the release"

    assert "+ 6 to create" in run(project, "preview"), "as at the first time"
    run(project, "up", "--yes", "--skip-preview")
    assert definitions(project) == adopted, "what the release itself installs does not differ"
    run(project, "destroy", "--yes", "--skip-preview")
