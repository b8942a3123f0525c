"""`python -m operations.reset --stack <stack>`: the demos as they were before the workshop; the mesh is left alone."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conventions import OWNER
from operations import parts
from operations.cluster_api import ClusterApi, refusal, text
from operations.clusters import api_of
from operations.consent import agreed
from operations.first_contact import greet
from operations.problem import InputError, Problem, having
from operations.reset import baseline
from operations.reset.baseline import Change
from operations.reset.by_hand import Touched, touched, touched_namespaces
from operations.stack_cli import pulumi, read_settings
from operations.stack_names import short_name, stack_file
from settings import Settings
from settings.demos import ProgressiveDelivery

SECONDS_TO_GO = 180
"""Within which what is deleted has to be gone; a load balancer takes a while."""
PAUSE = 0.5
DEMOS = ("**linkerd-workshop:demos:**", "**linkerd-workshop:mesh:PrometheusAccess**")
"""The demos' resources, with the leave of the canary's analysis, among those of the stack."""


def main() -> int:
    """Show what is going to be done, and do it."""
    parser = argparse.ArgumentParser(prog="operations.reset", description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack's name, as in Pulumi.<stack>.yaml")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    chosen = parser.parse_args()
    try:
        return _reset(stack_file(chosen.stack), chosen.stack, ask=not chosen.yes)
    except InputError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1


def _reset(file: Path, stack: str, *, ask: bool) -> int:
    settings, console = read_settings(stack), Console()
    api = api_of(settings)
    greet(api)
    _check_owner(api, settings, stack)
    changed = baseline.changes(file)
    found = list(touched(api, settings, _version(settings, changed)))
    console.print(_plan(stack, changed, found))
    if not agreed(console, "Go on?", yes=not ask):
        return 1
    with having("the reset ended early, run it again"):
        for change in changed:
            if status := _pulumi(stack, *change.arguments):
                return status
        for each in found:
            _delete(api, each)
        return _bring_up(stack, settings, force=touched_namespaces(api, settings))


def _bring_up(stack: str, settings: Settings, *, force: bool) -> int:
    """Bring the demos up, and nothing else; return the exit status."""
    targets = (*DEMOS, *(f"**::{namespace}-namespace" for namespace in parts.demo_namespaces(settings)))
    options = [option for target in targets for option in ("--target", target)]
    up = ("up", "--refresh", "--yes", "--skip-preview", *options)
    # The provider keeps its leave to take fields from others in the state, so an `up` without it has to follow.
    return (force and _pulumi(stack, *up, force=True)) or _pulumi(stack, *up)


def _check_owner(api: ClusterApi, settings: Settings, stack: str) -> None:
    """Refuse to touch namespaces of somebody else, such as those of a cluster that was chosen by mistake."""
    found = {name: api.find(f"/api/v1/namespaces/{name}") for name in parts.demo_namespaces(settings)}
    own = short_name(stack)
    foreign = [name for name, each in found.items() if each and text(each, "metadata", "annotations", OWNER) != own]
    rule, cure = f"stack {stack} resets nothing but its own", "Check the stack's kubeconfig and context."
    if foreign:
        raise InputError(
            [Problem(f"{api.address}, namespace {name}", "it is not the stack's", rule, cure) for name in foreign]
        )


def _version(settings: Settings, changed: Sequence[Change]) -> str:
    """Return the canary's version after the reset."""
    path, default = ("progressiveDelivery", "version"), ProgressiveDelivery().version
    before = (str(change.before or default) for change in changed if change.path == path)
    return next(before, settings.demos.progressive_delivery.version)


def _plan(stack: str, changed: Sequence[Change], found: Sequence[Touched]) -> Table:
    table = Table(title=Text(f"To reset the demos of stack {stack}"), title_justify="left")
    for column in ("what", "is", "will be"):
        table.add_column(column, overflow="fold")
    for what, now, after in _rows(changed, found):
        table.add_row(Text(what), Text(now), Text(after))
    return table


def _rows(changed: Sequence[Change], found: Sequence[Touched]) -> Iterator[tuple[str, str, str]]:
    for change in changed:
        now, before = (str(value) if value is not None else "the default" for value in (change.now, change.before))
        yield change.key, now, before
    for each in found:
        yield each.name, each.why, "removed, and made anew if it is the program's"
    yield "everything else of the demos", "compared with the cluster", "put back where it differs"


def _delete(api: ClusterApi, each: Touched) -> None:
    """Remove an object, and return when it is gone. Raises InputError if it stays."""
    end, answer = time.monotonic() + SECONDS_TO_GO, api.ask("DELETE", each.path, {"propagationPolicy": "Background"})
    reason = refusal(answer) if answer.status != HTTPStatus.NOT_FOUND else None
    while reason is None and api.find(each.path) is not None:
        reason = "it is still there" if time.monotonic() > end else None
        time.sleep(PAUSE)
    if reason:
        raise InputError([Problem(each.name, reason, "it has to go first", "Remove it, and run `make reset` again.")])


def _pulumi(stack: str, *arguments: str, force: bool = False) -> int:
    """Run the Pulumi CLI as the Makefile does; return its exit status."""
    # What people have changed by hand is theirs in the API server's books; it is taken back from them.
    environment = {**os.environ, **({"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"} if force else {})}
    return subprocess.run(pulumi(stack, *arguments), env=environment, check=False).returncode  # noqa: S603  no shell


if __name__ == "__main__":
    sys.exit(main())
