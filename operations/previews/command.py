"""`python -m operations comment` and its kin: a preview's way into a pull request."""

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from operations.github import API, Repository
from operations.previews import artifact, posting, pull_requests, recording
from operations.previews.comment import Origin, compose, whole_diff
from operations.problem import InputError, Problem

COMMANDS = ("record-preview", "comment", "post-comment", "reviewed-run")


def main(arguments: Sequence[str]) -> int:
    """Run one command; return its exit status. Raises InputError with what is wrong."""
    chosen = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = chosen.run
    return run(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="operations", description=__doc__)
    commands = parser.add_subparsers(required=True)
    record = commands.add_parser("record-preview", help="preview a stack into a folder")
    record.add_argument("--plan", action="store_true", help="save a plan, too")
    record.add_argument(
        "--policy-pack", action="append", default=[], help="a folder of policies that judge the preview"
    )
    record.set_defaults(run=_record)
    comment = commands.add_parser("comment", help="make a comment of such a folder")
    comment.add_argument("--commit", required=True, help="the commit that was previewed")
    comment.add_argument("--run", type=int, required=True, dest="number", help="a number, higher for each later run")
    comment.add_argument("--run-url", required=True, help="where the run is shown")
    comment.add_argument("--sandbox", action="store_true", help="it was made on a sandbox, without credentials")
    comment.add_argument("--to", type=Path, required=True, help="the file to write the comment to")
    comment.add_argument("--whole", type=Path, help="a file for the whole diff, of which a comment may hold a part")
    comment.set_defaults(run=_comment)
    for each in (record, comment):
        each.add_argument("--folder", type=Path, required=True, help="the preview's files")
    post = commands.add_parser("post-comment", help="put a comment on its pull request")
    post.add_argument("--file", type=Path, required=True, help="the comment")
    post.add_argument("--head-owner", required=True, help="the owner of the pull request's head")
    post.add_argument("--head-branch", required=True, help="its branch")
    post.add_argument("--commit", required=True, help="its commit")
    post.set_defaults(run=_post)
    reviewed = commands.add_parser("reviewed-run", help="print the run that previewed what a merge brought, if any did")
    reviewed.add_argument("--commit", required=True, help="the commit on the main branch")
    reviewed.add_argument("--workflow", default="preview.yml", help="the workflow's file")
    reviewed.set_defaults(run=_reviewed)
    for each in (record, comment, post):
        each.add_argument("--stack", required=True, help="the stack's name")
    for each in (post, reviewed):
        each.add_argument("--repository", required=True, help="owner/name")
    return parser


def _record(chosen: argparse.Namespace) -> int:
    return recording.record(chosen.stack, chosen.folder, plan=chosen.plan, policies=chosen.policy_pack)


def _comment(chosen: argparse.Namespace) -> int:
    account = artifact.read(chosen.folder, chosen.stack)
    origin = Origin(chosen.commit, chosen.run_url, chosen.number, chosen.sandbox)
    chosen.to.write_text(compose(account, origin, datetime.now(UTC)), encoding="utf-8")
    if chosen.whole:
        chosen.whole.write_text(whole_diff(account), encoding="utf-8")
    return 0


def _post(chosen: argparse.Namespace) -> int:
    repository = _repository(chosen.repository)
    number = pull_requests.of_head(repository, chosen.head_owner, chosen.head_branch, chosen.commit)
    if number is None:
        print(f"No open pull request has {chosen.commit} as its head any more; nothing is posted.")
        return 0
    done = posting.post(repository, number, chosen.stack, chosen.file.read_text(encoding="utf-8"))
    print(f"The comment of stack {chosen.stack} on pull request {number}: {done}.")
    return 0


def _reviewed(chosen: argparse.Namespace) -> int:
    run = pull_requests.reviewed_run(_repository(chosen.repository), chosen.commit, chosen.workflow)
    print("" if run is None else run)
    return 0


def _repository(name: str) -> Repository:
    token = os.environ.get("GITHUB_TOKEN", "")
    if not token:
        cure = "Set it in the step's `env` to the job's token."
        raise InputError([Problem("GITHUB_TOKEN", "it is not set", "GitHub has to know who asks", cure)])
    return Repository(name, token, os.environ.get("GITHUB_API_URL", API))
