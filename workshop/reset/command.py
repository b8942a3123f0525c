"""Restores the demos to their state before the workshop; the mesh is left alone."""

import time
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from http import HTTPStatus

from rich.console import Console

from clients.cluster_api import ClusterApi, check_connection, refusal
from clients.clusters import create_api
from clients.pulumi_cli import read_settings
from model.json_values import text
from model.names import OWNER, PROJECT
from model.problem import InputError, Problem, report_outcome
from model.stack_names import short_name, stack_file
from settings import Settings, parts
from settings.demos import ProgressiveDelivery
from workshop.reset.baseline import Change, find_changes
from workshop.reset.by_hand import ManualChange, find_manual_changes, has_changed_namespaces, list_namespaces
from workshop.terminal import build_table, confirm, run_pulumi

SECONDS_TO_GO = 180
"""The longest wait for a deletion; a load balancer takes a while."""
PAUSE = 0.5
FORCE = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
"""Takes back fields that people changed: the API server counts these as owned by the tool that wrote them last."""
DEMOS = ("**::linkerd-workshop:demos:**", "**linkerd-workshop:mesh:PrometheusAccess**")
"""The stack's own demos, and the permission of the canary's analysis, among the stack's resources."""


def reset(stack: str, attendee: str | None = None, *, ask: bool) -> int:
    """Show the plan, and carry it out; return the exit status. Raises InputError with what prevents it.

    It restores the stack's own demos and their settings, or those in an attendee's namespace.
    """
    settings, console = read_settings(stack), Console()
    _check_attendee(settings, stack, attendee)
    api = create_api(settings)
    check_connection(api)
    _check_owner(api, list_namespaces(settings, attendee), stack)
    changed = [] if attendee else find_changes(stack_file(stack))
    found = list(find_manual_changes(api, settings, _version(settings, changed), attendee))
    title = f"To reset the demos of {f'attendee {attendee}' if attendee else f'stack {stack}'}"
    console.print(build_table(title, ("what", "is", "will be"), _list_rows(changed, found)))
    if not confirm(console, "Go on?", yes=not ask):
        return 1
    with report_outcome("the reset ended early, run it again"):
        for change in changed:
            if status := run_pulumi(stack, *change.arguments):
                return status
        for each in found:
            _delete(api, each, f"make reset STACK={stack}" + (f" ATTENDEE={attendee}" if attendee else ""))
        targets = (f"**::{attendee}", f"**::{attendee}/**") if attendee else DEMOS
        namespaces = [f"**::{each}-namespace" for each in list_namespaces(settings, attendee)]
        force = has_changed_namespaces(api, settings, attendee)
        return _bring_up(stack, [*targets, *namespaces], force=force)


def _check_attendee(settings: Settings, stack: str, attendee: str | None) -> None:
    """Raise InputError if there is no such attendee."""
    names = parts.attendees(settings)
    if attendee and attendee not in names:
        close = get_close_matches(attendee, names, n=1)
        fix = f"Did you mean '{close[0]}'?" if close else f"See `{PROJECT}:attendees` in the stack's settings."
        raise InputError([Problem(f"stack {stack}", f"it has no attendee '{attendee}'", "a reset needs one", fix)])


def _bring_up(stack: str, targets: Sequence[str], *, force: bool) -> int:
    """Bring the targets up, and nothing else; return the exit status."""
    options = [option for target in targets for option in ("--target", target)]
    up = ("up", "--refresh", "--yes", "--skip-preview", *options)
    # The provider keeps this force in the state, so an `up` without it has to follow.
    return (force and run_pulumi(stack, *up, environment=FORCE)) or run_pulumi(stack, *up)


def _check_owner(api: ClusterApi, namespaces: Sequence[str], stack: str) -> None:
    """Raise InputError if a namespace has another owner, as on a cluster that was chosen by mistake."""
    found = {name: api.find(f"/api/v1/namespaces/{name}") for name in namespaces}
    own = short_name(stack)
    foreign = [name for name, each in found.items() if each and text(each, "metadata", "annotations", OWNER) != own]
    rule, fix = f"stack {stack} resets only its own", "Check the stack's kubeconfig and context."
    if foreign:
        raise InputError(
            [Problem(f"{api.address}, namespace {name}", "it is not the stack's", rule, fix) for name in foreign]
        )


def _version(settings: Settings, changed: Sequence[Change]) -> str:
    """Return the canary's version after the reset."""
    path, default = ("progressiveDelivery", "version"), ProgressiveDelivery().version
    before = (str(change.before or default) for change in changed if change.path == path)
    return next(before, settings.demos.progressive_delivery.version)


def _list_rows(changed: Sequence[Change], found: Sequence[ManualChange]) -> Iterator[tuple[str, str, str]]:
    for change in changed:
        now, before = (str(value) if value is not None else "the default" for value in (change.now, change.before))
        yield change.key, now, before
    for each in found:
        yield each.name, each.why, "deleted, and created again if it is the program's"
    yield "everything else of the demos", "compared with the cluster", "restored where it differs"


def _delete(api: ClusterApi, each: ManualChange, reset: str) -> None:
    """Delete an object, and return when it is deleted. Raises InputError if it stays."""
    end, answer = time.monotonic() + SECONDS_TO_GO, api.ask("DELETE", each.path, {"propagationPolicy": "Background"})
    reason = refusal(answer) if answer.status != HTTPStatus.NOT_FOUND else None
    while reason is None and api.find(each.path) is not None:
        reason = "it still exists" if time.monotonic() > end else None
        time.sleep(PAUSE)
    if reason:
        raise InputError(
            [Problem(each.name, reason, "it has to be deleted first", f"Delete it, and run `{reset}` again.")]
        )
