"""Checks of podinfo: only requests with the header reach the second backend."""

import re
from collections import Counter
from collections.abc import Iterator

from model.json_values import at, entries, text
from settings import parts
from workshop.verify.lines import Demo, Line
from workshop.verify.objects import find_route, judge_route, list_pods, select_ready
from workshop.verify.scene import Scene
from workshop.verify.traffic import Door, check_public_host, list_doors

GROUP = Demo("podinfo", parts.PODINFO)
FRONTEND, ROUTE, INGRESS = "frontend-podinfo", "backend-router", "front"
PORT = 9898
TIMES = 10
ANSWER = re.compile(r"PODINFO_UI_MESSAGE=(\w+ backend)")
A, B, NOBODY = "A backend", "B backend", "neither backend"


def check(scene: Scene, demo: Demo = GROUP) -> Iterator[Line]:
    """Yield lines on the route, and on the backend that answers with the header, without it, and with another value."""
    settings = scene.settings.demos.podinfo
    if not settings.enabled:
        yield demo.skip("all", "it is switched off")
        return
    route = find_route(scene.api, settings.route_api, demo.namespace, ROUTE)
    yield judge_route(demo, route, ROUTE)
    found, wanted = _read_header(route), f"{settings.header_name}: {settings.header_value}"
    fix = f"The settings say `{wanted}`: run `{demo.reset}`, or `make up` after a change."
    yield demo.judge("header", found or "the route matches none", good=found == wanted, fix=fix)
    front = select_ready(list_pods(scene.api, demo.namespace), FRONTEND)
    line, url = check_public_host(scene, demo, INGRESS)
    yield line
    if not front and not url:
        yield demo.fail("front end", "no pod of it is ready", f"Run `{demo.reset}`.")
        return
    with list_doors(scene, url, front, PORT)[0]() as door:
        yield _judge_backend(demo, door, "without the header", {}, A)
        yield _judge_backend(demo, door, "with the header", {settings.header_name: settings.header_value}, B)
        other: dict[str, str] = {settings.header_name: f"{settings.header_value}-not"}
        yield _judge_backend(demo, door, "with another value", other, A)


def _judge_backend(demo: Demo, door: Door, name: str, headers: dict[str, str], backend: str) -> Line:
    """Return a line on whether each of a few requests reaches `backend`."""
    answers = Counter(_read_backend(door.ask("/echo", "POST", headers).text) for _ in range(TIMES))
    seen = ", ".join(f"{times} of {TIMES} requests reached {name}" for name, times in answers.most_common())
    fix = (
        f"Run `{demo.reset}`; `kubectl --namespace {demo.namespace} get pods` has to show every pod ready, with a "
        "proxy, and the line on the route has to be ok."
    )
    return demo.judge(name, seen, good=answers[backend] == TIMES, fix=fix, reached=answers[backend])


def _read_backend(answer: str) -> str:
    found = ANSWER.search(answer)
    return found[1] if found else NOBODY


def _read_header(route: object) -> str:
    """Return the header that a route's first rule matches, as in a request; empty if there is none."""
    rule = next(iter(entries(route, "spec", "rules")), None)
    match = next(iter(entries(rule, "matches")), None)
    header = next(iter(entries(match, "headers")), None)
    return f"{text(header, 'name')}: {text(header, 'value')}" if at(header, "name") else ""
