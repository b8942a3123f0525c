"""The comment on a pull request: at most as long as GitHub takes, and the whole beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from model.hiding import hidden_words
from workshop.previews import objects
from workshop.previews.markdown import code, fence, folded, visible
from workshop.previews.summary import Account, complaints, headline, points

LIMIT = 65_536
"""Characters of a comment, by GitHub's own words; measured are 262,144 bytes, which so many characters never exceed."""
COMPLAINTS = 6_000
"""Characters of what the engine complains of that a comment repeats; the first and the last words say most."""
RESERVE = 2_000
"""Characters for what stands around the diff."""


@dataclass(frozen=True)
class Origin:
    """Where a preview comes from."""

    commit: str
    run_url: str
    run: int
    """A number that is higher for every later run: an older one never writes over a newer one's words."""
    sandbox: bool = False
    """Whether it was made without credentials, on a sandbox that held the base revision."""


def marker(stack: str) -> str:
    """Return the line by which a stack's comment is found again."""
    return f"<!-- linkerd-workshop preview of {stack.encode('ascii', 'xmlcharrefreplace').decode()} -->"


def run_line(run: int) -> str:
    """Return the line that tells which run wrote a comment."""
    return f"<!-- run {run} -->"


def whole_diff(account: Account) -> str:
    """Return every object's change."""
    return "\n".join(line for step in account.digest.changed() for line in objects.lines(step))


def compose(account: Account, origin: Origin, now: datetime) -> str:
    """Return the comment; its diff is cut at a line where all of it would be too long."""
    parts = [f"{marker(account.stack)}\n{run_line(origin.run)}\n#### {headline(account)}"]
    parts.append("\n".join(f"- {point}" for point in points(account, now)))
    if told := complaints(account):
        title = "What it complains of" if account.succeeded else "Why it failed"
        parts.append(f"**{title}:**\n\n{fence(_shortened(visible(hidden_words(told)), COMPLAINTS))}")
    around = "\n\n".join([*parts, "\n".join(_footer(origin))])
    diff = whole_diff(account)
    if not diff:
        return around
    parts.append(_diff(diff, LIMIT - len(around) - RESERVE, origin))
    return "\n\n".join([*parts, "\n".join(_footer(origin))])


def _diff(diff: str, room: int, origin: Origin) -> str:
    kept = diff if len(diff) <= room else diff[: diff.rfind("\n", 0, max(room, 0)) + 1]
    block = fence(kept, "diff")
    if len(block) - len(kept) > RESERVE:  # backticks by the thousand: the fence that holds them would take all the room
        kept = kept.replace("`", "'")
        block = fence(kept, "diff")
    if kept == diff:
        return folded(f"Object by object ({_count(diff)})", block)
    cut = f"Cut here, after {_count(kept)} of {len(diff):,}. The whole is an artifact of [the run]({origin.run_url})."
    return folded(f"Object by object ({_count(diff)}, cut)", f"{block}\n\n{cut}")


def _count(text: str) -> str:
    return f"{len(text):,} characters"


def _footer(origin: Origin) -> Iterable[str]:
    if origin.sandbox:
        yield "Made without any credential, on a sandbox that held the base revision; real stacks may differ from it."
    yield f"Of commit {code(origin.commit[:12])}, by [this run]({origin.run_url})."


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters …\n{text[-half:]}"
