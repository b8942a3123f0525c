"""Creates the definitions of Linkerd and of the load balancer controller for a preview on a cluster that has none.

The Kubernetes provider that is built from its module asks the API server for the scope of each custom resource in a
chart and fails where its definition is only going to be created; the published provider finds it in the same program
(since 4.32). Definitions with Helm's marks of ownership are adopted by the release that installs them.
"""

import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError

import yaml

from charts.sources import archive_name
from model.charts import Part
from model.json_values import Json, is_mapping, mapping, mappings
from model.names import LINKERD_RELEASE, LOAD_BALANCER_CONTROLLER_RELEASE
from sandbox import tools
from sandbox.api_client import ApiClient, connect
from sandbox.console import SandboxError
from sandbox.paths import Home

REMOVAL_SECONDS = 180.0
POLL_SECONDS = 0.1
PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True)
class Release:
    """A release of definitions, as the program installs it; the charts are rendered with no values but their own."""

    chart: Part
    name: str
    namespace: str

    @property
    def marks(self) -> Json:
        """The metadata by which Helm recognizes what it may adopt."""
        owner = {"meta.helm.sh/release-name": self.name, "meta.helm.sh/release-namespace": self.namespace}
        return {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": owner}


LINKERD = Release(Part.LINKERD_CRDS, *reversed(LINKERD_RELEASE))
LOAD_BALANCERS = Release(Part.LOAD_BALANCER_CONTROLLER_CRDS, *reversed(LOAD_BALANCER_CONTROLLER_RELEASE))


@contextmanager
def hold_definitions(home: Home, charts: Path, releases: list[Release]) -> Generator[None]:
    """Create the definitions that no release has installed; at the end remove those that no release has adopted."""
    client = connect(home)
    missing = [release for release in releases if not is_installed(client, release)]
    for release in missing:
        for definition in render_definitions(charts / archive_name(release.chart), release):
            client.apply(f"{PATH}/{name_of(definition)}", definition)
    try:
        yield
    finally:
        for release in missing:
            if not is_installed(client, release):
                remove(client, render_definitions(charts / archive_name(release.chart), release))


def remove(client: ApiClient, definitions: list[Json]) -> None:
    """Delete definitions and wait for the deletion: Helm cannot create one that is being deleted.

    Each has to be listable before: the API server looks for instances of what is deleted, and where the storage of the
    new kind is not ready yet ("storage is (re)initializing"), the definition may stay for good (Kubernetes 1.36).
    """
    paths = {f"{PATH}/{name_of(each)}": each for each in definitions}
    wait(lambda: all(is_listable(client, each) for path, each in paths.items() if client.get(path)), "listed")
    for path in paths:
        if client.get(path):
            client.request("DELETE", path)
    wait(lambda: not any(client.get(path) for path in paths), "removed")


def wait(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition of definitions. Raises SandboxError after REMOVAL_SECONDS."""
    deadline = time.monotonic() + REMOVAL_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SandboxError(
                f"CustomResourceDefinitions that a preview needed could not be {what} within {REMOVAL_SECONDS:.0f} s. "
                "Run `python -m sandbox down --wipe` and start again."
            )
        time.sleep(POLL_SECONDS)


def is_listable(client: ApiClient, definition: Json) -> bool:
    """Return whether the API server can list the instances of a definition."""
    spec = mapping(definition.get("spec"))
    stored = next(each.get("name") for each in mappings(spec.get("versions")) if each.get("storage") is True)
    path = f"/apis/{spec.get('group')}/{stored}/{mapping(spec.get('names')).get('plural')}?limit=1"
    try:
        return client.get(path) is not None
    except HTTPError as answer:
        if answer.code != HTTPStatus.TOO_MANY_REQUESTS:
            raise
        return False


def is_installed(client: ApiClient, release: Release) -> bool:
    """Return whether Helm has a record of the release."""
    return (
        client.get(f"/api/v1/namespaces/{release.namespace}/secrets/sh.helm.release.v1.{release.name}.v1") is not None
    )


def render_definitions(archive: Path, release: Release) -> list[Json]:
    """Return the chart's definitions with Helm's marks; raises if the chart cannot be rendered."""
    helm = tools.find(("helm",))["helm"]
    command = [helm, "template", release.name, archive, "--namespace", release.namespace]
    done = subprocess.run([*command, "--set", "installGatewayAPI=false"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(f"the definitions of {archive} could not be rendered: {' '.join(done.stderr.split())}")
    definitions = [each for each in yaml.safe_load_all(done.stdout) if is_mapping(each)]
    return [{**each, "metadata": merge_metadata(mapping(each.get("metadata")), release.marks)} for each in definitions]


def merge_metadata(metadata: Json, marks: Json) -> Json:
    """Return metadata with the marks in its labels and annotations."""
    return {**metadata, **{key: {**mapping(metadata.get(key)), **mapping(value)} for key, value in marks.items()}}


def name_of(definition: Json) -> str:
    """Return the name of an object."""
    return str(mapping(definition.get("metadata")).get("name"))
