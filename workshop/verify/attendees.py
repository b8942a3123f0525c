"""The checks of the attendees: what each of them has, and the demos' traffic of a few of them."""

import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby

from model.names import ATTENDEE_ACCOUNT
from settings import parts
from workshop.terminal import count
from workshop.verify import booksapp, breaker, canary, podinfo
from workshop.verify.lines import Demo, Group, Line, Status, count_status
from workshop.verify.measurements import AT_ONCE, requests_needed
from workshop.verify.objects import find_missing_pods, list_pods
from workshop.verify.scene import DemoCheck, Scene
from workshop.verify.traffic import collect_lines

GROUP, TRAFFIC = Group("attendees"), Group("attendees' traffic")
MOST_LINES, MOST_PODS = 10, 3
SAMPLE = 5
"""The most attendees whose traffic is checked in a run."""
CLIENTS = 1
"""Threads that request an attendee's pages of booksapp. A fourth of the clients needs as long for a fourth of the
requests, so the sample ends when the stack's own booksapp does."""
COARSENESS = 2.5
"""An attendee's share of errors is noticed if it is off by this many times the deviation that is noticed in the stack's
own demo: 10 points at 10 %, for which 400 requests are enough."""
DEMOS: Mapping[Demo, DemoCheck] = {
    booksapp.GROUP: booksapp.check,
    podinfo.GROUP: podinfo.check,
    breaker.GROUP: breaker.check,
    canary.GROUP: canary.check,
}


def check(scene: Scene) -> Iterator[Line]:
    """Yield one line for all attendees, and one for each of the first with something missing."""
    names = parts.attendees(scene.settings)
    if not names:
        yield GROUP.skip("all", "the stack has none")
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        missing = dict(zip(names, pool.map(partial(_find_missing, scene), names), strict=True))
    broken = [name for name, each in missing.items() if each]
    fix = "`make reset ATTENDEE=<name>` restores one, and leaves the others alone."
    seen = f"{len(names) - len(broken)} of {len(names)} have a login, and all pods ready"
    yield GROUP.judge("all", seen, good=not broken, fix=fix, attendees=len(names), broken=len(broken))
    for name in broken[:MOST_LINES]:
        yield GROUP.fail(name, "; ".join(missing[name][:MOST_PODS]), f"Run `make reset ATTENDEE={name}`.")


def _find_missing(scene: Scene, name: str) -> list[str]:
    """Return what is missing in an attendee's namespace, in words."""
    account = scene.api.find(f"/api/v1/namespaces/{name}/serviceaccounts/{ATTENDEE_ACCOUNT}")
    return [
        *(["there is no account to log in with"] if account is None else []),
        *find_missing_pods(scene.api, name, list_pods(scene.api, name)),
    ]


def check_traffic(scene: Scene) -> Iterator[Line]:
    """Yield a line with the names of a few attendees, chosen at random, and the results of their demos' checks."""
    names, wanted = parts.attendees(scene.settings), parts.demo_namespaces(scene.settings)
    # Not the canary that Argo CD owns: attendees have none.
    demos = [demo for demo in DEMOS if demo.namespace in wanted]
    if not names or not demos:
        yield TRAFFIC.skip("sample", "the stack has no attendees" if not names else "they have no demo")
        return
    chosen = sorted(random.sample(names, min(SAMPLE, len(names))))
    seen = f"{len(chosen)} of {len(names)}, at random: {', '.join(chosen)}"
    yield TRAFFIC.ok("sample", seen, attendees=len(names), sampled=len(chosen))
    tasks = [(name, demo) for name in chosen for demo in demos]
    with ThreadPoolExecutor(len(tasks)) as pool:
        results = zip(tasks, pool.map(partial(_check_demo, _divide(scene, len(chosen))), tasks), strict=True)
        for name, found in groupby(results, key=lambda result: result[0][0]):
            yield from _summarize(name, [line for _, lines in found for line in lines])


def _divide(scene: Scene, attendees: int) -> Scene:
    """Return the scene for each of so many attendees: with fewer requests, and without a progress bar."""
    share = scene.settings.demos.booksapp.fault_percent / 100
    needed = scene.requests // attendees if scene.requests else requests_needed(share, COARSENESS)
    return Scene(scene.api, scene.settings, scene.patience, max(1, needed), clients=CLIENTS)


def _check_demo(scene: Scene, task: tuple[str, Demo]) -> list[Line]:
    name, demo = task
    return collect_lines(demo, partial(DEMOS[demo], scene, demo.of_attendee(name)))


def _summarize(name: str, lines: Sequence[Line]) -> Iterator[Line]:
    """Yield a line for each check of an attendee that failed, or one if none did."""
    failed = [line for line in lines if line.status is Status.FAILED]
    for line in failed:
        yield TRAFFIC.fail(f"{name}, {line.group}: {line.name}", line.seen, line.fix, **line.figures)
    if not failed:
        passed, demos = count_status(lines, Status.OK), ", ".join(dict.fromkeys(line.group for line in lines))
        yield TRAFFIC.ok(name, f"{count(passed, 'check')} passed: {demos}", passed=passed)
