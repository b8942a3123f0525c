"""Brings the demos back to where they were before the workshop; the mesh is left alone."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from rich.console import Console
from rich.prompt import Confirm
from rich.table import Table
from rich.text import Text

from clients.cluster_api import ClusterApi, check_connection, refusal
from clients.clusters import create_api
from clients.pulumi_cli import pulumi, read_settings
from model.json_values import text
from model.names import OWNER
from model.problem import InputError, Problem
from model.stack_names import short_name, stack_file
from settings import Settings, parts
from settings.demos import ProgressiveDelivery
from workshop.reset import baseline
from workshop.reset.baseline import Change
from workshop.reset.by_hand import Touched, touched, touched_namespaces

SECONDS_TO_GO = 180
"""Within which what is deleted has to be gone; a load balancer takes a while."""
PAUSE = 0.5
DEMOS = ("**linkerd-workshop:demos:**", "**linkerd-workshop:mesh:PrometheusAccess**")
"""The demos' resources, with the leave of the canary's analysis, among those of the stack."""


def reset(stack: str, *, ask: bool) -> int:
    """Show what is going to be done, and do it; return the exit status. Raises InputError with what is in the way."""
    settings, console = read_settings(stack), Console()
    api = create_api(settings)
    check_connection(api)
    _check_owner(api, settings, stack)
    changed = baseline.changes(stack_file(stack))
    found = list(touched(api, settings, _version(settings, changed)))
    console.print(_plan(stack, changed, found))
    if ask and not Confirm.ask("Go on?", console=console, default=False):
        return 1
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
    rule, fix = f"stack {stack} resets nothing but its own", "Check the stack's kubeconfig and context."
    if foreign:
        raise InputError(
            [Problem(f"{api.address}, namespace {name}", "it is not the stack's", rule, fix) for name in foreign]
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
