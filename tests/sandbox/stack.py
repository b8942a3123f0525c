"""A stack for tests: inline programs run by the real engine with the providers, and what the engine did."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import re
import subprocess
import uuid
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from sandbox import engine, launcher, plugins, tools

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

Program: TypeAlias = Callable[[], None]
_cloudpickle: Any = importlib.import_module("cloudpickle")  # it has no types
_LONGEST_SECONDS = 900
# Not forked from the tests' own process: gRPC does not survive that where another thread is inside it.
_CLEAN = multiprocessing.get_context("forkserver")
_CLEAN.set_forkserver_preload([__name__])
_COLOURS = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Step:
    """What the engine did, or would do, with one resource."""

    urn: str
    type: str
    name: str
    operation: str
    """An operation of the engine, such as `create`, `same`, `update`, `replace`, `delete`."""
    changes: dict[str, str]
    """Kinds of change, such as `update` or `update-replace`, by property path."""


@dataclass
class Outcome:
    """The result of one command."""

    ok: bool = True
    text: str = ""
    """All that the command printed."""
    steps: list[Step] = field(default_factory=list[Step])
    messages: list[str] = field(default_factory=list[str])
    """Errors, warnings and notes of the engine and the providers."""

    def operations(self, name: str) -> list[str]:
        """Give what happened to the resource of this name, in order."""
        return [step.operation for step in self.steps if step.name == name]

    def step(self, name: str) -> Step:
        """Give the first step of the resource of this name."""
        found = [step for step in self.steps if step.name == name]
        assert found, f"nothing happened to {name!r}, only to {[step.name for step in self.steps]}"
        return found[0]

    def changed(self) -> dict[str, list[str]]:
        """Give what happened to what has changed, providers and stack left out."""
        names = {step.name for step in self.steps if not step.type.startswith("pulumi:")}
        return {name: seen for name in names if set(seen := self.operations(name)) - {"same", "read"}}

    @property
    def message(self) -> str:
        """All messages as one text."""
        return "\n".join(self.messages)


class Stack:
    """One stack with a backend of its own in a folder; a command runs the program that it is given."""

    def __init__(self, folder: Path, environment: dict[str, str], packages: Sequence[str]) -> None:
        found = tools.find(("pulumi",))
        home = folder / "pulumi-home"
        engine.lay_out_plugins(home, plugins.select(found["pulumi"], plugins.Choice.BUILT, packages))
        self._states = folder / "state"
        self._folder = folder / "project"
        for path in (self._states, self._folder):
            path.mkdir(parents=True, exist_ok=True)
        (self._folder / "Pulumi.yaml").write_text("{name: test, runtime: python}", encoding="utf-8")
        self._environment = {
            **launcher.add_tools(found),
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": f"file://{self._states}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # without it there is no --event-log
            **environment,
        }
        self._pulumi = found["pulumi"]
        self.name = f"test-{uuid.uuid4().hex[:6]}"
        self._call("stack", "init", self.name)

    def preview(self, program: Program) -> Outcome:
        """Run `pulumi preview`."""
        return self._run(program, "preview")

    def up(self, program: Program) -> Outcome:
        """Run `pulumi up`."""
        return self._run(program, "up", "--yes", "--skip-preview")

    def bring_up(self, program: Program) -> Outcome:
        """Run a `pulumi up` that has to succeed."""
        seen = self.up(program)
        assert seen.ok, seen.text
        return seen

    def refresh(self, program: Program) -> Outcome:
        """Run `pulumi refresh`."""
        return self._run(program, "refresh", "--yes", "--skip-preview")

    def destroy(self) -> Outcome:
        """Run `pulumi destroy`."""
        return self._run(_nothing, "destroy", "--yes", "--skip-preview")

    def export(self) -> list[dict[str, Any]]:
        """Give the resources of the stack's state, secrets decrypted."""
        deployment = json.loads(self._call("stack", "export", "--show-secrets").stdout)["deployment"]
        return deployment.get("resources", [])

    def resource(self, name: str) -> dict[str, Any]:
        """Give the state of the resource of this name."""
        return next(item for item in self.export() if item["urn"].rpartition("::")[2] == name)

    def state(self) -> str:
        """Give the state as it is written, secrets encrypted."""
        return "".join(file.read_text(encoding="utf-8") for file in self._states.rglob(f"{self.name}.json"))

    def outputs(self) -> dict[str, Any]:
        """Give the stack's outputs."""
        return json.loads(self._call("stack", "output", "--json", "--show-secrets").stdout)

    def _call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        stack = () if arguments[:2] == ("stack", "init") else ("--stack", self.name)
        command = [str(self._pulumi), *arguments, *stack, "--non-interactive", "--color", "never"]
        return subprocess.run(
            command, cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )

    def _run(self, program: Program, *arguments: str) -> Outcome:
        """Run the command in a process of its own: serving a program leaves loops and threads behind."""
        receiver, sender = _CLEAN.Pipe(duplex=False)
        work = _cloudpickle.dumps((self._in_child, program, arguments))
        child = _CLEAN.Process(target=_work, args=(work, sender), daemon=True)
        child.start()
        sender.close()
        try:
            assert receiver.poll(_LONGEST_SECONDS), f"no answer from the engine in {_LONGEST_SECONDS} s"
            return receiver.recv()
        finally:
            receiver.close()
            child.kill()
            child.join()

    def _in_child(self, program: Program, arguments: tuple[str, ...]) -> Outcome:
        warnings.simplefilter("ignore")
        server = grpc.server(ThreadPoolExecutor(4))
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        events = self._folder / f"events-{uuid.uuid4().hex}.json"
        inline = ["--diff", "--client", f"127.0.0.1:{port}", "--exec-kind", "auto.inline", "--event-log", str(events)]
        ended = self._call(*arguments, *inline)
        outcome = Outcome(ended.returncode == 0, ended.stdout + ended.stderr)
        for line in events.read_text(encoding="utf-8").splitlines() if events.exists() else ():
            _note(json.loads(line), outcome)
        return outcome


def _work(work: bytes, sender: Connection[Outcome, Outcome]) -> None:
    in_child, program, arguments = _cloudpickle.loads(work)
    sender.send(in_child(program, arguments))
    sender.close()


def _nothing() -> None:
    return


def _note(event: dict[str, Any], outcome: Outcome) -> None:
    if "resourcePreEvent" in event:
        outcome.steps.append(_step(event["resourcePreEvent"]["metadata"]))
    said = event.get("diagnosticEvent")
    if said is not None and not said.get("ephemeral") and said["severity"] != "debug":
        outcome.messages.append(_COLOURS.sub("", said["message"]).strip())


def _step(metadata: dict[str, Any]) -> Step:
    detailed: dict[str, dict[str, str]] = metadata.get("detailedDiff") or {}
    changes = {path: change["diffKind"] for path, change in detailed.items()}
    urn: str = metadata["urn"]
    return Step(urn, metadata["type"], urn.rpartition("::")[2], metadata["op"], changes)
