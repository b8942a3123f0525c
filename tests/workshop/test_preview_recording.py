"""What is kept of a run of `pulumi preview`, and what the command line makes of it."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.workshop.preview_documents import manifest, step
from workshop import cli
from workshop.previews import recording
from workshop.previews.recording import record, run_to_files
from workshop.previews.summary import list_complaints

FINDING = {"policyName": "no-latest", "policyPackName": "workshop", "enforcementLevel": "mandatory", "message": "No."}
DIGEST = {
    "steps": [step("create", "kubernetes:core/v1:Secret", "s", None, manifest("Secret", "s", data={"a": "Zm9v"}))]
}


class Engine:
    """Prints a preview, writes events, and ends with a status."""

    def __init__(self, status: int = 0, printed: str = json.dumps(DIGEST)) -> None:
        self.status, self.printed = status, printed
        self.errors = "sandbox: a line"
        self.command: list[str] = []
        self.variables: Mapping[str, str] = {}

    def run(self, command: Sequence[str], output: Path, errors: Path, variables: Mapping[str, str]) -> int:
        """Write down what is asked, and answer."""
        self.command, self.variables = [*command], variables
        output.write_text(self.printed)
        errors.write_text(f"{self.errors}\n")
        events = [{"sequence": 1}, {"policyEvent": FINDING}, {"policyEvent": FINDING}]
        Path(self.after("--event-log")).write_text("\n".join(map(json.dumps, events)))
        return self.status

    def after(self, option: str) -> str:
        """Return an option's value."""
        return self.command[self.command.index(option) + 1]


def test_a_preview_is_kept_with_its_findings_and_without_its_secrets(tmp_path: Path) -> None:
    engine = Engine()

    assert record("dev", tmp_path / "kept", plan=True, policies=["policies"], run=engine.run) == 0
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "policies.json",
        "preview.json",
        "preview.log",
        "status",
    ]
    assert "Zm9v" not in (tmp_path / "kept" / "preview.json").read_text()
    told = recording.read_result(tmp_path / "kept", "dev")
    assert told.succeeded
    assert [each.policy for each in told.findings or ()] == ["no-latest"]
    assert [each.op for each in told.digest.steps] == ["create"]
    assert engine.after("--save-plan") == str(tmp_path / "kept-plan.json")
    assert engine.after("--policy-pack") == "policies"


def test_a_preview_without_policies_says_nothing_of_them(tmp_path: Path) -> None:
    engine = Engine()
    record("dev", tmp_path, plan=False, policies=[], run=engine.run)

    assert recording.read_result(tmp_path, "dev").findings is None
    assert "--save-plan" not in engine.command


def test_a_preview_that_fails_is_kept_as_one_that_failed(tmp_path: Path) -> None:
    assert record("dev", tmp_path, plan=False, policies=[], run=Engine(255, "").run) == 255
    told = recording.read_result(tmp_path, "dev")

    assert not told.succeeded
    assert told.log == "sandbox: a line"


@pytest.mark.parametrize(
    "said",
    [
        "error: no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one",
        "error: no stack named 'dev' found",
        "sandbox: error: Pulumi.dev.yaml does not exist: name a stack that has a file there",
    ],
)
def test_a_stack_that_was_removed_fails_no_pull_request(tmp_path: Path, said: str) -> None:
    engine = Engine(255, "")
    engine.errors = said

    assert record("dev", tmp_path, plan=True, policies=["policies"], run=engine.run) == 0
    told = recording.read_result(tmp_path, "dev")
    assert told.succeeded
    assert list(told.digest.list_changes()) == []
    assert list_complaints(told) == "Stack dev was removed. Take it out of STACKS."


def test_a_command_runs_with_its_output_and_errors_apart(tmp_path: Path) -> None:
    program = "import os, sys; print(os.environ['X']); print('no', file=sys.stderr); sys.exit(3)"
    status = run_to_files([sys.executable, "-c", program], tmp_path / "out", tmp_path / "err", {"X": "yes"})

    assert (status, (tmp_path / "out").read_text(), (tmp_path / "err").read_text()) == (3, "yes\n", "no\n")


def test_from_the_artifact_to_the_comment(tmp_path: Path) -> None:
    record("dev", tmp_path, plan=False, policies=[], run=Engine().run)
    about = ["--stack", "dev", "--folder", str(tmp_path), "--commit", "abc", "--run-url", "https://x.example.com"]

    assert cli.main(["comment", *about, "--to", f"{tmp_path}/c.md", "--whole", f"{tmp_path}/d"]) == 0
    assert (tmp_path / "c.md").read_text().startswith("#### An `up` of `dev` would")
    assert "Secret booksapp/s" in (tmp_path / "d").read_text()
