"""Checks of the demos' behaviour, against apps on loopback that behave well, and badly in each visible way."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from model.failure_accrual import MAX_PENALTY
from settings.demos import Breaker
from tests.doubles.workshop_apps import Bookshelf, FrontEnd, SlowCooker
from tests.doubles.workshop_double import (
    LOG,
    ROLLOUT,
    ROUTES,
    Case,
    list_of,
    pod,
    rollout,
    route,
)
from workshop.verify import booksapp, breaker, canary, podinfo
from workshop.verify.breaker import Traffic
from workshop.verify.lines import Status

SPLIT = ROUTES.format("booksapp", "error-split")
HEADER = ROUTES.format("podinfo", "backend-router")
WEIGHTS = ROUTES.format("progressive-delivery", "argo-rollouts-http-route")
BB = "/api/v1/namespaces/circuit-breaking-demo/services/bb"
SHARE = "share of errors"


class _Learning(SlowCooker):
    looks = 0

    def series(self) -> str:
        self.to_bad = 60 / (self.rate * (0.3 + self.looks))
        self.looks += 1
        return super().series()


def split(faults: int) -> dict[str, object]:
    """Return a route that sends so many percent of the requests to the error injector."""
    return {SPLIT: route(("books", 100 - faults), ("error-injector", faults))}


def books(share: float, faults: int, failing: Mapping[str, str], requests: int | None = 500) -> Case:
    """Return booksapp with a share of errors, where so many percent are configured."""
    settings = {"demos": {"booksapp": {"faultPercent": faults}}}
    return Case(booksapp.check, failing, split(faults), shelf=Bookshelf(share), settings=settings, requests=requests)


def breaking(to_bad: float, failing: tuple[str, ...], *, annotated: bool, enabled: bool) -> Case:
    """Return the breaker's demo with a share of requests to `bad`."""
    answers: dict[str, object] = {} if annotated else {BB: {"metadata": {}}}
    settings = {"demos": {"circuitBreaking": {"breaker": {"enabled": enabled}}}}
    cooker = SlowCooker(to_bad=to_bad)
    return Case(breaker.check, dict.fromkeys(failing, "*"), answers, cooker=cooker, settings=settings)


def unaccepted(seen: str, *more: Mapping[str, object]) -> Case:
    """Return booksapp with a route that the mesh has not accepted."""
    conditions = [{"type": "Accepted", "status": "True"}, *more]
    parents = [{"controllerName": "linkerd.io/policy-controller", "conditions": conditions}]
    status = {"parents": parents if more else []}
    return Case(booksapp.check, {"route error-split": seen}, {SPLIT: {**route(*BACKENDS), "status": status}})


