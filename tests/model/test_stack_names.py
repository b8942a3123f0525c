"""A stack of an organization has the name that Pulumi gives it, and the file that Pulumi reads."""

from pathlib import Path

import pytest

from clients.pulumi_cli import StackCli
from model.names import PROJECT
from model.problem import InputError
from model.stack_names import short_name, stack_file
from preflight.startup import expectations
from settings import Settings
from tests.doubles.pulumi_double import play_pulumi
from tests.workshop.test_teardown import PAST, Backend, order, write
from workshop import cli
from workshop.teardown import tear_down_stacks

QUALIFIED = ["dev", "acme/dev", f"acme/{PROJECT}/dev"]


@pytest.mark.parametrize("stack", QUALIFIED)
def test_the_program_and_the_file_of_a_stack_know_it_by_its_short_name(stack: str) -> None:
    assert short_name(stack) == "dev"
    assert stack_file(stack, Path("folder")) == Path("folder/Pulumi.dev.yaml")
    assert expectations(Settings(), stack).stack == "dev", "what it creates is marked with what pulumi.get_stack() says"


@pytest.mark.parametrize(
    "stack", ["", "/dev", "acme/", "a/b/c/dev", "acme//dev", "../dev", "..", "a b", "dev\n", "x" * 101]
)
def test_an_invalid_name_of_a_stack_is_refused(stack: str) -> None:
    with pytest.raises(InputError, match="it is no name of a stack") as caught:
        stack_file(stack)
    assert len(str(caught.value).splitlines()) == 2


def test_a_stack_of_another_project_is_refused() -> None:
    with pytest.raises(InputError, match=f"it is in project other, but the stacks of this program are in {PROJECT}"):
        stack_file("acme/other/dev")


@pytest.mark.parametrize("stack", QUALIFIED)
def test_a_teardown_removes_a_stack_by_its_whole_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: str
) -> None:
    play_pulumi(monkeypatch)
    write(tmp_path, dev={"workshopEnds": PAST})
    backend = Backend()
    (outcome,) = tear_down_stacks([stack], tmp_path, order(), lambda name: StackCli(name, backend.run))

    assert outcome.done == "taken away; nothing is left"
    assert backend.changes == [
        f"make --no-print-directory destroy STACK={stack} YES=--yes",
        f"pulumi stack rm --yes --preserve-config --stack {stack}",
    ]


def test_the_check_of_a_teardown_reads_the_file_of_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    play_pulumi(monkeypatch)
    write(tmp_path, dev={"workshopEnds": "2020-01-01"})

    assert cli.main(["teardown", "--check", "--stack", "acme/dev"]) == 0
    assert "Stack acme/dev is over since 2020-01-02 00:00 UTC" in capsys.readouterr().out
