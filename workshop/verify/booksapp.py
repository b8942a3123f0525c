"""Checks of booksapp: the share of failing requests to `books` is the configured one, by the front end's proxies."""

import time
from collections.abc import Iterator, Sequence
from functools import partial

from settings import parts
from workshop.verify.lines import Demo, Line
from workshop.verify.measurements import METHOD, ROUTED, Labels, fits, growth, interval, requests_needed, scrape_all
from workshop.verify.objects import Pod, find_route, judge_route, list_pods, read_weights, select_ready
from workshop.verify.scene import Scene, wait_until_settled
from workshop.verify.traffic import TrafficGenerator, check_public_host, generate_traffic, list_doors

GROUP = Demo("booksapp", parts.BOOKSAPP)
WEBAPP, BOOKS, INJECTOR, ROUTE = "webapp", "books", "error-injector", "error-split"
PORT = 7000
WARM_UP = 50
"""Pages before the first reading, after which every proxy has discovered its backends."""
LEAST = 4
"""Fewer than a fourth of the needed requests are not judged."""
NO_FAILURE = ("", "CANCEL")
"""Values of `error` without a response that are no failure: the client did not wait for the response."""
NAME = "share of errors"


def check(scene: Scene, demo: Demo = GROUP) -> Iterator[Line]:
    """Yield lines on the route, its weights, and the share of errors that the front end's proxies count."""
    settings = scene.settings.demos.booksapp
    if not settings.enabled:
        yield demo.skip("all", "it is switched off")
        return
    route = find_route(scene.api, settings.route_api, demo.namespace, ROUTE)
    yield judge_route(demo, route, ROUTE)
    found, wanted = read_weights(route), {BOOKS: 100 - settings.fault_percent, INJECTOR: settings.fault_percent}
    seen = ", ".join(f"{name} {weight}" for name, weight in found.items()) or "none"
    fix = f"The settings say {wanted[INJECTOR]} % for {INJECTOR}: run `{demo.reset}`, or `make up` after a change."
    yield demo.judge("weights", seen, good=found == wanted, fix=fix)
    line, url = check_public_host(scene, demo, WEBAPP)
    yield line
    yield _judge_share(scene, demo, url)


def judge(configured: int, failed: int, total: int, demo: Demo = GROUP) -> Line:
    """Return a line on whether `failed` of `total` (at least 1) requests fit the `configured` percentage."""
    seen = interval(failed, total)
    measured = f"{failed} of {total} requests of {WEBAPP} to {BOOKS} failed, {100 * failed / total:.1f} %"
    return demo.judge(
        NAME,
        f"{measured} ({METHOD}: {seen}); {configured} % are configured",
        good=fits(failed, total, configured / 100),
        fix=f"See the lines above; if they are ok, look at `kubectl --namespace {demo.namespace} get pods`: "
        f"are {BOOKS} and {INJECTOR} ready, and is {WEBAPP} meshed? `{demo.reset}` restores all of it.",
        failed=failed,
        requests=total,
        configured=configured,
        low=round(100 * seen.low, 2),
        high=round(100 * seen.high, 2),
    )


def _judge_share(scene: Scene, demo: Demo, url: str | None) -> Line:
    found = list_pods(scene.api, demo.namespace)
    webapps = [pod for pod in select_ready(found, WEBAPP) if pod.meshed]
    answering = [*select_ready(found, BOOKS), *select_ready(found, INJECTOR)]
    if not webapps or not answering:
        missing = f"no meshed pod of {WEBAPP}" if not webapps else f"no pod of {BOOKS} and {INJECTOR}"
        return demo.fail(NAME, f"{missing} is ready", f"Run `{demo.reset}`, and look at the lines above.")
    wait_until_settled(scene, demo.name, [*webapps, *answering])
    ways = list_doors(scene, url, webapps, PORT)
    with generate_traffic(ways, "/", scene.clients) as traffic:
        failed, total = _count_requests(scene, demo, traffic, webapps)
    needed = _count_needed(scene)
    if traffic.trouble or total * LEAST < needed:
        seen = traffic.trouble or f"only {total} of {needed} requests in {scene.patience.most:g} s"
        fix = f"Look at `kubectl --namespace {demo.namespace} logs deployment/{WEBAPP} -c service`."
        return demo.fail(NAME, seen, fix, requests=total)
    return judge(scene.settings.demos.booksapp.fault_percent, failed, total, demo)


def _count_needed(scene: Scene) -> int:
    return scene.requests or requests_needed(scene.settings.demos.booksapp.fault_percent / 100)


def _count_requests(scene: Scene, demo: Demo, traffic: TrafficGenerator, webapps: Sequence[Pod]) -> tuple[int, int]:
    """Count requests to `books` until they are enough; return the failed ones and all."""
    start, needed, to_books = time.monotonic(), _count_needed(scene), partial(_is_to_books, demo.namespace)
    while traffic.pages < WARM_UP and not traffic.over.is_set() and time.monotonic() - start < scene.patience.most:
        time.sleep(scene.patience.pause / 10)
    before, total, failed = scrape_all(scene.api, webapps), 0, 0
    while total < needed and not traffic.over.is_set() and time.monotonic() - start < scene.patience.most:
        traffic.over.wait(scene.patience.pause)
        after = scrape_all(scene.api, webapps)
        total = growth(before, after, ROUTED, to_books)
        failed = growth(before, after, ROUTED, lambda labels: to_books(labels) and _is_failure(scene, labels))
        scene.show_progress(demo.name, min(1.0, total / needed))
    return failed, total


def _is_to_books(namespace: str, labels: Labels) -> bool:
    return labels.get("parent_name") == BOOKS and labels.get("parent_namespace") == namespace


def _is_failure(scene: Scene, labels: Labels) -> bool:
    """Return whether a response is a failure; if `authors` fails on purpose, only the injected backend's count."""
    if scene.settings.demos.booksapp.authors_failure_rate and labels.get("backend_name") != INJECTOR:
        return False
    status, error = labels.get("http_status", ""), labels.get("error", "")
    return status.startswith("5") or (not status and error not in NO_FAILURE)
