"""booksapp: whether the share of requests to `books` that fail is the configured one, counted where it is split."""

import time
from collections.abc import Iterator, Sequence

from settings import parts
from workshop.verify import routes
from workshop.verify.doors import doors, public_host
from workshop.verify.line import Group, Line
from workshop.verify.load import Visits, visiting
from workshop.verify.metrics import ROUTED, Labels, growth, scrape_all
from workshop.verify.pods import Pod, of, pods
from workshop.verify.scene import Scene
from workshop.verify.statistics import METHOD, fits, interval, requests_needed
from workshop.verify.waiting import settle

GROUP = Group("booksapp")
WEBAPP, BOOKS, INJECTOR, ROUTE = "webapp", "books", "error-injector", "error-split"
PORT = 7000
WARM_UP = 50
"""Pages before the first look, after which every proxy knows its backends."""
LEAST = 4
"""Fewer than a fourth of the wanted requests decide nothing."""
NO_FAILURE = ("", "CANCEL")
"""What the proxy notes where there was no response, and nothing failed: the client did not wait for it."""
NAME = "share of errors"


def check(scene: Scene) -> Iterator[Line]:
    """Yield the route, its weights, and the share of errors that the front end's proxies count."""
    demo = scene.settings.demos.booksapp
    if not demo.enabled:
        yield GROUP.skipped("all", "it is switched off")
        return
    route = routes.find(scene.api, demo.route_api, parts.BOOKSAPP, ROUTE)
    yield routes.accepted(GROUP, route, ROUTE)
    found, wanted = routes.weights(route), {BOOKS: 100 - demo.fault_percent, INJECTOR: demo.fault_percent}
    seen = ", ".join(f"{name} {weight}" for name, weight in found.items()) or "none"
    fix = f"The settings say {wanted[INJECTOR]} % for {INJECTOR}: run `make reset`, or `make up` after a change."
    yield GROUP.judged("weights", seen, good=found == wanted, fix=fix)
    line, url = public_host(scene, GROUP, parts.BOOKSAPP, WEBAPP)
    yield line
    yield _share(scene, url)


def judge(configured: int, failed: int, total: int) -> Line:
    """Return whether `failed` of `total` (at least 1) requests may well be the `configured` percentage."""
    seen = interval(failed, total)
    told = f"{failed} of {total} requests of {WEBAPP} to {BOOKS} failed, {100 * failed / total:.1f} %"
    return GROUP.judged(
        NAME,
        f"{told} ({METHOD}: {seen}); {configured} % are configured",
        good=fits(failed, total, configured / 100),
        fix=f"See the lines above; if they are ok, look at `kubectl --namespace {parts.BOOKSAPP} get pods`: "
        f"are {BOOKS} and {INJECTOR} ready, and is {WEBAPP} meshed? `make reset` brings all of it back.",
        failed=failed,
        requests=total,
        configured=configured,
        low=round(100 * seen.low, 2),
        high=round(100 * seen.high, 2),
    )


def _share(scene: Scene, url: str | None) -> Line:
    found = pods(scene.api, parts.BOOKSAPP)
    webapps = [pod for pod in of(found, WEBAPP) if pod.meshed]
    answering = [*of(found, BOOKS), *of(found, INJECTOR)]
    if not webapps or not answering:
        missing = f"no meshed pod of {WEBAPP}" if not webapps else f"no pod of {BOOKS} and {INJECTOR}"
        return GROUP.failed(NAME, f"{missing} is ready", "Run `make reset`, and look at the lines above.")
    settle(scene, GROUP.name, [*webapps, *answering])
    ways = doors(scene, url, webapps, PORT)
    with visiting(ways, "/") as visits:
        failed, total = _count(scene, visits, webapps)
    needed = _needed(scene)
    if visits.trouble or total * LEAST < needed:
        seen = visits.trouble or f"only {total} of {needed} requests in {scene.patience.most:g} s"
        fix = f"Look at `kubectl --namespace {parts.BOOKSAPP} logs deployment/{WEBAPP} -c service`."
        return GROUP.failed(NAME, seen, fix, requests=total)
    return judge(scene.settings.demos.booksapp.fault_percent, failed, total)


def _needed(scene: Scene) -> int:
    return scene.requests or requests_needed(scene.settings.demos.booksapp.fault_percent / 100)


def _count(scene: Scene, visits: Visits, webapps: Sequence[Pod]) -> tuple[int, int]:
    """Return how many requests to `books` failed, and how many there were, until they are enough."""
    start, needed = time.monotonic(), _needed(scene)
    while visits.pages < WARM_UP and not visits.over.is_set() and time.monotonic() - start < scene.patience.most:
        time.sleep(scene.patience.pause / 10)
    before, total, failed = scrape_all(scene.api, webapps), 0, 0
    while total < needed and not visits.over.is_set() and time.monotonic() - start < scene.patience.most:
        visits.over.wait(scene.patience.pause)
        after = scrape_all(scene.api, webapps)
        total = growth(before, after, ROUTED, _to_books)
        failed = growth(before, after, ROUTED, lambda labels: _to_books(labels) and _is_failure(scene, labels))
        scene.tell(GROUP.name, min(1.0, total / needed))
    return failed, total


def _to_books(labels: Labels) -> bool:
    return labels.get("parent_name") == BOOKS and labels.get("parent_namespace") == parts.BOOKSAPP


def _is_failure(scene: Scene, labels: Labels) -> bool:
    """Tell whether a response counts: where `authors` fails on purpose too, only those of the injected backend do."""
    if scene.settings.demos.booksapp.authors_failure_rate and labels.get("backend_name") != INJECTOR:
        return False
    status, error = labels.get("http_status", ""), labels.get("error", "")
    return status.startswith("5") or (not status and error not in NO_FAILURE)
