"""The whole program on a sandbox, driven by the same commands as the Makefile's."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from typing_extensions import override

from sandbox import tools
from sandbox.engine import lay_out_language_host
from sandbox.paths import Home
from sandbox.plugins import Choice
from tests.sandbox.program import Project, output_of

CHECKOUT = Path(__file__).resolve().parents[2]
OWN = {".sandbox", ".charts", ".git"}
OTHER_DEMOS = ("demos.podinfo", "demos.circuitBreaking", "demos.progressiveDelivery")
NOT_BOOKSAPP = ("viz", "delivery.argoRollouts", *OTHER_DEMOS)
HURRIED = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Has the engine write the state at the end only, and not twice per resource, which is most of its work."""


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


class Workshop(Project):
    """A copy of the project with a stack file of its own, against the sandbox in `home`."""

    def __init__(self, folder: Path, home: Path, stack: str = "local") -> None:
        own = f"Pulumi.{stack}.yaml"
        link_checkout(folder, own)
        super().__init__(folder, Home(home), stack)
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

    def plain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` itself, as for a stack on another cluster."""
        found = tools.find(("pulumi",))["pulumi"]
        program, _ = lay_out_language_host(self.home / "plugins" / "bin", found, Choice.AUTO)
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PULUMI_STACK": self.stack, "PULUMI_HOME": str(self.home / "plugins"), "PATH": path}
        return self.run_command(["pulumi", "--cwd", str(self.folder), *arguments], **own)

    def preview(self, *arguments: str) -> Preview:
        """Return what `pulumi preview` announces."""
        done = self.run("preview", "--json", *arguments)
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
        return output_of(self.run("up", "--yes", "--diff", "--skip-preview"))

    def destroy(self) -> str:
        """Run `pulumi destroy`; return what it printed."""
        return output_of(self.run("destroy", "--yes", "--skip-preview"))

    def find_no_drift(self) -> None:
        """Run a `pulumi refresh` that has to find nothing, and a preview after it."""
        self.succeed("refresh", "--yes", "--expect-no-changes")
        assert self.preview().changes == []

    def export(self) -> str:
        """Return the stack's state as Pulumi exports it, secrets encrypted."""
        return self.run("stack", "export").stdout

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
        return self.run_command(line, COLUMNS="160")

    def operate(self, command: str, *arguments: str) -> str:
        """Run one of the operator's commands, which has to succeed; return what it printed."""
        return output_of(self.operation(command, *arguments))

    @contextmanager
    def ingress_class(self, name: str) -> Generator[None]:
        """Have an IngressClass in the cluster for a while."""
        path, spec = "/apis/networking.k8s.io/v1/ingressclasses", {"controller": "ingress.k8s.aws/alb"}
        assert self.api.post(path, {"metadata": {"name": name}, "spec": spec}).status == 201
        try:
            yield
        finally:
            self.api.ask("DELETE", f"{path}/{name}", {})

    @override
    def environment(self) -> dict[str, str]:
        """Return the variables of every command."""
        # A stack whose kubeconfig is not the sandbox's keeps the user's own backend: let that be the same one.
        backend = {"PULUMI_BACKEND_URL": f"file://{self.home / 'state'}", "PULUMI_CONFIG_PASSPHRASE": "sandbox"}
        return {**super().environment(), "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1", **backend, **HURRIED}
