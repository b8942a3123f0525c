"""`python -m workshop comment` and its kin: a preview's way into a pull request."""

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from clients.github import API, Repository
from model.problem import InputError, Problem
from workshop.previews import artifact, posting, pull_requests, recording
from workshop.previews.comment import Origin, compose, whole_diff

PATHS = ("--folder", "--to", "--file", "--log")
COMMANDS = ("record-preview", "record-failure", "comment", "post-comment", "reviewed-run")


def main(arguments: Sequence[str]) -> int:
    """Run one command; return its exit status. Raises InputError with what is wrong."""
    chosen = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = chosen.run
    return run(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workshop", description=__doc__)
    commands = parser.add_subparsers(required=True)
    record = commands.add_parser("record-preview", help="preview a stack into a folder")
    failure = commands.add_parser("record-failure", help="keep why there is no preview")
    comment = commands.add_parser("comment", help="make a comment of such a folder")
    post = commands.add_parser("post-comment", help="put a comment on its pull request")
    reviewed = commands.add_parser("reviewed-run", help="print the run that previewed what a merge brought, if any did")
    _add("--folder", "the preview's files", failure)
    _add("--log", "what the command said that failed", failure)
    runs = {record: _record, failure: _failure, comment: _comment, post: _post, reviewed: _reviewed}
    for each, run in runs.items():
        each.set_defaults(run=run)
    _describe(record, comment, post, reviewed)
    return parser


def _describe(
    record: argparse.ArgumentParser,
    comment: argparse.ArgumentParser,
    post: argparse.ArgumentParser,
    reviewed: argparse.ArgumentParser,
) -> None:
    record.add_argument("--plan", action="store_true", help="save a plan, too, beside the folder: <folder>-plan.json")
    record.add_argument(
        "--policy-pack", action="append", default=[], help="a folder of policies that judge the preview"
    )
    comment.add_argument("--run", type=int, required=True, dest="number", help="a number, higher for each later run")
    comment.add_argument("--sandbox", action="store_true", help="it was made on a sandbox, without credentials")
    comment.add_argument("--whole", type=Path, help="a file for the whole diff, of which a comment may hold a part")
    reviewed.add_argument("--workflow", default="preview.yml", help="the workflow's file")
    _add("--folder", "the preview's files", record, comment)
    _add("--stack", "the stack's name", record, comment, post)
    _add("--commit", "the commit that was previewed, or merged", comment, post, reviewed)
    _add("--repository", "owner/name", post, reviewed)
    for option, text in {"--run-url": "where the run is shown", "--to": "the file to write the comment to"}.items():
        _add(option, text, comment)
    for option, text in {
        "--file": "the comment",
        "--head-owner": "whose its head is",
        "--head-branch": "its branch",
    }.items():
        _add(option, text, post)


def _add(option: str, text: str, *parsers: argparse.ArgumentParser) -> None:
    for each in parsers:
        each.add_argument(option, required=True, help=text, type=Path if option in PATHS else str)


def _record(chosen: argparse.Namespace) -> int:
    return recording.record(chosen.stack, chosen.folder, plan=chosen.plan, policies=chosen.policy_pack)


def _failure(chosen: argparse.Namespace) -> int:
    recording.record_failure(chosen.folder, chosen.log)
    return 0


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
