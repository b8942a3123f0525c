"""Posts comments: each stack has exactly one on its pull request, also if several runs post at the same time."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from clients.github import API, Repository
from model.json_values import at, entries
from model.problem import InputError, Problem
from workshop.previews.comment import Origin, compose, marker, whole_diff
from workshop.previews.recording import read_account


def find_pull_request(repository: Repository, owner: str, branch: str, commit: str) -> int | None:
    """Return the number of the open pull request whose head is this commit; None if there is none any more."""
    for each in repository.pages("/pulls", state="open", head=f"{owner}:{branch}"):
        number = each.get("number")
        if at(each, "head", "sha") == commit and isinstance(number, int):
            return number
    return None


def find_reviewed_run(repository: Repository, commit: str, workflow: str) -> int | None:
    """Return the run of `workflow` that previewed the pull request which brought `commit`; None if none succeeded."""
    for each in repository.pages(f"/commits/{commit}/pulls"):
        head = at(each, "head", "sha")
        if each.get("merge_commit_sha") != commit or not isinstance(head, str):
            continue
        path = f"/actions/workflows/{workflow}/runs?event=pull_request&status=success&per_page=20&head_sha={head}"
        numbers = [at(run, "id") for run in entries(repository.get(path).get("workflow_runs"))]
        return max((number for number in numbers if isinstance(number, int)), default=None)
    return None


BOT = "github-actions[bot]"
"""The author of comments that are posted with a workflow's token."""
ATTEMPTS = 6

_RUN = re.compile(r"^<!-- run (\d+) -->$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Comment:
    """A comment on the pull request."""

    number: int
    body: str

    @property
    def run(self) -> int:
        """The run that wrote it."""
        found = _RUN.search(self.body)
        return int(found[1]) if found else 0


def post(repository: Repository, pull_request: int, stack: str, body: str, author: str = BOT) -> str:
    """Keep one comment of `author` for a stack, with `body` unless a later run was faster; return what was done.

    Two runs that post at once may both create one. Each reads again after it has written, keeps the first and
    deletes the others: the last writer sees all of them.

    Raises InputError if GitHub refuses, or if other runs keep changing the comments.
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
        # GitHub may change white space, so a comment that was written once is not compared again.
        settled = first.run == newest.run and (bool(done) or first.body == newest.body)
        if settled and not others:
            return (done or "unchanged") if newest is own else "left as it is: a later run was faster"
        if not settled and repository.send("PATCH", f"/issues/comments/{first.number}", {"body": newest.body}):
            done = done or "updated"
        for other in others:
            repository.send("DELETE", f"/issues/comments/{other.number}")
    problem, fix = f"after {ATTEMPTS} attempts there is not exactly one comment", "Run the job again."
    raise InputError([Problem(f"pull request {pull_request}", problem, "a stack has one", fix)])


def _found(repository: Repository, where: str, stack: str, author: str) -> Iterator[Comment]:
    """Yield the stack's comments: the author's comments with its marker, on all pages."""
    for each in repository.pages(where):
        body, number = each.get("body"), each.get("id")
        if not isinstance(body, str) or not isinstance(number, int) or at(each, "user", "login") != author:
            continue
        text = body.replace("\r\n", "\n").strip()
        if text.startswith(f"{marker(stack)}\n"):
            yield Comment(number, text)


class Head(NamedTuple):
    """The head of a pull request."""

    owner: str
    branch: str
    commit: str


def write_comment(stack: str, folder: Path, origin: Origin, to: Path, whole: Path | None) -> None:
    """Write the comment about the preview in `folder`, and the diff of which it may hold a part only."""
    account = read_account(folder, stack)
    to.write_text(compose(account, origin, datetime.now(UTC)), encoding="utf-8")
    if whole:
        whole.write_text(whole_diff(account), encoding="utf-8")


def post_comment(stack: str, file: Path, repository: str, head: Head) -> str:
    """Put the comment in `file` on the pull request of `head`; return what was done, as a sentence."""
    github = open_repository(repository)
    number = find_pull_request(github, *head)
    if number is None:
        return f"No open pull request has {head.commit} as its head any more; nothing is posted."
    done = post(github, number, stack, file.read_text(encoding="utf-8"))
    return f"The comment of stack {stack} on pull request {number}: {done}."


def open_repository(name: str) -> Repository:
    """Return the repository, asked with the job's token. Raises InputError if there is none."""
    token = os.environ.get("GITHUB_TOKEN", "")
    if not token:
        fix = "Set it in the step's `env` to the job's token."
        raise InputError([Problem("GITHUB_TOKEN", "it is not set", "GitHub requires a token", fix)])
    return Repository(name, token, os.environ.get("GITHUB_API_URL", API))
