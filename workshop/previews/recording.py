"""Records a preview in the files of a folder, and reads that folder, whose writer is not trusted, for the comment."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from clients.pulumi_cli import NO_STACK, explain_failures, pulumi
from model.hiding import hidden_words
from workshop.previews.document import Diagnostic, Digest, Finding
from workshop.previews.masking import mask_preview, read_events
from workshop.previews.summary import PreviewResult

Run = Callable[[Sequence[str], Path, Path, Mapping[str, str]], int]
"""Runs a command with its output and errors in two files and more variables; returns its exit status."""
NO_PREVIEW = "What the engine printed is no preview that can be read, so nothing of it is kept."


@explain_failures()
def run_to_files(command: Sequence[str], output: Path, errors: Path, variables: Mapping[str, str]) -> int:
    """Run a command to its end."""
    with output.open("w", encoding="utf-8") as out, errors.open("w", encoding="utf-8") as err:
        done = subprocess.run(command, stdout=out, stderr=err, check=False, env={**os.environ, **variables})  # noqa: S603
    return done.returncode


def record(stack: str, folder: Path, *, plan: bool, policies: Sequence[str], run: Run = run_to_files) -> int:
    """Preview a stack into the files of `folder`; return the exit status of the CLI, 1 if it printed no preview.

    The engine writes to a private folder, and only masked files get into `folder`. With `plan`, the plan that limits an
    `up` to this preview is next to it, with its inputs in clear text.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in (DIGEST, STATUS, LOG, FINDINGS):
        (folder / name).unlink(missing_ok=True)
    with TemporaryDirectory(prefix="preview-") as private:
        printed, errors, events = (Path(private) / name for name in ("printed", "errors", "events"))
        options = ["--json", "--show-sames", "--non-interactive", "--event-log", str(events)]
        # Outside the folder, because that is uploaded and the plan holds secrets.
        options += ["--save-plan", f"{folder}-plan.json"] if plan else []
        options += [part for pack in policies for part in ("--policy-pack", pack)]
        variables = {"PULUMI_DEBUG_COMMANDS": "true"}  # for the event log
        status = run(pulumi(stack, "preview", *options), printed, errors, variables)
        output = RunOutput(status, *map(_read_plain_file, (printed, errors, events)))
    return _keep_masked(stack, output, folder, judged=bool(policies))


def record_failure(folder: Path, log: Path) -> None:
    """Keep the output of a failed command without which there is no preview."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / LOG, hidden_words(_read_plain_file(log)))


class RunOutput(NamedTuple):
    """The status and outputs of a run of the engine."""

    status: int
    printed: str
    errors: str
    events: str


def _keep_masked(stack: str, run: RunOutput, folder: Path, *, judged: bool) -> int:
    """Write a run's files without secrets; return its exit status, 1 if it has no preview."""
    if run.status and NO_STACK.search(run.errors):
        # The pull request can do nothing about it, so it is no failure.
        gone = {"severity": "warning", "message": f"Stack {stack} was removed. Take it out of STACKS."}
        run = RunOutput(0, json.dumps({"steps": [], "diagnostics": [gone]}), run.errors, "")
    preview, events = mask_preview(run.printed), read_events(run.events)
    hide = events.secrets | (preview.secrets if preview else frozenset[str]())
    log, status = hidden_words(run.errors, hide), run.status
    if preview is None:
        status = status or 1
        if run.printed.strip():  # its secrets are unknown, and the errors may hold them
            log = NO_PREVIEW
            sys.stderr.write(f"stack {stack}: {NO_PREVIEW} See it with `make preview STACK={stack}`.\n")
    if judged:
        masked = [each.model_copy(update={"message": hidden_words(each.message, hide)}) for each in events.findings]
        _write(folder / FINDINGS, json.dumps(_FINDINGS.dump_python(masked, by_alias=True)))
        if events.torn:
            warning = "Some findings of the policies cannot be read."
            log = f"{log.rstrip()}\n{warning}"
            if preview:
                preview.digest.diagnostics.append(Diagnostic(severity="warning", message=warning))
    if preview:
        _write(folder / DIGEST, json.dumps(preview.digest.model_dump(by_alias=True)))
    _write(folder / LOG, log)
    _write(folder / STATUS, f"{status}\n")
    return status


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace")


DIGEST, STATUS, LOG, FINDINGS = "preview.json", "status", "preview.log", "policies.json"
LARGEST = 100_000_000
"""Bytes of a file that are read."""
LONGEST_LOG = 200_000

_FINDINGS = TypeAdapter(list[Finding])


def read_result(folder: Path, stack: str) -> PreviewResult:
    """Read a folder; a missing or unreadable document counts as a failed preview."""
    status = _read_plain_file(folder / STATUS).strip()
    written, findings = (_read_plain_file(folder / each) for each in (DIGEST, FINDINGS))
    masked = mask_preview(written)  # once more: the pull request's code has written it
    damage = ""
    if masked is None and (written.strip() or status == "0"):
        damage = "What the engine printed is no preview." if written.strip() else "There is no preview."
    log = "\n".join(filter(None, [_read_plain_file(folder / LOG)[-LONGEST_LOG:].strip(), damage]))
    succeeded = status == "0" and not damage
    try:
        told = _FINDINGS.validate_json(findings) if findings else None
    except ValidationError:
        told, log = None, f"{log}\nThe policies' findings cannot be read.".strip()
    return PreviewResult(stack, masked.digest if masked else Digest(), succeeded, told, log)


def _read_plain_file(path: Path) -> str:
    """Return a file's text; empty where there is no plain file, a note if it is too large."""
    try:
        if path.is_symlink() or not path.is_file():
            return ""
        too_large = path.stat().st_size > LARGEST
        return "It is too large to be kept." if too_large else path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