BACKENDS = ("books", 90), ("error-injector", 10)
REFUSED = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound"}
ORPHANED = {"type": "Accepted", "status": "False", "reason": "NoMatchingParent"}
NO_PROXY = list_of("booksapp", pod("booksapp", "webapp", meshed=False), pod("booksapp", "books"))
SILENT = {SHARE: "port 7000 of pod booksapp/webapp-1 does not answer*"}
CHANGED_HEADER = {HEADER: route(("backend-b-podinfo", 1), header=("x-request-id", "changed"))}
NOT_READY = list_of("podinfo", pod("podinfo", "frontend-podinfo", ready=False))
ENDED = {WEIGHTS: route(("podinfo-stable", 70), ("podinfo-canary", 30))}
STEP_3 = {
    ROLLOUT: rollout("1.7.1", "Paused", step=3),
    WEIGHTS: route(("podinfo-stable", 60), ("podinfo-canary", 40)),
    LOG: "10:00:00 1.7.0\n10:00:01 1.7.1\n",
}
NEW_VERSION = {"demos": {"progressiveDelivery": {"version": "1.7.1"}}}
IN_TIME = {"Rollout": "Paused, step 3 of 8", "versions that answer": "1.7.0 1x, 1.7.1 1x"}
UNPROCESSED = {"Rollout": "its controller has not processed it", "version": "none"}
OTHER_VERSION = {"version": "1.7.1", "versions that answer": "1.7.0 2x"}
A, B = (f"10 of 10 requests reached {each} backend" for each in "AB")
TO_BAD = "requests to bad"
CASES = {
    "14 % of errors where 10 % are configured": books(0.14, 10, {SHARE: "*"}, requests=None),
    "no error as configured": books(0, 0, {}),
    "an error where none is configured": books(0.02, 0, {SHARE: "*"}),
    "no error where some are configured": books(0, 10, {SHARE: "*"}),
    "nothing but errors as configured": books(1, 100, {}),
    "weights for more errors": Case(booksapp.check, {"weights": "books 86, error-injector 14"}, split(14)),
    "weights for no error": Case(booksapp.check, {"weights": "books 100, error-injector 0"}, split(0)),
    "weights as configured": Case(booksapp.check, passing={"weights": "books 90, error-injector 10"}),
    "a route that the mesh has not processed": unaccepted("the mesh has not processed it"),
    "a route to a missing backend": unaccepted("ResolvedRefs is not true (BackendNotFound)", REFUSED),
    "a route of a missing Service": unaccepted("Accepted is not true (NoMatchingParent)*", ORPHANED),
    "a front end without a proxy": Case(booksapp.check, {SHARE: "no meshed pod of webapp is ready"}, NO_PROXY),
    "a silent front end": Case(booksapp.check, SILENT, shelf=Bookshelf(drops=range(10**9))),
    "a front end that restarts": Case(booksapp.check, shelf=Bookshelf(drops=range(61, 73))),
    "a header that reaches the other backend": Case(podinfo.check),
    "a header that the route ignores": Case(podinfo.check, {"with the header": A}, front=FrontEnd(ignored=True)),
    "a route with one backend": Case(
        podinfo.check, {"without the header": B, "with another value": B}, front=FrontEnd(always=True)
    ),
    "another header than the setting's": Case(
        podinfo.check,
        {"header": "x-request-id: changed", "with the header": A},
        CHANGED_HEADER,
        front=FrontEnd(value="changed"),
    ),
    "a front end that is not ready": Case(podinfo.check, {"front end": "no pod of it is ready"}, NOT_READY),
    "a breaker that lets a sixth through": breaking(0.17, (TO_BAD,), annotated=True, enabled=True),
    "a breaker that never opens": breaking(0.5, (TO_BAD,), annotated=True, enabled=True),
    "a breaker that somebody removed": breaking(0.5, ("breaker", TO_BAD), annotated=False, enabled=True),
    "some requests to bad without a breaker": breaking(0.17, (), annotated=False, enabled=False),
    "most requests to bad without a breaker": breaking(0.65, (), annotated=False, enabled=False),
    "hardly any request to bad without a breaker": breaking(0.002, (TO_BAD,), annotated=False, enabled=False),
    "a breaker that has just opened": Case(breaker.check, cooker=_Learning()),
    "a client with few requests": Case(breaker.check, {TO_BAD: "*sent only*"}, cooker=SlowCooker(rate=1)),
    "a Rollout at rest": Case(canary.check),
    "a canary under way": Case(canary.check, {}, STEP_3, passing=IN_TIME, settings=NEW_VERSION),
    "a degraded Rollout": Case(canary.check, {"Rollout": "*"}, {ROLLOUT: rollout("1.7.0", "Degraded", 0)}),
    "a Rollout of another version": Case(canary.check, OTHER_VERSION, {ROLLOUT: rollout("1.7.1")}),
    "a Rollout that nothing has processed": Case(canary.check, UNPROCESSED, {ROLLOUT: {"spec": {}}}),
    "weights of an ended canary": Case(canary.check, {"weights": "*70, podinfo-canary 30, and 0 %*"}, ENDED),
    **{
        f"a client that gets {text}": Case(canary.check, {"versions that answer": seen}, {LOG: log})
        for text, seen, log in (
            ("1.6.9", "1.6.9 1x, 1.7.0 1x", "10:00:00 1.7.0\n10:00:01 1.6.9\n"),
            ("errors", "1.7.0 1x, failed 1x", "10:00:00 1.7.0\n10:00:01 failed\n"),
            ("no answer", "none", ""),
        )
    },
    **{
        f"{demo} that is switched off": Case(
            check, passing={"all": "it is switched off"}, settings={"demos": {demo: {"enabled": False}}}
        )
        for check, demo in (
            (booksapp.check, "booksapp"),
            (podinfo.check, "podinfo"),
            (breaker.check, "circuitBreaking"),
            (canary.check, "progressiveDelivery"),
        )
    },
}


@pytest.mark.parametrize("case", CASES)
def test_a_demos_check_fails_in_the_lines_that_name_what_is_wrong(tmp_path: Path, case: str) -> None:
    CASES[case].confirm(tmp_path)


@pytest.mark.parametrize(("error", "counts"), [("IO", True), ("FAIL_FAST", True), ("CANCEL", False)])
def test_a_request_without_a_response_has_failed_unless_its_caller_cancelled_it(
    tmp_path: Path, error: str, *, counts: bool
) -> None:
    case = Case(booksapp.check, {SHARE: "*"}, shelf=Bookshelf(0.5, error))

    assert (case.confirm(tmp_path)[SHARE].figures["failed"] > 50) == counts


def test_errors_of_the_app_itself_are_not_counted_as_injected_faults(tmp_path: Path) -> None:
    settings = {"demos": {"booksapp": {"authorsFailureRate": 0.5, "faultPercent": 50}}}
    case = Case(booksapp.check, {SHARE: "*"}, split(50), shelf=Bookshelf(0.05, books_fails=True), settings=settings)
    figures = case.confirm(tmp_path)[SHARE].figures

    assert figures["failed"] < figures["requests"] * 0.1, "half of the answers, and all from books"


def test_a_working_breaker_passes_and_its_line_compares_with_the_time_before(tmp_path: Path) -> None:
    case = Case(breaker.check, cooker=SlowCooker(before=(6_000_000, 4_000_000)))
    line = case.confirm(tmp_path)[TO_BAD]

    assert line.figures["to_bad"] / line.figures["requests"] < 0.01
    assert line.figures["to_bad_before"] / line.figures["requests_before"] == pytest.approx(0.4, abs=0.01)
    assert "before that: 60." in line.seen, "success was lower before, by the same counters"


def test_a_breaker_with_short_penalties_may_let_more_requests_through() -> None:
    short, usual = Breaker.model_validate({"maxPenalty": "1s"}), Breaker()
    now, none = Traffic(300, 25, 275), Traffic(0, 0, 0)

    assert breaker.judge(short, now, none, 30).status is Status.OK
    assert breaker.judge(usual, now, none, 30).status is Status.FAILED
    assert usual.max_penalty == MAX_PENALTY
