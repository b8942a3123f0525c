"""Texts in Markdown whose content cannot break out of them.

A preview's texts are foreign: they may hold fences, HTML, mentions of people and links to issues. All of them become
code, in which GitHub interprets none of these, between more backticks than they have in a row.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

_TICKS = re.compile("`+")
_KEPT = "\n"
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories of characters that are invisible, or change the order in which text is read."""


def visible(text: str) -> str:
    """Return a text with its invisible characters as escapes."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(
        each
        if each in _KEPT or unicodedata.category(each) not in _UNSEEN
        else each.encode("unicode_escape").decode("ascii")
        if not "\ud800" <= each <= "\udfff"
        else f"\\u{ord(each):04x}"
        for each in text
    )


def code(text: str, longest: int = 100) -> str:
    """Return a text as code within a line."""
    line = " ".join(visible(text).split()) or " "
    line = line if len(line) <= longest else f"{line[: longest - 1]}…"
    ticks = "`" * (_longest_run(line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def fence(text: str, language: str = "") -> str:
    """Return a text as a block of code."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def folded(title: str, content: str) -> str:
    """Return content that a click unfolds; the title is not escaped."""
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def format_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose cells are code."""
    cells = ([code(cell, 300).replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in (headers, ["---"] * len(headers), *cells))


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
