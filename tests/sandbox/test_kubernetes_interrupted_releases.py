"""Releases whose install or upgrade was interrupted, and releases of others."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING

import pytest
from sandbox.providers.kubernetes.manifests import dig, text
from sandbox.providers.kubernetes.objects import Cluster

from sandbox import tools
from sandbox.launcher import with_tools
from sandbox.providers.errors import InitializationError, ProviderError
from tests.sandbox import example_chart
from tests.sandbox.kubernetes_calls import Calls, plain, unique

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import paths
    from sandbox.providers.property_values import Object

RELEASE = "kubernetes:helm.sh/v3:Release"


@pytest.fixture
def releases(sandbox_home: paths.Home, monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.setenv("PATH", with_tools(tools.find(("helm",)))["PATH"])
    return Calls(str(sandbox_home.kubeconfig), RELEASE)


@pytest.fixture
def cluster(sandbox_home: paths.Home) -> Cluster:
    return Cluster(str(sandbox_home.kubeconfig), "")


def set_status(cluster: Cluster, name: str, status: str, revision: int = 1) -> None:
    """Make helm's record of a release's revision say that it has this status."""
    identity: Object = {"name": f"sh.helm.release.v1.{name}.v{revision}", "namespace": "default"}
    secret = cluster.get({"apiVersion": "v1", "kind": "Secret", "metadata": identity}) or {}
    record = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(text(secret, "data", "release")))))
    record["info"]["status"] = status
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(record).encode()))).decode()
    cluster.patch(secret, [{"op": "replace", "path": "/data/release", "value": packed}])


def inputs_of(tmp_path: Path) -> Object:
    name = unique("r")
    return {"name": name, "namespace": "default", "chart": example_chart.write_small(tmp_path, name)}


@pytest.mark.parametrize(("left", "revision"), [("pending-install", 1), ("failed", 1), ("deployed", 2)])
def test_an_install_that_the_state_does_not_know_is_taken_over(
    releases: Calls, cluster: Cluster, tmp_path: Path, left: str, revision: int
) -> None:
    inputs = inputs_of(tmp_path)
    releases.create(inputs)
    set_status(cluster, text(inputs, "name"), left)
    identifier, state = releases.create(inputs)
    assert dig(plain(state), "status", "status") == "deployed"
    assert dig(plain(state), "status", "revision") == revision
    releases.delete(identifier, state)


def test_an_interrupted_upgrade_is_rolled_back_and_done_again(
    releases: Calls, cluster: Cluster, tmp_path: Path
) -> None:
    inputs = inputs_of(tmp_path)
    identifier, state = releases.create(inputs)
    state = releases.update(state, {**inputs, "values": {"greeting": "two"}})
    name = text(inputs, "name")
    set_status(cluster, name, "deployed", 1)
    set_status(cluster, name, "pending-upgrade", 2)
    state = releases.update(state, {**inputs, "values": {"greeting": "three"}})
    assert dig(plain(state), "status", "status") == "deployed"
    live = cluster.get({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}})
    assert dig(live, "data", "greeting") == "three"
    releases.delete(identifier, state)


def test_a_release_of_somebody_else_is_left_alone(releases: Calls, tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path)
    identifier, state = releases.create(inputs)
    stranger = Calls.__new__(Calls)
    stranger.provider, stranger.token = releases.provider, f"other:component:Type${RELEASE}"
    with pytest.raises(ProviderError, match=r"exists and is not of this stack \(deployed\).*helm uninstall"):
        stranger.create(inputs)
    releases.delete(identifier, state)
    assert not releases.read(identifier, state).resource_id


def test_a_release_that_fails_is_recorded_and_helped_by_the_next_run(
    releases: Calls, cluster: Cluster, tmp_path: Path
) -> None:
    inputs = inputs_of(tmp_path)
    name = text(inputs, "name")
    taken: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}
    cluster.create(taken, dry_run=False)
    with pytest.raises(ProviderError, match=f"helm release default/{name}: .*helm status {name}") as caught:
        releases.create(inputs)
    assert not isinstance(caught.value, InitializationError), "helm refused before it made a release"
    cluster.delete(taken, "Background")
    identifier, state = releases.create(inputs)
    releases.delete(identifier, state)
