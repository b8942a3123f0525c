"""The record of a run of `pulumi preview`: what is kept of it, and how it is read again."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.model.test_hiding import Engine
from tests.workshop.preview_documents import comment, manifest, step
from workshop import cli
from workshop.previews.recording import read_result, record, run_to_files
from workshop.previews.summary import list_complaints

FINDING = {"policyName": "no-latest", "policyPackName": "workshop", "enforcementLevel": "mandatory", "message": "No."}
DIGEST = {
    "steps": [step("create", "kubernetes:core/v1:Secret", "s", None, manifest("Secret", "s", data={"a": "Zm9v"}))]
}
EVENTS = "\n".join(map(json.dumps, [{"sequence": 1}, {"policyEvent": FINDING}, {"policyEvent": FINDING}]))


def engine_with(status: int = 0, printed: str = json.dumps(DIGEST), errors: str = "sandbox: a line") -> Engine:
    return Engine(printed, errors, EVENTS, status)


def test_a_preview_is_kept_with_its_findings_and_without_its_secrets(tmp_path: Path) -> None:
    engine = engine_with()

    assert record("dev", tmp_path / "kept", plan=True, policies=["policies"], run=engine.run) == 0
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {
        *("policies.json", "preview.json", "preview.log", "status")
    }
    assert "Zm9v" not in (tmp_path / "kept" / "preview.json").read_text()
    found = read_result(tmp_path / "kept", "dev")
    assert found.succeeded
    assert [each.policy for each in found.findings or ()] == ["no-latest"]
    assert [each.op for each in found.digest.steps] == ["create"]
    options = " ".join(engine.command)
    assert f"--save-plan {tmp_path}/kept-plan.json --policy-pack policies" in options


def test_a_preview_without_policies_says_nothing_of_them(tmp_path: Path) -> None:
    engine = engine_with()
    record("dev", tmp_path, plan=False, policies=[], run=engine.run)

    assert read_result(tmp_path, "dev").findings is None
    assert "--save-plan" not in engine.command


def test_a_preview_that_fails_is_kept_as_one_that_failed(tmp_path: Path) -> None:
    assert record("dev", tmp_path, plan=False, policies=[], run=engine_with(255, "").run) == 255
    found = read_result(tmp_path, "dev")

    assert not found.succeeded
    assert found.log == "sandbox: a line"


@pytest.mark.parametrize(
    "said",
    [
        "error: no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one",
        "error: no stack named 'dev' found",
        "sandbox: error: Pulumi.dev.yaml does not exist: name a stack that has a file there",
    ],
)
def test_a_stack_that_was_removed_fails_no_pull_request(tmp_path: Path, said: str) -> None:
    assert record("dev", tmp_path, plan=True, policies=["policies"], run=engine_with(255, "", said).run) == 0
    found = read_result(tmp_path, "dev")
    assert found.succeeded
    assert list(found.digest.list_changes()) == []
    assert list_complaints(found) == "Stack dev was removed. Take it out of STACKS."


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "The run ended without a word."),
        ({"status": "0"}, "There is no preview."),
        ({"status": "0", "preview.json": "{]"}, "no preview"),
        ({"status": "0", "preview.json": '{"steps": 5}'}, "no preview"),
        ({"status": "0", "preview.json": "[" * 100_000}, "no preview"),
        ({"status": "255", "preview.json": "", "preview.log": "error: locked"}, "error: locked"),
        ({"status": "255", "preview.json": '{"steps": []}'}, "The run ended without a word."),
        ({"status": "x", "preview.json": '{"steps": []}'}, "The run ended without a word."),
    ],
)
def test_an_artifact_that_is_no_preview_is_a_failed_one(tmp_path: Path, files: dict[str, str], why: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    text = comment(read_result(tmp_path, "dev"))

    assert "failed" in text
    assert why in text


def test_a_symbolic_link_in_an_artifact_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text('{"steps": []}')
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / "preview.json").symlink_to(tmp_path / "elsewhere")
    (folder / "status").write_text("0")

    assert not read_result(folder, "dev").succeeded


def test_findings_that_cannot_be_read_are_reported_as_unknown(tmp_path: Path) -> None:
    for name, content in {"preview.json": "{}", "status": "0", "policies.json": "no"}.items():
        (tmp_path / name).write_text(content)
    found = read_result(tmp_path, "dev")

    assert found.findings is None
    assert "cannot be read" in found.log


def test_output_and_errors_of_a_command_go_to_separate_files(tmp_path: Path) -> None:
    program = "import os, sys; print(os.environ['X']); print('no', file=sys.stderr); sys.exit(3)"
    status = run_to_files([sys.executable, "-c", program], tmp_path / "out", tmp_path / "err", {"X": "yes"})

    assert (status, (tmp_path / "out").read_text(), (tmp_path / "err").read_text()) == (3, "yes\n", "no\n")


def test_the_command_writes_the_comment_and_the_whole_diff_of_a_record_masked_again(tmp_path: Path) -> None:
    record("dev", tmp_path, plan=False, policies=[], run=engine_with().run)
    (tmp_path / "preview.json").write_text(json.dumps(DIGEST))  # a pull request's code may write it as it is
    about = ["--stack", "dev", "--folder", str(tmp_path), "--commit", "abc", "--run-url", "https://x.example.com"]

    assert cli.main(["comment", *about, "--to", f"{tmp_path}/c.md", "--whole", f"{tmp_path}/d"]) == 0
    assert (tmp_path / "c.md").read_text().startswith("#### An `up` of `dev` would")
    assert "Secret booksapp/s" in (tmp_path / "d").read_text()
    assert not any("Zm9v" in (tmp_path / each).read_text() for each in ("c.md", "d"))


def test_a_preview_whose_folder_cannot_be_written_to_leaves_nothing_unmasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def obstruct(_: Path) -> None:
        (tmp_path / "preview.json").mkdir()

    engine = engine_with(errors="password=Zm9v")
    engine.then = obstruct
    monkeypatch.setattr("workshop.previews.recording.record", partial(record, run=engine.run))

    assert cli.main(["record-preview", "--stack=dev", f"--folder={tmp_path}", "--policy-pack=p"]) == 1
    printed = "".join(capsys.readouterr())
    assert f"{tmp_path}/preview.json: Is a directory" in printed
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any("Zm9v" in text for text in [printed, *written])
    assert not any(path.exists() for path in engine.paths)
