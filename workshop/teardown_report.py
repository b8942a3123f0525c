"""What a teardown tells: a table, warnings where GitHub shows them, and the summary of a job."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from settings.ending import Stage
from workshop.previews.markdown import code, visible
from workshop.teardown import Outcome

HEADERS = ("stack", "workshop", "teardown")


def tell(outcomes: Sequence[Outcome], console: Console, *, destroyed: bool) -> int:
    """Print what became of every stack; return 1 if something failed."""
    title = "Workshops" if destroyed else "Workshops (a dry run: nothing was changed)"
    table = Table(*HEADERS, title=Text(title), title_justify="left")
    for each in outcomes:
        table.add_row(*map(Text, (each.stack, each.sentence, each.done)))
    console.print(table)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotations(outcomes):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown(outcomes, title))
    return 1 if any(each.failed for each in outcomes) else 0


def annotations(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield what a run on GitHub shows at its top: workshops that end soon, and what failed."""
    for each in outcomes:
        if each.failed:
            yield f"::error title=Stack {_data(each.stack)}::{_data(f'{each.sentence}; {each.done}')}"
        elif each.stage is Stage.ENDING:
            later = "Set a later end in the stack's settings if it has to stay."
            yield f"::warning title=Workshop {_data(each.stack)} ends::{_data(f'{each.sentence}. {later}')}"


def markdown(outcomes: Iterable[Outcome], title: str) -> str:
    """Return the same as the table for a job's summary."""
    rows = [[code(each.stack), code(each.sentence, 300), code(each.done)] for each in outcomes]
    lines = [HEADERS, ["---"] * len(HEADERS), *rows]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    return f"#### {title}\n\n{table}\n\n"


def _data(text: str) -> str:
    """Return a text as a workflow command takes it."""
    escapes = {"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"}
    return "".join(escapes.get(each, each) for each in visible(text))
