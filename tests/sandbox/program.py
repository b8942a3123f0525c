"""A project on the shared sandbox, run by the launcher as a person runs it, and a small one of one program."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from clients.cluster_api import ClusterApi, items
from model.json_values import text
from sandbox.paths import PROJECT, Home

PROVIDER = """\
import os
import pulumi
import pulumi_kubernetes as kubernetes

provider = kubernetes.Provider("cluster", kubeconfig=os.environ["KUBECONFIG"], cluster_identifier="sandbox")
here = pulumi.ResourceOptions(provider=provider)
"""
KUBERNETES_OWN = {
    *("events", "leases", "endpoints", "endpointslices", "nodes", "pods", "componentstatuses"),
    "ipaddresses",  # of Services; where a request was cut off, the API server releases the address minutes later
}
"""Kinds whose objects come and go by themselves."""
IN_EVERY_NAMESPACE = {"configmaps": "kube-root-ca.crt", "serviceaccounts": "default"}
"""The objects that controllers create in each namespace, in those of a new cluster a moment after it is ready."""


class Project:
    """A project folder with one stack."""

    def __init__(self, folder: Path, home: Home, stack: str = "local") -> None:
        self.folder, self.home, self.stack = folder, home.folder, stack

    def write(self, program: str) -> None:
        """Write the program."""
        (self.folder / "__main__.py").write_text(program, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """Return the launcher's command line."""
        place = ["--stack", self.stack, "--project", str(self.folder)]
        return [sys.executable, "-m", "sandbox", "pulumi", *place, "--", *arguments]

    def environment(self) -> dict[str, str]:
        """Return the variables of every command."""
        return {**os.environ, "SANDBOX_HOME": str(self.home)}

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a Pulumi command to its end."""
        return self.run_command(self.command(*arguments), **variables)

    def succeed(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a Pulumi command that has to succeed."""
        done = self.run(*arguments, **variables)
        output_of(done)
        return done

    def run_command(self, command: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run any command to its end."""
        return subprocess.run(
            command,
            cwd=PROJECT,
            env={**self.environment(), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a Pulumi command in a process group of its own."""
        return self.start_command(self.command(*arguments), **variables)

    def start_command(self, command: list[str], **variables: str) -> "subprocess.Popen[str]":
        """Start any command in a process group of its own."""
        return subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**self.environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @property
    def api(self) -> ClusterApi:
        """The sandbox's API server."""
        return ClusterApi(str(self.home / "kubeconfig"), None)

    def objects(self) -> set[str]:
        """Return every object in the cluster, but those that come and go by themselves."""
        groups = [text(group, "preferredVersion", "groupVersion") for group in _listed(self.api, "/apis", "groups")]
        paths = ["/api/v1", *(f"/apis/{group}" for group in groups)]
        return {name for path in paths for name in _names(self.api, path)}


def output_of(done: "subprocess.CompletedProcess[str]") -> str:
    """Return what a command printed that has to succeed."""
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def read_until(process: "subprocess.Popen[str]", text: str, times: int = 1) -> None:
    """Read what a command prints up to the line with which `times` lines hold `text`; fails if it ends before."""
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line)
        times -= text in line
        if not times:
            return
    message = f"the command ended {times} times {text!r} too early:\n{''.join(seen)}"
    raise AssertionError(message)


def kill(process: "subprocess.Popen[str]", *, plugins: bool = False) -> None:
    """Kill the engine as the kernel does, its plugins too or so that they have time to notice."""
    below = psutil.Process(process.pid).children(recursive=True) if plugins else []
    for each in [process, *below]:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
    time.sleep(2.5)


def make_project(folder: Path, home: Home, stack: str = "local") -> Project:
    """Create a project whose stack is on the sandbox."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (folder / f"Pulumi.{stack}.yaml").write_text(f"config:\n  small:kubeconfig: {home.kubeconfig}\n", encoding="utf-8")
    return Project(folder, home, stack)


def _listed(api: ClusterApi, path: str, key: str) -> list[dict[str, Any]]:
    body: Any = api.get(path).body
    return body.get(key, [])


def _names(api: ClusterApi, path: str) -> set[str]:
    kinds = {kind["name"] for kind in _listed(api, path, "resources") if "list" in kind["verbs"]}
    return {
        f"{kind} {text(each, 'metadata', 'namespace')}/{text(each, 'metadata', 'name')}"
        for kind in kinds - KUBERNETES_OWN
        for each in items(api.get(f"{path}/{kind}").body)
        if text(each, "metadata", "name") != IN_EVERY_NAMESPACE.get(kind)
        # The APIService of a definition, which the API server deletes a moment after the definition.
        if not text(each, "metadata", "labels", "kube-aggregator.kubernetes.io/automanaged")
    }
