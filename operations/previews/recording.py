"""Runs `pulumi preview` and keeps what it says, for the comment and for the `up` that follows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from operations.previews.artifact import DIGEST, FINDINGS, LOG, STATUS
from operations.previews.json_values import mapping
from operations.previews.masking import masked

EVENTS, PLAN = "events.json", "plan.json"
Run = Callable[[Sequence[str], Path, Path, Mapping[str, str]], int]
"""Runs a command with its output and errors in two files and more variables; returns its exit status."""


def run_to_files(command: Sequence[str], output: Path, errors: Path, variables: Mapping[str, str]) -> int:
    """Run a command to its end."""
    with output.open("w", encoding="utf-8") as out, errors.open("w", encoding="utf-8") as err:
        done = subprocess.run(command, stdout=out, stderr=err, check=False, env={**os.environ, **variables})  # noqa: S603
    return done.returncode


def record(stack: str, folder: Path, *, plan: bool, policies: Sequence[str], run: Run = run_to_files) -> int:
    """Preview a stack into the files of `folder`; return the exit status of the CLI.

    With `plan` the plan by which an `up` may be held to this preview is there, too; what is secret in it is encrypted
    with the stack's own key.
    """
    folder.mkdir(parents=True, exist_ok=True)
    events = folder / EVENTS
    # The same launcher as the Makefile's: it finds the engine, the backend and the passphrase.
    command = [sys.executable, "-m", "sandbox", "pulumi", "--stack", stack, "--", "preview", "--json", "--show-sames"]
    command += ["--non-interactive", "--event-log", str(events.resolve())]
    command += ["--save-plan", str((folder / PLAN).resolve())] if plan else []
    command += [part for pack in policies for part in ("--policy-pack", pack)]
    status = run(command, folder / DIGEST, folder / LOG, {"PULUMI_DEBUG_COMMANDS": "true"})  # for the event log
    (folder / DIGEST).write_text(masked((folder / DIGEST).read_text(encoding="utf-8")), encoding="utf-8")
    (folder / STATUS).write_text(f"{status}\n", encoding="utf-8")
    if policies:
        findings = [*_findings(events)]
        (folder / FINDINGS).write_text(json.dumps(findings), encoding="utf-8")
    events.unlink(missing_ok=True)  # it repeats the preview
    return status


def _findings(events: Path) -> Iterator[Mapping[str, object]]:
    """Yield what policies say in an event log, each finding once."""
    seen: set[str] = set()
    for line in events.read_text(encoding="utf-8").splitlines() if events.exists() else []:
        finding = mapping(mapping(json.loads(line)).get("policyEvent"))
        if finding and (text := json.dumps(finding, sort_keys=True)) not in seen:
            seen.add(text)
            yield finding
