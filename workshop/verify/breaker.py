"""circuit breaking: whether the client's proxy keeps requests off `bad`, by what that proxy counts."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from model.failure_accrual import milliseconds
from model.json_values import text
from settings import parts
from settings.demos import Breaker
from workshop.verify.line import Group, Line, Status
from workshop.verify.metrics import ANSWERED, Labels, Scrapes, growth, scrape_all
from workshop.verify.pods import Pod, of, pods
from workshop.verify.scene import Scene
from workshop.verify.waiting import settle, watch

GROUP = Group("circuit breaking")
CLIENT, GOOD, BAD, SERVICE = "slow-cooker", "good", "bad", "bb"
MODE = "balancer.linkerd.io/failure-accrual"
TRIED_AGAIN = 0.02
"""The share of requests that may go to `bad` with a breaker; more only where penalties are short."""
LEFT_ALONE = 0.05
"""The share that goes to `bad` at least without one; 17 to 65 % were seen."""
LEAST = 50
"""Fewer requests decide nothing."""
LOOKS = 3
NAME = "requests to bad"


class Traffic(NamedTuple):
    """What the client's requests came to in some time."""

    total: int
    to_bad: int
    succeeded: int

    def __str__(self) -> str:
        """Return the two shares in percent."""
        return f"{100 * self.succeeded / self.total:.1f} % succeed, {100 * self.to_bad / self.total:.1f} % go to {BAD}"


def check(scene: Scene) -> Iterator[Line]:
    """Yield the Service's breaker, and where the client's requests go."""
    if not scene.settings.demos.circuit_breaking.enabled:
        yield GROUP.skipped("all", "it is switched off")
        return
    breaker = scene.settings.demos.circuit_breaking.breaker
    service = scene.api.find(f"/api/v1/namespaces/{parts.CIRCUIT_BREAKING}/services/{SERVICE}")
    is_on = text(service, "metadata", "annotations", MODE) == "consecutive"
    fix = f"The settings say {_on(on=breaker.enabled)}: run `make reset`, or `make up` after a change."
    yield GROUP.judged("breaker", _on(on=is_on), good=is_on == breaker.enabled, fix=fix)
    found = pods(scene.api, parts.CIRCUIT_BREAKING)
    clients, behind = [pod for pod in of(found, CLIENT) if pod.meshed], [*of(found, GOOD), *of(found, BAD)]
    if not clients or not behind:
        missing = f"no meshed pod of {CLIENT}" if not clients else f"no pod of {GOOD} and {BAD}"
        yield GROUP.failed(NAME, f"{missing} is ready", "Run `make reset`, and look at the lines on the data plane.")
        return
    settle(scene, GROUP.name, [*clients, *behind])
    yield _measured(scene, breaker, clients)


def judge(breaker: Breaker, now: Traffic, earlier: Traffic, passed: float) -> Line:
    """Return whether the traffic of the last `passed` seconds is as the breaker's settings let expect.

    `earlier` is all that the proxy had counted before.
    """
    if now.total < LEAST:
        fix = f"Look at `kubectl --namespace {parts.CIRCUIT_BREAKING} logs deployment/{CLIENT} -c service`."
        return GROUP.failed(NAME, f"{CLIENT} sent only {now.total} requests in {passed:.0f} s", fix)
    share, success = now.to_bad / now.total, now.succeeded / now.total
    most = max(TRIED_AGAIN, 2 * _tries(breaker) * passed / now.total)
    good = share <= most and success >= 1 - most if breaker.enabled else share >= LEFT_ALONE and success < 1
    expected = f"at most {100 * most:.1f} %" if breaker.enabled else f"at least {100 * LEFT_ALONE:.0f} %, without it"
    before = f"; since the client started, before that: {earlier}" if earlier.total >= LEAST else ""
    seen = f"in {passed:.0f} s {now}, {expected} expected{before}"
    figures = {"requests": now.total, "to_bad": now.to_bad, "succeeded": now.succeeded}
    then = {"requests_before": earlier.total, "to_bad_before": earlier.to_bad, "succeeded_before": earlier.succeeded}
    fix = (
        f"Run `make reset`. `linkerd diagnostics policy -n {parts.CIRCUIT_BREAKING} svc/{SERVICE} 8080` has to show "
        f"{'a' if breaker.enabled else 'no'} failure accrual; a ServiceProfile of the Service would switch it off."
    )
    return GROUP.judged(NAME, seen, good=good, fix=fix, **figures, **then)


def _measured(scene: Scene, breaker: Breaker, clients: Sequence[Pod]) -> Line:
    """Return what the proxies count; look again if it is wrong, for a breaker that was just made has to learn."""
    lines = list[Line]()
    for line in islice(_looks(scene, breaker, clients), LOOKS):
        lines.append(line)
        if line.status is Status.OK:
            break
    return lines[-1]


def _looks(scene: Scene, breaker: Breaker, clients: Sequence[Pod]) -> Iterator[Line]:
    start = before = scrape_all(scene.api, clients)
    while True:
        passed = watch(scene, GROUP.name, scene.patience.window)
        after = scrape_all(scene.api, clients)
        yield judge(breaker, _traffic(before, after), _traffic({}, start), passed)
        before = after


def _traffic(before: Scrapes, after: Scrapes) -> Traffic:
    def to(labels: Labels, *deployments: str) -> bool:
        return labels.get("direction") == "outbound" and labels.get("dst_deployment") in deployments

    return Traffic(
        growth(before, after, ANSWERED, lambda labels: to(labels, GOOD, BAD)),
        growth(before, after, ANSWERED, lambda labels: to(labels, BAD)),
        growth(before, after, ANSWERED, lambda each: to(each, GOOD, BAD) and each.get("classification") == "success"),
    )


def _tries(breaker: Breaker) -> float:
    """Return how often a second at most an endpoint is tried again that always fails."""
    return 1000 / milliseconds(breaker.max_penalty)


def _on(*, on: bool) -> str:
    return "on" if on else "off"
