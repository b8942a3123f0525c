"""A stack for tests: inline programs run by the real engine with the stand-in providers, and what the engine did."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias

from pulumi import automation
from pulumi.automation.events import DiffKind, EngineEvent, OpType, StepEventMetadata

from sandbox import engine, launcher, tools
from sandbox.plugins import PACKAGES, Plugin

if TYPE_CHECKING:
    from pathlib import Path

Program: TypeAlias = Callable[[], None]
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
    """What came of one command."""

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

    @property
    def message(self) -> str:
        """All messages as one text."""
        return "\n".join(self.messages)


class Stack:
    """One stack with a backend of its own in a folder; a command runs the program that it is given."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        found = tools.find(("pulumi", "helm"))
        home = folder / "pulumi-home"
        engine.lay_out_plugins(home, [Plugin(package, version(f"pulumi-{package}"), None) for package in PACKAGES])
        self._states = folder / "state"
        self._states.mkdir(parents=True, exist_ok=True)
        self._environment = {
            **launcher.with_tools(found),
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": f"file://{self._states}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            **(environment or {}),
        }
        engine.link(folder / "bin" / "pulumi", found["pulumi"])
        self._command = automation.PulumiCommand(str(folder), skip_version_check=True)
        self._folder = folder / "project"
        self._folder.mkdir(exist_ok=True)
        self.name = f"test-{uuid.uuid4().hex[:6]}"

    def preview(self, program: Program) -> Outcome:
        """Run `pulumi preview`."""
        return self._run(program, lambda stack, outcome: stack.preview(**_watching(outcome)).stdout)

    def up(self, program: Program) -> Outcome:
        """Run `pulumi up`."""
        return self._run(program, lambda stack, outcome: stack.up(**_watching(outcome)).stdout)

    def refresh(self, program: Program) -> Outcome:
        """Run `pulumi refresh`."""
        return self._run(program, lambda stack, outcome: stack.refresh(**_watching(outcome)).stdout)

    def destroy(self) -> Outcome:
        """Run `pulumi destroy`."""
        return self._run(_nothing, lambda stack, outcome: stack.destroy(**_watching(outcome)).stdout)

    def export(self) -> list[dict[str, Any]]:
        """Give the resources of the stack's state, secrets decrypted."""
        deployment: Mapping[str, Any] = self._stack(_nothing).export_stack().deployment or {}
        return deployment.get("resources", [])

    def resource(self, name: str) -> dict[str, Any]:
        """Give the state of the resource of this name."""
        return next(item for item in self.export() if item["urn"].rpartition("::")[2] == name)

    def state(self) -> str:
        """Give the state as it is written, secrets encrypted."""
        return "".join(file.read_text(encoding="utf-8") for file in self._states.rglob(f"{self.name}.json"))

    def outputs(self) -> dict[str, Any]:
        """Give the stack's outputs."""
        return {key: output.value for key, output in self._stack(_nothing).outputs().items()}

    def _stack(self, program: Program) -> automation.Stack:
        options = automation.LocalWorkspaceOptions(
            work_dir=str(self._folder), env_vars=self._environment, pulumi_command=self._command
        )
        return automation.create_or_select_stack(self.name, "test", program, opts=options)

    def _run(self, program: Program, command: Callable[[automation.Stack, Outcome], str]) -> Outcome:
        outcome = Outcome()
        try:
            outcome.text = _COLOURS.sub("", command(self._stack(program), outcome))
        except automation.CommandError as error:
            outcome.ok, outcome.text = False, _COLOURS.sub("", str(error))
        return outcome


def _nothing() -> None:
    return


def _watching(outcome: Outcome) -> dict[str, Any]:
    def on_event(event: EngineEvent) -> None:
        if event.resource_pre_event is not None:
            outcome.steps.append(_step(event.resource_pre_event.metadata))
        said = event.diagnostic_event
        if said is not None and not said.ephemeral and said.severity != "debug":
            outcome.messages.append(_COLOURS.sub("", said.message).strip())

    return {"on_event": on_event, "color": "never", "diff": True}


def _step(metadata: StepEventMetadata) -> Step:
    changes = {path: DiffKind(change.diff_kind).value for path, change in (metadata.detailed_diff or {}).items()}
    name = metadata.urn.rpartition("::")[2]
    return Step(metadata.urn, metadata.type, name, OpType(metadata.op).value, changes)
