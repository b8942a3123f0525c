"""The whole program on a sandbox, driven by the same commands as the Makefile's."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import yaml

from clients.cluster_api import ClusterApi, items
from model.json_values import text
from sandbox import tools
from sandbox.engine import lay_out_language_host
from sandbox.plugins import Choice

CHECKOUT = Path(__file__).resolve().parents[2]
OWN = {".sandbox", ".charts", ".git"}
OTHER_DEMOS = ("demos.podinfo", "demos.circuitBreaking", "demos.progressiveDelivery")
NOT_BOOKSAPP = ("viz", "delivery.argoRollouts", *OTHER_DEMOS)
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


def link_checkout(folder: Path, *own: str) -> None:
    """Create a folder that leads to the project's files, but those of its own."""
    folder.mkdir(parents=True)
    for entry in CHECKOUT.iterdir():
        if entry.name not in {*OWN, *own}:
            (folder / entry.name).symlink_to(entry)


class Workshop:
    """A copy of the project with a stack file of its own, against the sandbox in `home`."""

    def __init__(self, folder: Path, home: Path, stack: str = "local") -> None:
        own = f"Pulumi.{stack}.yaml"
        link_checkout(folder, own)
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

    def leave_out(self, *parts: str) -> None:
        """Switch parts of the workshop off."""
        for part in parts:
            self.choose(f"{part}.enabled", value=False)

    def reset(self) -> None:
        """Put the settings back."""
        self._file.write_text(self._settings)

    def run(self, command: Sequence[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run any command in the project's folder to its end."""
        environment = {**self.environment(), **variables}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=900, check=False
        )

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a Pulumi command to its end."""
        return self.run(self._command(*arguments))

    def succeed(self, *arguments: str) -> str:
        """Run a Pulumi command that has to succeed; return what it printed."""
        return output_of(self.pulumi(*arguments))

    def plain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` itself, as for a stack on another cluster."""
        found = tools.find(("pulumi",))["pulumi"]
        program, _ = lay_out_language_host(self.home / "plugins" / "bin", found, Choice.AUTO)
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PULUMI_STACK": self.stack, "PULUMI_HOME": str(self.home / "plugins"), "PATH": path}
        return self.run(["pulumi", *arguments], **own)

    def preview(self, *arguments: str) -> Preview:
        """Return what `pulumi preview` announces."""
        done = self.pulumi("preview", "--json", *arguments)
        printed = output_of(done)
        document: dict[str, Any] = json.loads(done.stdout)
        changes = [
            Change(step["op"], step["urn"].split("::")[2].rpartition("$")[2], step["urn"].rpartition("::")[2])
            for step in document["steps"]
            if step["op"] not in ("same", "read")
        ]
        return Preview(changes, printed)

    def up(self) -> str:
        """Run `pulumi up` without the preview before it; return what it printed."""
        return self.succeed("up", "--yes", "--diff", "--skip-preview")

    def destroy(self) -> str:
        """Run `pulumi destroy`; return what it printed."""
        return self.succeed("destroy", "--yes", "--skip-preview")

    def find_no_drift(self) -> None:
        """Run a `pulumi refresh` that has to find nothing, and a preview after it."""
        self.succeed("refresh", "--yes", "--expect-no-changes")
        assert self.preview().changes == []

    def export(self) -> str:
        """Return the stack's state as Pulumi exports it, secrets encrypted."""
        return self.pulumi("stack", "export").stdout

    def replace_in_state(self, old: str, new: str) -> None:
        """Write another text into the stack's state wherever `old` stands."""
        self.put_state(self.export().replace(old, new))

    def preview_with_due(self, *certificates: str) -> Preview:
        """Return what a preview announces when these certificates are due."""
        kept = self.export()
        state: dict[str, Any] = json.loads(kept)
        for each in state["deployment"]["resources"]:
            if each["urn"].rpartition("::")[2] in certificates:
                each["outputs"]["validityEndTime"] = "2020-01-01T00:00:00Z"
        self.put_state(json.dumps(state))
        try:
            return self.preview()
        finally:
            self.put_state(kept)

    def put_state(self, state: str) -> None:
        """Replace the stack's state."""
        file = self.folder / "state.json"
        file.write_text(state)
        self.succeed("stack", "import", "--file", str(file))

    def operation(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands as the Makefile does on the sandbox."""
        launcher = [sys.executable, "-m", "sandbox", "--home", str(self.home), "run", "--stack", self.stack]
        workshop = [sys.executable, "-m", "workshop", command, "--stack", self.stack, *arguments]
        line = [*launcher, "--project", str(self.folder), "--", *workshop]
        return self.run(line, SANDBOX_HOME=str(self.home), COLUMNS="160")

    def operate(self, command: str, *arguments: str) -> str:
        """Run one of the operator's commands, which has to succeed; return what it printed."""
        return output_of(self.operation(command, *arguments))

    def kill_during_up(self, created: int, *, plugins: bool) -> None:
        """Start `pulumi up` and kill the engine, with or without its plugins, once it has created so many resources."""
        with subprocess.Popen(
            self._command("up", "--yes", "--skip-preview", "--color", "never"),
            cwd=self.folder,
            env={name: value for name, value in self.environment().items() if name not in HURRIED},
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
        path, spec = "/apis/networking.k8s.io/v1/ingressclasses", {"controller": "ingress.k8s.aws/alb"}
        assert self.api.post(path, {"metadata": {"name": name}, "spec": spec}).status == 201
        try:
            yield
        finally:
            self.api.ask("DELETE", f"{path}/{name}", {})

    def objects(self) -> set[str]:
        """Return every object in the cluster, but those that come and go by themselves."""
        groups = [text(group, "preferredVersion", "groupVersion") for group in _listed(self.api, "/apis", "groups")]
        paths = ["/api/v1", *(f"/apis/{group}" for group in groups)]
        return {name for path in paths for name in _names(self.api, path)}

    def _command(self, *arguments: str) -> list[str]:
        launcher = [sys.executable, "-m", "sandbox", "--home", str(self.home), "pulumi", "--stack", self.stack]
        return [*launcher, "--project", str(self.folder), "--", *arguments]

    def environment(self) -> dict[str, str]:
        """Return the variables of every command."""
        # A stack whose kubeconfig is not the sandbox's keeps the user's own backend: let that be the same one.
        backend = {"PULUMI_BACKEND_URL": f"file://{self.home / 'state'}", "PULUMI_CONFIG_PASSPHRASE": "sandbox"}
        return {**os.environ, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1", **backend, **HURRIED}


def output_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command printed that has to succeed."""
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


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
