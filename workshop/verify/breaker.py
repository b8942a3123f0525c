"""Checks of circuit breaking: the client's proxy keeps requests off `bad`, by that proxy's own counters."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from model.failure_accrual import milliseconds
from model.json_values import text
from settings import parts
from settings.demos import Breaker
from workshop.terminal import count
from workshop.verify.lines import Demo, Line, Status
from workshop.verify.measurements import ANSWERED, Labels, Scrapes, growth, scrape_all
from workshop.verify.objects import Pod, list_pods, select_ready
from workshop.verify.scene import Scene, let_time_pass, wait_until_settled

GROUP = Demo("circuit breaking", parts.CIRCUIT_BREAKING)
CLIENT, GOOD, BAD, SERVICE = "slow-cooker", "good", "bad", "bb"
MODE = "balancer.linkerd.io/failure-accrual"
TRIED_AGAIN = 0.02
"""The share of requests that may go to `bad` with a breaker; more only where penalties are short."""
LEFT_ALONE = 0.05
"""The least share that goes to `bad` without one, in one of LOOKS windows; 0 to 84 % of 30 s were measured."""
LEAST = 50
"""Fewer requests are not judged."""
LOOKS = 3
NAME = "requests to bad"


class Traffic(NamedTuple):
    """The results of the client's requests in a period."""

    total: int
    to_bad: int
    succeeded: int

    def __str__(self) -> str:
        """Return the two shares in percent."""
        return f"{100 * self.succeeded / self.total:.1f} % succeed, {100 * self.to_bad / self.total:.1f} % go to {BAD}"


def check(scene: Scene, demo: Demo = GROUP) -> Iterator[Line]:
    """Yield lines on the Service's breaker, and on the destinations of the client's requests."""
    if not scene.settings.demos.circuit_breaking.enabled:
        yield demo.skip("all", "it is switched off")
        return
    breaker = scene.settings.demos.circuit_breaking.breaker
    service = scene.api.find(f"/api/v1/namespaces/{demo.namespace}/services/{SERVICE}")
    is_on = text(service, "metadata", "annotations", MODE) == "consecutive"
    fix = f"The settings say {_format_switch(on=breaker.enabled)}: run `{demo.reset}`, or `make up` after a change."
    yield demo.judge("breaker", _format_switch(on=is_on), good=is_on == breaker.enabled, fix=fix)
    found = list_pods(scene.api, demo.namespace)
    clients, behind = (
        [pod for pod in select_ready(found, CLIENT) if pod.meshed],
        [*select_ready(found, GOOD), *select_ready(found, BAD)],
    )
    if not clients or not behind:
        missing = f"no meshed pod of {CLIENT}" if not clients else f"no pod of {GOOD} and {BAD}"
        yield demo.fail(NAME, f"{missing} is ready", f"Run `{demo.reset}`, and look at the lines on the data plane.")
        return
    wait_until_settled(scene, demo.name, [*clients, *behind])
    yield _measure(scene, demo, breaker, clients)


def judge(breaker: Breaker, now: Traffic, earlier: Traffic, passed: float, demo: Demo = GROUP) -> Line:
    """Return a line on whether the traffic of the last `passed` seconds fits the breaker's settings.

    `earlier` is the proxy's count before them.
    """
    if now.total < LEAST:
        fix = f"Look at `kubectl --namespace {demo.namespace} logs deployment/{CLIENT} -c service`."
        return demo.fail(NAME, f"{CLIENT} sent only {count(now.total, 'request')} in {passed:.0f} s", fix)
    share, success = now.to_bad / now.total, now.succeeded / now.total
    most = max(TRIED_AGAIN, 2 * _compute_retries(breaker) * passed / now.total)
    good = share <= most and success >= 1 - most if breaker.enabled else share >= LEFT_ALONE and success < 1
    expected = f"at most {100 * most:.1f} %" if breaker.enabled else f"at least {100 * LEFT_ALONE:.0f} %, without it"
    before = f"; since the client started, before that: {earlier}" if earlier.total >= LEAST else ""
    seen = f"in {passed:.0f} s {now}, {expected} expected{before}"
    figures = {"requests": now.total, "to_bad": now.to_bad, "succeeded": now.succeeded}
    then = {"requests_before": earlier.total, "to_bad_before": earlier.to_bad, "succeeded_before": earlier.succeeded}
    fix = (
        f"Run `{demo.reset}`. `linkerd diagnostics policy -n {demo.namespace} svc/{SERVICE} 8080` has to show "
        f"{'a' if breaker.enabled else 'no'} failure accrual; a ServiceProfile of the Service disables it."
    )
    return demo.judge(NAME, seen, good=good, fix=fix, **figures, **then)


def _measure(scene: Scene, demo: Demo, breaker: Breaker, clients: Sequence[Pod]) -> Line:
    """Measure the traffic; measure again if it is wrong, because a new breaker has to see failures first."""
    lines = list[Line]()
    for line in islice(_measure_windows(scene, demo, breaker, clients), LOOKS):
        lines.append(line)
        if line.status is Status.OK:
            break
    return lines[-1]


def _measure_windows(scene: Scene, demo: Demo, breaker: Breaker, clients: Sequence[Pod]) -> Iterator[Line]:
    start = before = scrape_all(scene.api, clients)
    while True:
        passed = let_time_pass(scene, demo.name, scene.patience.window)
        after = scrape_all(scene.api, clients)
        yield judge(breaker, _count_traffic(before, after), _count_traffic({}, start), passed, demo)
        before = after


def _count_traffic(before: Scrapes, after: Scrapes) -> Traffic:
    def to(labels: Labels, *deployments: str) -> bool:
        return labels.get("direction") == "outbound" and labels.get("dst_deployment") in deployments

    return Traffic(
        growth(before, after, ANSWERED, lambda labels: to(labels, GOOD, BAD)),
        growth(before, after, ANSWERED, lambda labels: to(labels, BAD)),
        growth(before, after, ANSWERED, lambda each: to(each, GOOD, BAD) and each.get("classification") == "success"),
    )


def _compute_retries(breaker: Breaker) -> float:
    """Return the most retries a second of an endpoint that always fails."""
    return 1000 / milliseconds(breaker.max_penalty)


def _format_switch(*, on: bool) -> str:
    return "on" if on else "off"
