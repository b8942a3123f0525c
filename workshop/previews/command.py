"""A preview's way into a pull request: the comment, where it goes, and which run had it reviewed."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from clients.github import API, Repository
from model.problem import InputError, Problem
from workshop.previews import artifact, posting, pull_requests
from workshop.previews.comment import Origin, compose, whole_diff


class Head(NamedTuple):
    """The head of a pull request."""

    owner: str
    branch: str
    commit: str


def write_comment(stack: str, folder: Path, origin: Origin, to: Path, whole: Path | None) -> None:
    """Write the comment about the preview in `folder`, and the diff of which it may hold a part only."""
    account = artifact.read(folder, stack)
    to.write_text(compose(account, origin, datetime.now(UTC)), encoding="utf-8")
    if whole:
        whole.write_text(whole_diff(account), encoding="utf-8")


def post_comment(stack: str, file: Path, repository: str, head: Head) -> str:
    """Put the comment in `file` on the pull request of `head`; return what was done, as a sentence."""
    github = _repository(repository)
    number = pull_requests.of_head(github, *head)
    if number is None:
        return f"No open pull request has {head.commit} as its head any more; nothing is posted."
    done = posting.post(github, number, stack, file.read_text(encoding="utf-8"))
    return f"The comment of stack {stack} on pull request {number}: {done}."


def reviewed_run(repository: str, commit: str, workflow: str) -> int | None:
    """Return the run that previewed the pull request which brought `commit`; None if none succeeded."""
    return pull_requests.reviewed_run(_repository(repository), commit, workflow)


def _repository(name: str) -> Repository:
    token = os.environ.get("GITHUB_TOKEN", "")
    if not token:
        fix = "Set it in the step's `env` to the job's token."
        raise InputError([Problem("GITHUB_TOKEN", "it is not set", "GitHub has to know who asks", fix)])
    return Repository(name, token, os.environ.get("GITHUB_API_URL", API))
