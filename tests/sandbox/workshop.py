"""The whole program on a sandbox, driven by the same commands as the Makefile's."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import yaml
from kubernetes import client, config

from clients.cluster_api import ClusterApi, items
from model.json_values import text
from sandbox import tools
from sandbox.engine import lay_out_language_host
from sandbox.plugins import Choice

_client: Any = client
_config: Any = config
CHECKOUT = Path(__file__).resolve().parents[2]
OWN = {".sandbox", ".charts", ".git"}
NOT_BOOKSAPP = ("viz", "demos.podinfo", "demos.circuitBreaking", "demos.progressiveDelivery", "delivery.argoRollouts")
HURRIED = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Has the engine write the state at the end only, and not twice per resource, which is most of its work."""
KUBERNETES_OWN = {
    *("events", "leases", "endpoints", "endpointslices", "nodes", "pods", "componentstatuses"),
    "ipaddresses",  # of Services; where a request was cut off, the API server releases the address minutes later
}
"""Kinds whose objects come and go by themselves."""
IN_EVERY_NAMESPACE = {"configmaps": "kube-root-ca.crt", "serviceaccounts": "default"}
"""The objects that controllers create in each namespace, in those of a new cluster a moment after it is ready."""


@dataclass(frozen=True)
class Change:
    """One thing that a preview announces."""

    operation: str
    type: str
    name: str


@dataclass(frozen=True)
class Preview:
    """What a preview says."""

    changes: list[Change]
    text: str

    def of(self, operation: str) -> list[str]:
        """Return the names of what is to be created, updated, …."""
        return [change.name for change in self.changes if change.operation == operation]


