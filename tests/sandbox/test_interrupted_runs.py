"""A killed engine: the next command converges, whatever was open."""

import gzip
import json
import os
import socket
import subprocess
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from clients.cluster_api import items
from model.json_values import text
from model.names import LINKERD_RELEASE
from sandbox.interrupted import read_checkpoint
from tests.sandbox.program import PROVIDER, Project, kill, read_until
from tests.sandbox.sandbox_command import eventually

pytestmark = pytest.mark.sandbox

# The Deployment of this program becomes available unless STUCK is set: the engine waits for it and can be killed.
PROGRAM = (
    PROVIDER
    + """
def options(*needed):
    return pulumi.ResourceOptions(provider=provider, depends_on=list(needed))

name = os.environ["NAMESPACE"]
space = kubernetes.core.v1.Namespace("space", metadata={"name": name}, opts=options())
first = kubernetes.core.v1.ConfigMap("first", metadata={"name": "first", "namespace": name}, data={"a": "1"},
                                     opts=options(space))
selector = {"nowhere": "true"} if os.environ.get("STUCK") else {}
grace = 1 if os.environ.get("CHANGED") else 2
pod = {"node_selector": selector, "termination_grace_period_seconds": grace,
       "containers": [{"name": "main", "image": "example.com/none:1"}]}
waiting = kubernetes.apps.v1.Deployment("waiting", metadata={"name": "waiting", "namespace": name}, spec={
    "selector": {"match_labels": {"app": "waiting"}},
    "template": {"metadata": {"labels": {"app": "waiting"}}, "spec": pod},
}, opts=options(space, first))
kubernetes.core.v1.ConfigMap("last", metadata={"namespace": name}, opts=options(waiting))
"""
)
# A release of the same kind: Helm waits for its Deployment.
RELEASE = (
    PROVIDER
    + """
name = os.environ["NAMESPACE"]
selector = {"nowhere": "true"} if os.environ.get("STUCK") else {}
values = {"selector": selector, "grace": int(os.environ.get("CHANGED", 0))}
kubernetes.helm.v3.Release("release", name=os.environ.get("RELEASE", "release"), chart="./chart", namespace=name,
                           create_namespace=True, values=values, opts=here)
"""
)
CHART = {
    "Chart.yaml": "{apiVersion: v2, name: small, version: 1.0.0}",
    "values.yaml": "{selector: {}, grace: 0}",
    "templates/deployment.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: of-the-release}
spec:
  selector: {matchLabels: {app: it}}
  template:
    metadata: {labels: {app: it}}
    spec:
      nodeSelector: {{ .Values.selector | toJson }}
      terminationGracePeriodSeconds: {{ .Values.grace }}
      containers: [{name: main, image: "example.com/none:1"}]
""",
}


@pytest.fixture(autouse=True)
def _program(project: Project) -> None:  # pyright: ignore[reportUnusedFunction]  pytest calls it
    project.write(PROGRAM)


def state_file(project: Project) -> Path:
    return project.home / "state" / ".pulumi" / "stacks" / "small" / f"{project.stack}.json"


def kill_up_at(project: Project, point: str) -> None:
    """Kill an `up` once it printed this."""
    process = project.start("up", "--yes", "--skip-preview", NAMESPACE=project.stack, STUCK="1")
    read_until(process, point)
    written = eventually(lambda: read_checkpoint(state_file(project)).get("pending_operations"))
    assert written, "the engine says what it begins a moment before it writes that down and does it"
    kill(process)


@pytest.mark.parametrize("point", ["space created", "first created", "waiting creating"])
def test_after_a_kill_the_next_up_converges(project: Project, point: str) -> None:
    kill_up_at(project, point)
    after = project.succeed("up", "--yes", "--skip-preview", NAMESPACE=project.stack)
    assert "its stale lock is removed" in after.stderr, "it says what it cleaned up"
    project.succeed("preview", "--expect-no-changes", NAMESPACE=project.stack)
    # It fails if a field belongs to the manager of the killed run.
    project.succeed("up", "--yes", "--skip-preview", NAMESPACE=project.stack, CHANGED="1")
    project.succeed("destroy", "--yes", "--skip-preview", NAMESPACE=project.stack)
    assert project.api.find(f"/api/v1/namespaces/{project.stack}") is None


@pytest.mark.parametrize("interrupted", ["install", "upgrade"])
def test_a_release_that_was_cut_off_is_installed_and_uninstalled_again(project: Project, interrupted: str) -> None:
    write_release(project)
    if interrupted == "upgrade":
        project.succeed("up", "--yes", "--skip-preview", NAMESPACE=project.stack)
    process = project.start("up", "--yes", "--skip-preview", NAMESPACE=project.stack, STUCK="1")
    wait_for_status(project, f"pending-{interrupted}")
    kill(process, plugins=True)
    project.succeed("up", "--yes", "--skip-preview", NAMESPACE=project.stack, CHANGED="1")
    project.succeed("preview", "--expect-no-changes", NAMESPACE=project.stack, CHANGED="1")
    project.succeed("destroy", "--yes", "--skip-preview", NAMESPACE=project.stack)
    assert project.api.find(f"/apis/apps/v1/namespaces/{project.stack}/deployments/of-the-release") is None


@pytest.fixture
def _without_namespace(project: Project) -> Iterator[None]:
    """Delete the program's namespace afterwards, which Helm leaves: other tests' stacks would be refused."""
    yield
    path = f"/api/v1/namespaces/{LINKERD_RELEASE[0]}"
    project.api.ask("DELETE", path, {})
    assert eventually(lambda: project.api.find(path) is None), "the namespace stays"


@pytest.mark.usefixtures("_without_namespace")
@pytest.mark.parametrize("status", ["pending-install", "uninstalled"])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_release_whose_end_helm_could_not_record_is_ended(project: Project, status: str, *, is_known: bool) -> None:
    write_release(project)
    namespace, name = LINKERD_RELEASE
    names = {"NAMESPACE": namespace, "RELEASE": name}
    project.succeed("up", "--yes", "--skip-preview", **names)
    if not is_known:
        urn = next(
            line.split()[-1] for line in project.run("stack", "--show-urns").stdout.splitlines() if "Release::" in line
        )
        project.succeed("state", "delete", "--yes", urn)
    record(project, f"/api/v1/namespaces/{namespace}/secrets/sh.helm.release.v1.{name}.v1", status)
    after = project.succeed("up", "--yes", "--skip-preview", **names, CHANGED="1")
    assert f"Helm release {name} was {status}" in after.stderr, "it says what it did"
    again = project.succeed("preview", "--expect-no-changes", **names, CHANGED="1")
    assert "Helm release" not in again.stderr
    project.succeed("destroy", "--yes", "--skip-preview", **names)
    assert items(project.api.find(f"/api/v1/namespaces/{namespace}/secrets")) == []


def write_release(project: Project) -> None:
    """Have the project install a chart of one Deployment."""
    for path, content in CHART.items():
        (project.folder / "chart" / path).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / "chart" / path).write_text(content, encoding="utf-8")
    project.write(RELEASE)


def record(project: Project, path: str, status: str) -> None:
    """Have Helm's record of a release say another status."""
    content = text(project.api.find(path), "data", "release")
    release = json.loads(gzip.decompress(b64decode(b64decode(content))))
    release["info"]["status"] = status
    data = b64encode(b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    body = {"metadata": {"labels": {"status": status}}, "data": {"release": data}}
    assert project.api.ask("PATCH", path, body).status == HTTPStatus.OK


def wait_for_status(project: Project, status: str) -> None:
    """Wait until Helm's record of the release has a status."""
    path = f"/api/v1/namespaces/{project.stack}/secrets?labelSelector=owner%3Dhelm%2Cstatus%3D{status}"
    assert eventually(lambda: items(project.api.find(path))), f"the release did not become {status}"


def test_an_object_that_something_else_made_is_not_taken_over(project: Project) -> None:
    kill_up_at(project, "waiting creating")
    state = state_file(project)
    document = json.loads(state.read_text(encoding="utf-8"))
    operations = document["checkpoint"]["latest"]["pending_operations"]
    operations[0]["resource"] |= {"type": "kubernetes:core/v1:Namespace"}
    operations[0]["resource"]["inputs"] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
    state.write_text(json.dumps(document), encoding="utf-8")
    gone = project.succeed("destroy", "--yes", "--skip-preview", NAMESPACE=project.stack)
    assert "0 object(s)" in gone.stderr, "Pulumi did not make the namespace `default`"
    assert project.api.find("/api/v1/namespaces/default") is not None


def test_a_kill_while_the_state_is_written_does_not_lock_the_stack_out(project: Project) -> None:
    project.succeed("up", "--yes", NAMESPACE=project.stack)
    folder = project.home / "state" / ".pulumi" / "stacks" / "small"
    (folder / f"{project.stack}.json.attrs").write_bytes(b"")
    seen = project.succeed("preview", "--expect-no-changes", NAMESPACE=project.stack)
    assert "torn side file is removed" in seen.stderr
    project.succeed("destroy", "--yes", "--skip-preview")


def put_lock(project: Project, pid: int, host: str) -> Path:
    """A lock as the engine writes it, on a stack that exists."""
    project.succeed("stack", "output")
    folder = project.home / "state" / ".pulumi" / "locks" / "organization" / "small" / project.stack
    folder.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.123456789+00:00", time.gmtime())
    lock = folder / "0a1b2c3d.json"
    lock.write_text(json.dumps({"pid": pid, "username": "me", "hostname": host, "timestamp": stamp}), encoding="utf-8")
    return lock


@pytest.mark.parametrize("host", [socket.gethostname(), "another-machine"])
def test_a_lock_that_may_be_held_is_respected_and_the_fix_is_named(project: Project, host: str) -> None:
    lock = put_lock(project, os.getpid(), host)
    refused = project.run("up", "--yes", NAMESPACE=project.stack)
    assert refused.returncode == 1
    assert "make unlock" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert lock.exists()
    project.succeed("cancel", "--yes", project.stack)
    assert not lock.exists(), "the fix that is named works"


def test_a_lock_of_a_process_that_ended_is_removed(project: Project) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    lock = put_lock(project, ended.pid, socket.gethostname())
    project.write("")
    done = project.succeed("preview")
    assert "its stale lock is removed" in done.stderr
    assert not lock.exists()
