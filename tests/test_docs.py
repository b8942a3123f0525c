"""The documentation: its generated parts are up to date, and everything that it names exists."""

import re
from pathlib import Path

import pytest

from settings import Settings
from tests.docs import COMMANDS, GENERATED, TARGETS, WHOLE, draw, shown
from tests.program import ROOT, run_program
from tests.settings_keys import settings

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LONGEST_README = 160
CODE = re.compile(r"^```.*?^```$|`[^`]*`", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^ *```(?:sh|bash|console)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"(?<![^\s;&|()])#.*")
MODIFIER = re.compile(r"\$\w+:\w+")
HANDOUT = ROOT / "workshop" / "handout.md"
FILES = (
    r"(?:\.github|charts|clients|components|docs|gitops|model|policies|preflight|sandbox|settings|stack|tests|workshop)"
)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code(page: Path) -> str:
    """Return the code on a page."""
    return "\n".join(CODE.findall(page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """Return the names by which GitHub links to a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", GENERATED)
def test_the_generated_part_of_a_page_is_up_to_date(path: str) -> None:
    assert shown(path) == GENERATED[path](), "renew it with `make docs`, and read the diff"


def test_every_setting_has_a_purpose() -> None:
    assert [each.key for each in settings(Settings) if not each.purpose] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST_README


@every_page
def test_every_link_leads_to_an_existing_file_and_heading(page: Path) -> None:
    found = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8"))
    targets = [((page.parent / path).resolve() if path else page, anchor) for path, anchor in found]

    assert [path for path, _ in targets if not path.exists()] == []
    assert [anchor for path, anchor in targets if anchor and anchor not in anchors(path)] == []


def test_the_readme_links_to_every_page() -> None:
    links = set(re.findall(r"\]\((docs/[^)#]*)\)", (ROOT / "README.md").read_text(encoding="utf-8")))

    assert {str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")} <= links


@every_page
def test_every_target_command_and_file_that_a_page_names_exists(page: Path) -> None:
    text = code(page)
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", text)) - TARGETS.keys() == set()
    assert set(re.findall(r"-m workshop ([a-z][a-z-]*)", text)) - COMMANDS.keys() == set()
    assert [path for path in re.findall(rf"(?<![\w/.])({FILES}/[\w./-]*\w)", text) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, HANDOUT], ids=lambda page: str(page.relative_to(ROOT)))
@pytest.mark.parametrize("wrong", [COMMENT, MODIFIER], ids=["comment", "modifier"])
def test_no_shell_block_has_what_an_interactive_zsh_reads_in_another_way(page: Path, wrong: re.Pattern[str]) -> None:
    """There `#` begins no comment, so its words are arguments, and the `:r` of `$ACCOUNT:role` cuts off a suffix."""
    assert [found for block in SHELL.findall(page.read_text(encoding="utf-8")) for found in wrong.findall(block)] == []


@every_page
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    keys = {each.key for each in settings(Settings)}
    sections = {key.rsplit(".", number)[0] for key in keys for number in (1, 2, 3)}
    tops = "|".join(sorted({key.partition(".")[0] for key in keys if "." in key}))
    named = re.findall(rf"[`:=']((?:{tops})(?:\.[a-zA-Z]+)+)\b", code(page))

    assert set(named) - keys - sections == set()


def test_the_diagram_has_every_part_of_the_program() -> None:
    deployment = run_program(WHOLE)
    parts = {each.name for each in deployment.registrations if each.type.startswith("linkerd-workshop:")}
    shown = draw(deployment)

    assert {name for name in parts if f"{name}[" not in shown} <= {
        each.name for each in deployment.registrations if each.parent.count("$") >= 1
    }, "only what lies inside a component of a component is left out"
