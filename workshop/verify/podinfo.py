"""podinfo: whether requests with the header reach the second backend, and no others do."""

import re
from collections import Counter
from collections.abc import Iterator

from model.json_values import at, entries, text
from settings import parts
from workshop.verify import routes
from workshop.verify.asking import Door
from workshop.verify.doors import doors, public_host
from workshop.verify.line import Group, Line
from workshop.verify.pods import of, pods
from workshop.verify.scene import Scene

GROUP = Group("podinfo")
FRONTEND, ROUTE, INGRESS = "frontend-podinfo", "backend-router", "front"
PORT = 9898
TIMES = 10
ANSWER = re.compile(r"PODINFO_UI_MESSAGE=(\w+ backend)")
A, B, NOBODY = "A backend", "B backend", "neither backend"
CURE = (
    "Run `make reset`; `kubectl --namespace podinfo get pods` has to show every pod ready, with a proxy, and "
    "the line on the route has to be ok."
)


def check(scene: Scene) -> Iterator[Line]:
    """Yield the route, and which backend answers with the header, without it, and with another value."""
    demo = scene.settings.demos.podinfo
    if not demo.enabled:
        yield GROUP.skipped("all", "it is switched off")
        return
    route = routes.find(scene.api, demo.route_api, parts.PODINFO, ROUTE)
    yield routes.accepted(GROUP, route, ROUTE)
    found, wanted = _header(route), f"{demo.header_name}: {demo.header_value}"
    fix = f"The settings say `{wanted}`: run `make reset`, or `make up` after a change."
    yield GROUP.judged("header", found or "the route looks at none", good=found == wanted, fix=fix)
    front = of(pods(scene.api, parts.PODINFO), FRONTEND)
    line, url = public_host(scene, GROUP, parts.PODINFO, INGRESS)
    yield line
    if not front and not url:
        yield GROUP.failed("front end", "no pod of it is ready", "Run `make reset`.")
        return
    with doors(scene, url, front, PORT)[0]() as door:
        yield _reaches(door, "without the header", {}, A)
        yield _reaches(door, "with the header", {demo.header_name: demo.header_value}, B)
        yield _reaches(door, "with another value", {demo.header_name: f"{demo.header_value}-not"}, A)


def _reaches(door: Door, name: str, headers: dict[str, str], backend: str) -> Line:
    """Return whether each of a few requests reaches `backend`."""
    answers = Counter(_backend(door.ask("/echo", "POST", headers).text) for _ in range(TIMES))
    seen = ", ".join(f"{times} of {TIMES} requests reached {name}" for name, times in answers.most_common())
    return GROUP.judged(name, seen, good=answers[backend] == TIMES, fix=CURE, reached=answers[backend])


def _backend(answer: str) -> str:
    found = ANSWER.search(answer)
    return found[1] if found else NOBODY


def _header(route: object) -> str:
    """Return the header that a route's first rule looks at, as it would be written in a request; empty if none."""
    rule = next(iter(entries(route, "spec", "rules")), None)
    match = next(iter(entries(rule, "matches")), None)
    header = next(iter(entries(match, "headers")), None)
    return f"{text(header, 'name')}: {text(header, 'value')}" if at(header, "name") else ""
