"""Puts a comment on a pull request so that a stack has exactly one there, whoever else posts at the same time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clients.github import Repository
from model.json_values import at
from model.problem import InputError, Problem
from workshop.previews.comment import marker

BOT = "github-actions[bot]"
"""Who posts with a workflow's own token."""
ATTEMPTS = 6

_RUN = re.compile(r"^<!-- run (\d+) -->$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Comment:
    """A comment that stands there."""

    number: int
    body: str

    @property
    def run(self) -> int:
        """The run that wrote it."""
        found = _RUN.search(self.body)
        return int(found[1]) if found else 0


def post(repository: Repository, pull_request: int, stack: str, body: str, author: str = BOT) -> str:
    """Have one comment of `author` for a stack, with `body` unless a later run was faster; return what was done.

    Two that post at once may both make one. Each looks again after it has written, keeps the first and removes the
    others: whoever writes last sees all of them.

    Raises InputError if GitHub refuses, or if others undo the work again and again.
    """
    where = f"/issues/{pull_request}/comments"
    own, done = Comment(0, body.strip()), ""
    for _ in range(ATTEMPTS):
        found = sorted(_found(repository, where, stack, author))
        if not found:
            repository.send("POST", where, {"body": own.body})
            done = "created"
            continue
        first, *others = found
        newest = max([*found, own], key=lambda each: (each.run, each is own))
        # What GitHub keeps may differ in white space from what it was sent: once written is written.
        settled = first.run == newest.run and (bool(done) or first.body == newest.body)
        if settled and not others:
            return (done or "there already") if newest is own else "left as it is: a later run was faster"
        if not settled and repository.send("PATCH", f"/issues/comments/{first.number}", {"body": newest.body}):
            done = done or "updated"
        for other in others:
            repository.send("DELETE", f"/issues/comments/{other.number}")
    problem, fix = f"after {ATTEMPTS} attempts there is not exactly one comment", "Run the job again."
    raise InputError([Problem(f"pull request {pull_request}", problem, "a stack has one", fix)])


def _found(repository: Repository, where: str, stack: str, author: str) -> Iterator[Comment]:
    """Yield the stack's comments: those that begin with its marker and are the author's own, on all pages."""
    for each in repository.pages(where):
        body, number = each.get("body"), each.get("id")
        if not isinstance(body, str) or not isinstance(number, int) or at(each, "user", "login") != author:
            continue
        text = body.replace("\r\n", "\n").strip()
        if text.startswith(f"{marker(stack)}\n"):
            yield Comment(number, text)
