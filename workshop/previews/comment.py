"""The comment on a pull request: a summary, and the diff of every object as far as GitHub's limit allows."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import yaml

from model.hiding import hidden_words
from workshop.previews.document import Step
from workshop.previews.markdown import code, fence, folded, visible
from workshop.previews.summary import PreviewResult, list_complaints, list_points, write_headline

LIMIT = 65_536
"""GitHub's documented limit in characters; they never exceed the measured limit, 262,144 bytes, at four bytes each."""
COMPLAINTS = 6_000
"""The most characters of errors and warnings in a comment; the beginning and the end are kept."""
RESERVE = 2_000
"""Characters reserved for the text around the diff."""


@dataclass(frozen=True)
class Origin:
    """The origin of a preview."""

    commit: str
    run_url: str
    sandbox: bool = False
    """True if it ran without credentials, on a sandbox that held the base revision."""


def whole_diff(result: PreviewResult) -> str:
    """Return every object's change."""
    return "\n".join(line for step in result.digest.list_changes() for line in list_diff_lines(step))


def compose(result: PreviewResult, origin: Origin, now: datetime) -> str:
    """Return the comment; its diff is cut at a line where all of it would be too long."""
    parts = [f"#### {write_headline(result)}"]
    parts.append("\n".join(f"- {point}" for point in list_points(result, now)))
    if told := list_complaints(result):
        title = "Warnings and errors" if result.succeeded else "Why it failed"
        parts.append(f"**{title}:**\n\n{fence(_shorten(visible(hidden_words(told)), COMPLAINTS))}")
    around = "\n\n".join([*parts, "\n".join(_list_footer(origin))])
    if diff := whole_diff(result):
        parts.append(_fold_diff(diff, LIMIT - len(around) - RESERVE, origin))
    # Each stack's comment is found by a mark that the posting action appends, wherever that is in a comment's text.
    return "\n\n".join([*parts, "\n".join(_list_footer(origin))]).replace("<!-- Sticky", "<! -- Sticky")


def _fold_diff(diff: str, room: int, origin: Origin) -> str:
    kept = diff if len(diff) <= room else diff[: diff.rfind("\n", 0, max(room, 0)) + 1]
    block = fence(kept, "diff")
    if len(block) - len(kept) > RESERVE:  # thousands of backticks: their fence would take all the room
        kept = kept.replace("`", "'")
        block = fence(kept, "diff")
    if kept == diff:
        return folded(f"Object by object ({_count(diff)})", block)
    cut = f"Cut here, after {_count(kept)} of {len(diff):,}. The whole is an artifact of [the run]({origin.run_url})."
    return folded(f"Object by object ({_count(diff)}, cut)", f"{block}\n\n{cut}")


def _count(text: str) -> str:
    return f"{len(text):,} characters"


def _list_footer(origin: Origin) -> Iterable[str]:
    if origin.sandbox:
        yield "Made without any credential, on a sandbox that held the base revision; real stacks may differ from it."
    yield f"Of commit {code(origin.commit[:12])}, by [this run]({origin.run_url})."


def _shorten(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters …\n{text[-half:]}"


LONGEST_LINE = 500
CONTEXT = 2
"""Lines that do not change around those that do."""


class _Dumper(yaml.CSafeDumper):
    """Writes texts line by line, so that a diff shows the lines that change in a long text."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  its base asks so
        """Write a repeated value again instead of an alias."""
        return True


def _represent_text(_: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _represent_text)


def list_diff_lines(step: Step) -> Iterator[str]:
    """Yield the lines of one object's diff."""
    reasons = f", because of {', '.join(step.replace_reasons)}" if step.op == "replace" and step.replace_reasons else ""
    yield visible(f"@@ {step.op} {step.title}{reasons} @@").replace("\n", "\\n")
    old = step.old.inputs if step.old and step.op != "create" else {}
    new = step.new.inputs if step.new and step.op != "delete" else {}
    found = False
    for line in _list_changed_lines(_dump_lines(old), _dump_lines(new)):
        found = True
        yield line
    if not found and (step.op == "update" or (step.op == "replace" and not reasons)):
        paths = ", ".join(sorted(step.detailed_diff)) or "what cannot be shown"
        yield visible(f"  only this changes: {paths}").replace("\n", "\\n")


def _dump_lines(value: object) -> list[str]:
    text = yaml.dump(value, Dumper=_Dumper, width=LONGEST_LINE, allow_unicode=True) if value else ""
    return visible(text).splitlines()


def _list_changed_lines(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield a diff; one with an empty side without comparing, which takes long on large objects."""
    if not old or not new:
        yield from (_shorten_line(f"-   {line}") for line in old)
        yield from (_shorten_line(f"+   {line}") for line in new)
        return
    for line in difflib.unified_diff(old, new, n=CONTEXT, lineterm=""):
        if line.startswith("@@"):
            yield "    ⋮"
        elif not line.startswith(("---", "+++")):
            yield _shorten_line(f"{line[0]}   {line[1:]}")


def _shorten_line(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line)} characters)"
