"""A stack of an organization has the name that Pulumi gives it, and the file that Pulumi reads."""

from pathlib import Path

import pytest

from conventions import PROJECT
from operations import teardown_command
from operations.problem import InputError
from operations.stack_cli import StackCli
from operations.stack_names import is_same, short_name, stack_file
from operations.startup import expectations
from operations.teardown import teardown
from settings import Settings
from tests.operations.test_teardown import PAST, Backend, order, write

QUALIFIED = ["dev", "acme/dev", f"acme/{PROJECT}/dev"]


@pytest.mark.parametrize("stack", QUALIFIED)
def test_its_file_is_that_of_its_short_name(stack: str) -> None:
    assert stack_file(stack) == Path("Pulumi.dev.yaml")
    assert stack_file(stack, Path("folder")) == Path("folder/Pulumi.dev.yaml")


@pytest.mark.parametrize("stack", QUALIFIED)
def test_the_program_knows_it_by_its_short_name(stack: str) -> None:
    assert short_name(stack) == "dev"
    assert expectations(Settings(), stack).stack == "dev", "what it creates is marked with what pulumi.get_stack() says"


@pytest.mark.parametrize(
    "stack", ["", "/dev", "acme/", "a/b/c/dev", "acme//dev", "../dev", "..", "a b", "dev\n", "x" * 101]
)
def test_what_is_no_name_is_told_so(stack: str) -> None:
    with pytest.raises(InputError, match="it is no name of a stack") as caught:
        stack_file(stack)
    assert len(str(caught.value).splitlines()) == 2


def test_a_stack_of_another_project_is_refused() -> None:
    with pytest.raises(InputError, match=f"it is in project other, but the stacks of this program are in {PROJECT}"):
        stack_file("acme/other/dev")


@pytest.mark.parametrize(
    ("listed", "stack", "same"),
    [
        ("dev", "dev", True),
        ("organization/workshop/dev", "dev", True),
        ("acme/dev", "acme/dev", True),
        ("dev", "acme/dev", True),
        (f"acme/{PROJECT}/dev", "acme/dev", True),
        ("other/dev", "acme/dev", False),
        (f"other/{PROJECT}/dev", f"acme/{PROJECT}/dev", False),
        ("acme/prod", "acme/dev", False),
        ("acme", "dev", False),
    ],
)
def test_it_is_found_among_those_of_its_backend(listed: str, stack: str, *, same: bool) -> None:
    assert is_same(listed, stack) is same


@pytest.mark.parametrize("stack", QUALIFIED)
def test_a_teardown_takes_it_away_under_its_whole_name(tmp_path: Path, stack: str) -> None:
    write(tmp_path, dev={"workshopEnds": PAST})
    backend = Backend({"dev": 9}, owner="acme/linkerd-workshop/")
    (outcome,) = teardown([stack], tmp_path, order(), lambda name: StackCli(name, backend.run))

    assert outcome.done == "taken away; nothing is left"
    assert backend.changes == [
        f"make --no-print-directory destroy STACK={stack} YES=--yes",
        f"{stack} stack rm {stack} --yes --preserve-config",
    ]


def test_the_check_reads_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, dev={"workshopEnds": "2020-01-01"})

    assert teardown_command.main(["--check", "--stack", "acme/dev"]) == 1
