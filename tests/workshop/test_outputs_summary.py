"""The outputs in a job's summary."""

import io

import pytest
from rich.console import Console

from clients import pulumi_cli
from settings import Settings
from tests.doubles.drain_double import always
from workshop import outputs_summary


def test_every_output_is_a_row_and_a_secret_one_stays_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs: dict[str, object] = {
        "demos": {"booksapp": "kubectl | less", "argoCdPassword": "[secret]", "evil": "`x`\n| @everyone |"},
        "certificatesExpire": {"issuer": "2027-11-26"},
        "token": "not marked as a secret",
    }

    monkeypatch.setattr(pulumi_cli, "read_outputs", always(outputs))
    console = Console(file=io.StringIO(), width=40)

    assert outputs_summary.report(Settings(), "dev", console) == 0
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "#### Outputs of `dev`",
        "",
        "| output | value |",
        "| --- | --- |",
        "| `certificatesExpire.issuer` | `2027-11-26` |",
        "| `demos.argoCdPassword` | `[secret]` |",
        "| `demos.booksapp` | `kubectl \\| less` |",
        "| `demos.evil` | `` `x` \\| @everyone \\| `` |",
        "| `token` | `[secret]` |",
    ]


def test_a_stack_before_its_first_up_has_a_sentence_instead_of_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pulumi_cli, "read_outputs", always({}))

    assert outputs_summary.report(Settings(), "dev", Console()) == 0
    assert capsys.readouterr().out == "Stack `dev` has no outputs yet: `make up STACK=dev` creates them.\n"