class Workshop:
    """A copy of the project with a stack file of its own, against the sandbox in `home`."""

    def __init__(self, folder: Path, home: Path, stack: str = "local") -> None:
        folder.mkdir(parents=True)
        own = f"Pulumi.{stack}.yaml"
        for entry in CHECKOUT.iterdir():
            if entry.name not in {*OWN, own}:
                (folder / entry.name).symlink_to(entry)
        self.folder, self.home, self.stack = folder, home, stack
        self._file = folder / own
        content: dict[str, Any] = yaml.safe_load((CHECKOUT / own).read_text())
        if stack == "local":
            content["config"]["linkerd-workshop:kubeconfig"] = str(home / "kubeconfig")
        self._file.write_text(yaml.safe_dump(content))
        self._settings = self._file.read_text()

    def choose(self, key: str, value: object) -> None:
        """Write a setting (`demos.booksapp.faultPercent`) into the stack's file."""
        content: dict[str, Any] = yaml.safe_load(self._file.read_text())
        first, *rest = key.split(".")
        at: dict[str, Any] = content["config"]
        for step in [f"linkerd-workshop:{first}", *rest][:-1]:
            at = at.setdefault(step, {})
        at[rest[-1] if rest else f"linkerd-workshop:{first}"] = value
        self._file.write_text(yaml.safe_dump(content))

    def leave_booksapp_only(self) -> None:
        """Leave out everything but the mesh and booksapp."""
        for part in NOT_BOOKSAPP:
            self.choose(f"{part}.enabled", value=False)

    def reset(self) -> None:
        """Put the settings back."""
        self._file.write_text(self._settings)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a Pulumi command to its end."""
        return subprocess.run(
            self._command(*arguments),
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def plain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` itself, as for a stack on another cluster."""
        found = tools.find(("pulumi",))["pulumi"]
        program, _ = lay_out_language_host(self.home / "plugins" / "bin", found, Choice.AUTO)
        environment = self._environment()
        path = f"{program.parent}{os.pathsep}{environment['PATH']}"
        environment |= {"PULUMI_STACK": self.stack, "PULUMI_HOME": str(self.home / "plugins"), "PATH": path}
        return subprocess.run(
            ["pulumi", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def preview(self, *arguments: str) -> Preview:
        """Return what `pulumi preview` announces."""
        done = self.pulumi("preview", "--json", *arguments)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        document: dict[str, Any] = json.loads(done.stdout)
        changes = [
            Change(step["op"], step["urn"].split("::")[2].rpartition("$")[2], step["urn"].rpartition("::")[2])
            for step in document["steps"]
            if step["op"] not in ("same", "read")
        ]
        return Preview(changes, done.stdout + done.stderr)

    def up(self) -> str:
        """Run `pulumi up` without the preview before it; return what it printed."""
        done = self.pulumi("up", "--yes", "--diff", "--skip-preview")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def destroy(self) -> str:
        """Run `pulumi destroy`; return what it printed."""
        done = self.pulumi("destroy", "--yes", "--skip-preview")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def export(self) -> str:
        """Return the stack's state as Pulumi exports it, secrets encrypted."""
        return self.pulumi("stack", "export").stdout

    def replace_in_state(self, old: str, new: str) -> None:
        """Write another text into the stack's state wherever `old` stands."""
        changed = self.folder / "changed.json"
        changed.write_text(self.export().replace(old, new))
        done = self.pulumi("stack", "import", "--file", str(changed))
        assert done.returncode == 0, done.stdout + done.stderr

    def operation(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands as the Makefile does on the sandbox."""
        launcher = [sys.executable, "-m", "sandbox", "--home", str(self.home), "run", "--stack", self.stack]
        workshop = [sys.executable, "-m", "workshop", command, "--stack", self.stack, *arguments]
        return subprocess.run(
            [*launcher, "--project", str(self.folder), "--", *workshop],
            cwd=self.folder,
            env={**self._environment(), "SANDBOX_HOME": str(self.home), "COLUMNS": "160"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def kill_during_up(self, created: int, *, plugins: bool) -> None:
        """Start `pulumi up` and kill the engine, with or without its plugins, once it has created so many resources."""
        with subprocess.Popen(
            self._command("up", "--yes", "--skip-preview", "--color", "never"),
            cwd=self.folder,
            env={name: value for name, value in self._environment().items() if name not in HURRIED},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout
            seen = (line for line in process.stdout if " created" in line)
            last = next(islice(seen, created - 1, None), None)
            below = psutil.Process(process.pid).children(recursive=True)
            os.killpg(process.pid, signal.SIGKILL)
            for plugin in below if plugins else []:
                with suppress(psutil.NoSuchProcess):
                    plugin.kill()
        assert last, f"`up` ended before it had created {created} resources, so nothing was interrupted"

    @property
    def api(self) -> ClusterApi:
        """The sandbox's API server."""
        return ClusterApi(str(self.home / "kubeconfig"), None)

    @contextmanager
    def ingress_class(self, name: str) -> Generator[None]:
        """Have an IngressClass in the cluster for a while."""
        networking = _client.NetworkingV1Api(_config.new_client_from_config(str(self.home / "kubeconfig")))
        spec = {"controller": "ingress.k8s.aws/alb"}
        body = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name}, "spec": spec}
        networking.create_ingress_class(body)
        try:
            yield
        finally:
            networking.delete_ingress_class(name)

    def objects(self) -> set[str]:
        """Return every object in the cluster, but those that come and go by themselves."""
        groups = [text(group, "preferredVersion", "groupVersion") for group in _listed(self.api, "/apis", "groups")]
        paths = ["/api/v1", *(f"/apis/{group}" for group in groups)]
        return {name for path in paths for name in _names(self.api, path)}

    def _command(self, *arguments: str) -> list[str]:
        launcher = [sys.executable, "-m", "sandbox", "--home", str(self.home), "pulumi", "--stack", self.stack]
        return [*launcher, "--project", str(self.folder), "--", *arguments]

    def _environment(self) -> dict[str, str]:
        # A stack whose kubeconfig is not the sandbox's keeps the user's own backend: let that be the same one.
        backend = {"PULUMI_BACKEND_URL": f"file://{self.home / 'state'}", "PULUMI_CONFIG_PASSPHRASE": "sandbox"}
        return {**os.environ, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1", **backend, **HURRIED}


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
    }
