"""Checks of the demos' behaviour, against apps on loopback that behave well, and badly in each way that shows."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from model.failure_accrual import MAX_PENALTY
from settings.demos import Breaker
from tests.doubles.workshop_apps import Bookshelf, FrontEnd, SlowCooker
from tests.doubles.workshop_double import LOG, ROLLOUT, ROUTES, Played, failed, look, pod, rollout, route
from workshop.verify import booksapp, breaker, canary, podinfo
from workshop.verify.breaker import Traffic
from workshop.verify.lines import Status
from workshop.verify.scene import GroupCheck

SPLIT = ROUTES.format("booksapp", "error-split")
HEADER = ROUTES.format("podinfo", "backend-router")
WEIGHTS = ROUTES.format("progressive-delivery", "argo-rollouts-http-route")
BB = "/api/v1/namespaces/circuit-breaking-demo/services/bb"


def test_a_tenth_of_failures_is_what_ten_percent_are(tmp_path: Path) -> None:
    lines = look(booksapp.check, Played(), tmp_path)

    assert failed(lines) == set()
    assert lines["share of errors"].figures["requests"] >= 2100, "the number that it chooses itself"


def test_fourteen_percent_are_not_ten(tmp_path: Path) -> None:
    lines = look(booksapp.check, Played(Bookshelf(0.14)), tmp_path)

    assert failed(lines) == {"share of errors"}
    assert lines["share of errors"].figures["low"] > 10


def test_nine_percent_pass_for_ten_at_the_number_of_requests_that_it_chooses(tmp_path: Path) -> None:
    assert failed(look(booksapp.check, Played(Bookshelf(0.09)), tmp_path)) == set()


@pytest.mark.parametrize(
    ("share", "percent", "wrong"), [(0, 0, False), (0.02, 0, True), (0, 10, True), (1, 100, False)]
)
def test_no_failure_and_nothing_but_failures_are_shares_like_others(
    tmp_path: Path, share: float, percent: int, *, wrong: bool
) -> None:
    played = Played(Bookshelf(share))
    played.cluster.answers[SPLIT] = route(("books", 100 - percent), ("error-injector", percent))
    lines = look(booksapp.check, played, tmp_path, {"booksapp": {"faultPercent": percent}}, requests=500)

    assert failed(lines) == ({"share of errors"} if wrong else set())


@pytest.mark.parametrize(("noted", "counts"), [("IO", True), ("FAIL_FAST", True), ("CANCEL", False)])
def test_requests_without_a_response_have_failed_unless_nobody_waited(
    tmp_path: Path, noted: str, *, counts: bool
) -> None:
    line = look(booksapp.check, Played(Bookshelf(0.5, noted)), tmp_path, requests=200)["share of errors"]

    assert (line.figures["failed"] > 50) == counts


def test_what_fails_on_its_own_is_not_taken_for_an_injected_fault(tmp_path: Path) -> None:
    class Failing(Bookshelf):
        def page(self, method: str, path: str, headers: Mapping[str, str], /) -> tuple[int, str]:
            self.counted["books", "500"] += 1
            return super().page(method, path, headers)

    played = Played(Failing())
    demos = {"booksapp": {"authorsFailureRate": 0.5}}
    counted = look(booksapp.check, played, tmp_path, demos, requests=400)["share of errors"]

    assert counted.figures["failed"] < counted.figures["requests"] * 0.1, "half of the answers, and all from books"


@pytest.mark.parametrize(
    ("weights", "wrong"),
    [((86, 14), {"weights"}), ((100, 0), {"weights"}), ((90, 10), set[str]())],
)
def test_weights_that_somebody_has_changed_are_told_without_statistics(
    tmp_path: Path, weights: tuple[int, int], wrong: set[str]
) -> None:
    played = Played()
    played.cluster.answers[SPLIT] = route(("books", weights[0]), ("error-injector", weights[1]))
    lines = look(booksapp.check, played, tmp_path, requests=200)

    assert failed(lines) == wrong
    assert lines["weights"].seen == f"books {weights[0]}, error-injector {weights[1]}"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({}, "the mesh has not processed it"),
        ({"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound"}, "ResolvedRefs is not true (Backend"),
        ({"type": "Accepted", "status": "False", "reason": "NoMatchingParent"}, "Accepted is not true (NoMatching"),
    ],
)
def test_a_route_that_the_mesh_has_not_taken_is_told(tmp_path: Path, status: dict[str, object], told: str) -> None:
    played, good = (
        Played(),
        {"type": "Accepted", "status": "True"},
    )
    broken = route(("books", 90), ("error-injector", 10))
    parent = {"controllerName": "linkerd.io/policy-controller", "conditions": [good, status]}
    broken["status"] = {"parents": [parent]} if status else {}
    played.cluster.answers[SPLIT] = broken
    lines = look(booksapp.check, played, tmp_path, requests=200)

    assert failed(lines) == {"route error-split"}
    assert told in lines["route error-split"].seen


def test_a_front_end_without_a_proxy_splits_nothing_and_is_told(tmp_path: Path) -> None:
    played = Played()
    played.pods("booksapp", pod("booksapp", "webapp", meshed=False), pod("booksapp", "books"))

    assert look(booksapp.check, played, tmp_path)["share of errors"].seen == "no meshed pod of webapp is ready"


def test_a_front_end_that_does_not_answer_is_told(tmp_path: Path) -> None:
    class Silent(Bookshelf):
        def page(self, *_asked: object) -> tuple[int, str]:
            raise ConnectionError

    played = Played(Silent())
    line = look(booksapp.check, played, tmp_path)["share of errors"]

    assert line.status is Status.FAILED
    assert "port 7000 of pod booksapp/webapp-1 does not answer" in line.seen


def test_a_front_end_that_is_silent_for_a_moment_is_asked_again(tmp_path: Path) -> None:
    class Restarting(Bookshelf):
        silent = 12

        def page(self, method: str, path: str, headers: Mapping[str, str], /) -> tuple[int, str]:
            if self.pages > 60 and self.silent:
                self.silent -= 1
                raise ConnectionError
            return super().page(method, path, headers)

    assert failed(look(booksapp.check, Played(Restarting()), tmp_path, requests=200)) == set()


def test_the_header_reaches_the_other_backend(tmp_path: Path) -> None:
    assert failed(look(podinfo.check, Played(), tmp_path)) == set()


def test_a_header_that_is_ignored_is_told(tmp_path: Path) -> None:
    lines = look(podinfo.check, Played(front=FrontEnd(ignored=True)), tmp_path)

    assert failed(lines) == {"with the header"}
    assert lines["with the header"].seen == "10 of 10 requests reached A backend"


def test_a_route_that_sends_everything_to_the_other_backend_is_told(tmp_path: Path) -> None:
    class Everything(FrontEnd):
        def echo(self, *_asked: object) -> tuple[int, str]:
            return 202, "PODINFO_UI_MESSAGE=B backend"

    lines = look(podinfo.check, Played(front=Everything()), tmp_path)

    assert failed(lines) == {"without the header", "with another value"}


def test_a_header_other_than_the_settings_is_told(tmp_path: Path) -> None:
    played = Played(front=FrontEnd(value="changed"))
    played.cluster.answers[HEADER] = route(("backend-b-podinfo", 1), header=("x-request-id", "changed"))
    lines = look(podinfo.check, played, tmp_path)

    assert failed(lines) == {"header", "with the header"}
    assert lines["header"].seen == "x-request-id: changed"


def test_a_front_end_whose_pod_is_not_ready_is_told(tmp_path: Path) -> None:
    played = Played()
    played.pods("podinfo", pod("podinfo", "frontend-podinfo", ready=False))

    assert failed(look(podinfo.check, played, tmp_path)) == {"front end"}


def without_breaker(played: Played) -> Played:
    played.cluster.answers[BB] = {"metadata": {}}
    return played


OFF = {"circuitBreaking": {"breaker": {"enabled": False}}}


def test_a_breaker_that_keeps_requests_off_passes_with_what_was_before(tmp_path: Path) -> None:
    lines = look(breaker.check, Played(cooker=SlowCooker(before=(60_000, 40_000))), tmp_path)

    assert failed(lines) == set()
    line = lines["requests to bad"]
    assert line.figures["to_bad"] / line.figures["requests"] < 0.01
    assert line.figures["to_bad_before"] / line.figures["requests_before"] == pytest.approx(0.4, abs=0.01)
    assert "before that: 60." in line.seen, "success was lower before, by the same counters"


@pytest.mark.parametrize("share", [0.17, 0.5])
def test_a_breaker_that_never_opens_is_told(tmp_path: Path, share: float) -> None:
    lines = look(breaker.check, Played(cooker=SlowCooker(to_bad=share)), tmp_path)

    assert failed(lines) == {"requests to bad"}, "the annotation is there, and yet nothing opens"


def test_a_breaker_that_has_just_opened_is_looked_at_again(tmp_path: Path) -> None:
    class Learning(SlowCooker):
        def series(self) -> str:
            self.to_bad = 60 / (self.rate * (0.3 + self.__class__.looks))
            self.__class__.looks += 1
            return super().series()

        looks = 0

    assert failed(look(breaker.check, Played(cooker=Learning()), tmp_path)) == set()


def test_a_breaker_that_somebody_removed_is_told(tmp_path: Path) -> None:
    lines = look(breaker.check, without_breaker(Played(cooker=SlowCooker(to_bad=0.5))), tmp_path)

    assert failed(lines) == {"breaker", "requests to bad"}


@pytest.mark.parametrize(("share", "wrong"), [(0.17, False), (0.65, False), (0.002, True)])
def test_without_a_breaker_failures_have_to_show(tmp_path: Path, share: float, *, wrong: bool) -> None:
    lines = look(breaker.check, without_breaker(Played(cooker=SlowCooker(to_bad=share))), tmp_path, OFF)

    assert failed(lines) == ({"requests to bad"} if wrong else set())


def test_short_penalties_let_more_requests_try_again() -> None:
    short, usual = Breaker.model_validate({"maxPenalty": "1s"}), Breaker()
    now, none = Traffic(300, 25, 275), Traffic(0, 0, 0)

    assert breaker.judge(short, now, none, 30).status is Status.OK
    assert breaker.judge(usual, now, none, 30).status is Status.FAILED
    assert usual.max_penalty == MAX_PENALTY


def test_a_client_that_hardly_asks_decides_nothing(tmp_path: Path) -> None:
    line = look(breaker.check, Played(cooker=SlowCooker(rate=20)), tmp_path)["requests to bad"]

    assert line.status is Status.FAILED
    assert "sent only" in line.seen


def test_a_rollout_at_rest_passes(tmp_path: Path) -> None:
    assert failed(look(canary.check, Played(), tmp_path)) == set()


def test_a_canary_under_way_has_the_weights_of_its_step_and_two_versions(tmp_path: Path) -> None:
    played = Played()
    played.cluster.answers[ROLLOUT] = rollout("1.7.1", "Paused", step=3)
    played.cluster.answers[WEIGHTS] = route(("podinfo-stable", 60), ("podinfo-canary", 40))
    played.cluster.answers[LOG] = "10:00:00 1.7.0\n10:00:01 1.7.1\n"
    demos = {"progressiveDelivery": {"version": "1.7.1"}}
    lines = look(canary.check, played, tmp_path, demos)

    assert failed(lines) == set()
    assert lines["Rollout"].seen == "Paused, step 3 of 8"
    assert lines["versions that answer"].seen == "1.7.0 1x, 1.7.1 1x"


@pytest.mark.parametrize(
    ("path", "answer", "wrong"),
    [
        (ROLLOUT, rollout("1.7.0", "Degraded", 0), {"Rollout", "versions that answer"} - {"versions that answer"}),
        (ROLLOUT, rollout("1.7.1"), {"version", "versions that answer"}),
        (ROLLOUT, {"spec": {}}, {"Rollout", "version"}),
        (WEIGHTS, route(("podinfo-stable", 70), ("podinfo-canary", 30)), {"weights"}),
        (LOG, "10:00:00 1.7.0\n10:00:01 1.6.9\n", {"versions that answer"}),
        (LOG, "10:00:00 1.7.0\n10:00:01 failed\n", {"versions that answer"}),
        (LOG, "", {"versions that answer"}),
    ],
)
def test_what_is_wrong_with_a_canary_is_told(tmp_path: Path, path: str, answer: object, wrong: set[str]) -> None:
    played = Played()
    played.cluster.answers[path] = answer

    assert failed(look(canary.check, played, tmp_path)) == wrong


@pytest.mark.parametrize(
    ("check", "demo"),
    [
        (booksapp.check, "booksapp"),
        (podinfo.check, "podinfo"),
        (breaker.check, "circuitBreaking"),
        (canary.check, "progressiveDelivery"),
    ],
)
def test_a_demo_that_is_switched_off_is_skipped_with_the_reason(tmp_path: Path, check: GroupCheck, demo: str) -> None:
    lines = look(check, Played(), tmp_path, {demo: {"enabled": False}})

    assert [(line.status, line.seen) for line in lines.values()] == [(Status.SKIPPED, "it is switched off")]
