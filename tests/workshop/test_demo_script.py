"""`make demo`: the sections of docs/demos.md, which are written in one place."""

import re

import pytest

from tests.program import ROOT
from workshop import cli
from workshop.demo_script import read_scripts, set_stack

PAGE = (ROOT / "docs/demos.md").read_text(encoding="utf-8")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.chdir(ROOT)
    return cli.main(["demo", "--stack", "mine", *arguments])


def test_every_demo_has_a_script_with_what_it_teaches_and_commands() -> None:
    found = read_scripts(PAGE)

    assert {"booksapp", "podinfo", "circuit-breaking", "progressive-delivery"} <= set(found)
    for name in ("booksapp", "podinfo", "circuit-breaking", "progressive-delivery"):
        assert "What it teaches: " in found[name]
        assert "```sh" in found[name]
        assert "What to change next" in found[name]


def test_a_script_is_the_pages_text_with_the_stacks_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "circuit-breaking") == 0
    shown = capsys.readouterr().out

    assert "make up STACK=mine" in shown
    assert "STACK=kind" not in shown
    assert shown.count("\n## ") == 0, "no other section"
    text = re.sub(r"STACK=\w+", "STACK=mine", PAGE)
    assert all(line in text for line in shown.splitlines()[1:])


@pytest.mark.parametrize(
    ("names", "status", "said"),
    [
        ([], 0, "\npodinfo: a header chooses the backend\n"),
        (["bookapp"], 1, "There is no demo 'bookapp'; the demos are booksapp, podinfo,"),
    ],
)
def test_without_a_known_name_the_demos_are_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], names: list[str], status: int, said: str
) -> None:
    assert run(monkeypatch, *names) == status
    assert said in "".join(capsys.readouterr())


def test_only_the_stacks_name_is_replaced() -> None:
    assert (
        set_stack("`make up STACK=kind` and make x STACK=kind && y", "a") == "`make up STACK=a` and make x STACK=a && y"
    )


def test_a_script_that_is_asked_for_on_the_sandbox_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_REACHES", "kubeconfig")

    assert set_stack("make x STACK=kind && y", "dev") == "make x STACK=dev ON_SANDBOX=1 && y"
