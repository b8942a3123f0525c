"""The command `verify`: runs the checks side by side, because some of them take a while, and shows the results."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from rich.console import Console

from clients.cluster_api import check_connection
from clients.clusters import create_api
from clients.pulumi_cli import read_settings
from model.problem import name_stack
from workshop.verify import (
    attendees,
    booksapp,
    breaker,
    canary,
    certificates,
    credentials,
    dashboards,
    mesh,
    podinfo,
    webhooks,
)
from workshop.verify.lines import (
    Group,
    Line,
    Status,
    build_table,
    count_status,
    format_json,
    report_progress,
    summarize,
)
from workshop.verify.scene import GroupCheck, Patience, Scene
from workshop.verify.traffic import collect_lines

OBJECT_GROUPS: dict[str, GroupCheck] = {
    mesh.CONTROL_PLANE.name: mesh.check_control_plane,
    certificates.GROUP.name: certificates.check,
    dashboards.GROUP.name: dashboards.check,
    credentials.GROUP.name: credentials.check,
    attendees.GROUP.name: attendees.check,
}
"""The checks that only read objects."""

POD_GROUPS: dict[str, GroupCheck] = {
    webhooks.GROUP.name: webhooks.check,
    mesh.DATA_PLANE.name: mesh.check_data_plane,
    booksapp.GROUP.name: booksapp.check,
    podinfo.GROUP.name: podinfo.check,
    breaker.GROUP.name: breaker.check,
    canary.GROUP.name: canary.check,
    attendees.TRAFFIC.name: attendees.check_traffic,
}
"""The checks that need pods that run."""


def run_checks(scene: Scene) -> list[Line]:
    """Return the lines of all groups, in their order. Raises InputError if the cluster does not answer."""
    if scene.simulated:
        seen, fix = "pods are only simulated on this cluster", "Choose a cluster that runs them (`STACK=<stack>`)."
        rest = [Group("control plane").fail("nodes", seen, fix)]
        rest += [Group(name).skip("all", seen) for name in POD_GROUPS]
        return [*_run_parallel(scene, OBJECT_GROUPS), *rest]
    return _run_parallel(scene, OBJECT_GROUPS | POD_GROUPS)


def _run_parallel(scene: Scene, checks: Mapping[str, GroupCheck]) -> list[Line]:
    with ThreadPoolExecutor(len(checks)) as pool:
        found = pool.map(partial(_run_group, scene), checks, checks.values())
        return [line for lines in found for line in lines]


def _run_group(scene: Scene, name: str, check: GroupCheck) -> list[Line]:
    """Return a group's lines, and show when it begins and ends."""
    scene.show_progress(name, 0)
    lines = collect_lines(Group(name), partial(check, scene))
    scene.show_progress(name, 1)
    return lines


def verify(stack: str, *, as_json: bool, requests: int | None, seconds: int | None) -> int:
    """Run every check and print a line for each; return 1 if one failed. Raises InputError if nothing can be asked."""
    settings = read_settings(stack)
    api = create_api(settings)
    check_connection(api)
    patience = Patience() if seconds is None else Patience(window=seconds)
    start = time.monotonic()
    with report_progress(Console(stderr=True)) as show_progress:
        found = run_checks(Scene(api, settings, patience, requests, show_progress))
    lines = [replace(each, fix=name_stack(each.fix)) for each in found]
    took = time.monotonic() - start
    if as_json:
        print(format_json(stack, api.address, lines, took))
    else:
        console = Console()
        console.print(build_table(stack, api.address, lines))
        console.print(summarize(lines, took), highlight=False)
    return 1 if count_status(lines, Status.FAILED) else 0
