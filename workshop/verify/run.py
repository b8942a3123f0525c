"""Runs the checks side by side, for some of them have to look for a while."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from model.problem import InputError
from workshop.verify import (
    booksapp,
    breaker,
    canary,
    certificates,
    control_plane,
    dashboards,
    data_plane,
    podinfo,
    webhooks,
)
from workshop.verify.asking import UnreachableError
from workshop.verify.line import Group, Line
from workshop.verify.scene import Check, Scene

OBJECTS: dict[str, Check] = {
    control_plane.GROUP.name: control_plane.check,
    certificates.GROUP.name: certificates.check,
    dashboards.GROUP.name: dashboards.check,
}
"""What can be told from the cluster's objects alone."""

RUNNING: dict[str, Check] = {
    webhooks.GROUP.name: webhooks.check,
    data_plane.GROUP.name: data_plane.check,
    booksapp.GROUP.name: booksapp.check,
    podinfo.GROUP.name: podinfo.check,
    breaker.GROUP.name: breaker.check,
    canary.GROUP.name: canary.check,
}
"""What has to run to be told."""

GROUPS = (*OBJECTS, *RUNNING)
REACH = "Check that `kubectl port-forward` to it works: it takes the same way."


def run(scene: Scene) -> list[Line]:
    """Return the lines of all groups, in their order. Raises InputError if the cluster does not answer."""
    if scene.simulated:
        seen, fix = "pods are only simulated on this cluster", "Choose a cluster that runs them (`STACK=<stack>`)."
        rest = [Group("control plane").failed("nodes", seen, fix)]
        rest += [Group(name).skipped("all", seen) for name in RUNNING]
        return [*_side_by_side(scene, OBJECTS), *rest]
    return _side_by_side(scene, OBJECTS | RUNNING)


def _side_by_side(scene: Scene, checks: Mapping[str, Check]) -> list[Line]:
    with ThreadPoolExecutor(len(checks)) as pool:
        found = pool.map(partial(_lines, scene), checks, checks.values())
        return [line for lines in found for line in lines]


def _lines(scene: Scene, name: str, check: Check) -> list[Line]:
    """Return a group's lines; what it cannot reach becomes one of them."""
    lines = list[Line]()
    scene.tell(name, 0)
    try:
        lines.extend(check(scene))
    except UnreachableError as error:
        lines.append(Group(name).failed("the rest", str(error), REACH))
    except InputError as error:
        lines.extend(Group(name).failed("the rest", f"{each.where}: {each.found}", each.fix) for each in error.problems)
    scene.tell(name, 1)
    return lines
