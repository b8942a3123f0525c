"""The statistics of shares: how often they are wrong, counted over many runs, and which deviations they notice."""

from collections import Counter

import pytest
from numpy.random import default_rng

from workshop.verify.attendees import CLIENTS, COARSENESS, SAMPLE
from workshop.verify.booksapp import judge
from workshop.verify.lines import Status
from workshop.verify.measurements import FALSE_ALARM, METHOD, POWER, STEP, deviation, fits, interval, requests_needed
from workshop.verify.scene import Scene

RUNS = 20_000
CONFIGURED = (0, 1, 5, 10, 25, 50, 90, 99, 100)


def wrong_in(share: float, true: float, total: int) -> float:
    """Return in which part of many runs with the share `true` the test says that it is not `share`."""
    drawn = Counter(int(each) for each in default_rng(round(1000 * true) + total).binomial(total, true, RUNS))
    return sum(often for failed, often in drawn.items() if not fits(failed, total, share)) / RUNS


@pytest.mark.parametrize("coarseness", [1, COARSENESS])
@pytest.mark.parametrize("percent", CONFIGURED)
def test_a_share_as_configured_fails_less_than_one_run_of_a_hundred(percent: int, coarseness: float) -> None:
    share = percent / 100
    alarms = wrong_in(share, share, requests_needed(share, coarseness))

    assert alarms <= 3 * FALSE_ALARM, f"{100 * alarms:.2f} % of the runs were false alarms"
    assert (1 + SAMPLE) * FALSE_ALARM < 0.01, "the stack's own share, and those of the attendees in the sample"


@pytest.mark.parametrize("coarseness", [1, COARSENESS])
@pytest.mark.parametrize("percent", CONFIGURED)
def test_a_share_that_is_off_by_the_stated_deviation_is_noticed(percent: int, coarseness: float) -> None:
    share, off = percent / 100, coarseness * deviation(percent / 100)
    for other in {max(0.0, share - off), min(1.0, share + off)} - {share}:
        noticed = wrong_in(share, other, requests_needed(share, coarseness))
        assert noticed >= POWER - 0.003, f"{100 * other:.1f} % instead of {percent} % is noticed in {noticed:.3f}"


@pytest.mark.parametrize(
    ("true", "total", "least", "most"),
    [(0.14, 2100, 0.98, 1), (0.09, 2100, 0, 0.06), (0.09, 30_000, 0.98, 1), (0.1, 30_000, 0, 0.003)],
)
def test_more_requests_distinguish_closer_shares_from_ten_percent(
    true: float, total: int, least: float, most: float
) -> None:
    assert least <= wrong_in(0.1, true, total) <= most


def test_the_number_of_requests_is_the_smallest_hundred_that_is_enough() -> None:
    assert {percent: requests_needed(percent / 100) for percent in CONFIGURED} == {
        0: 500, 1: 2900, 5: 2300, 10: 2100, 25: 2000, 50: 1800, 90: 2100, 99: 2900, 100: 500
    }  # fmt: skip


@pytest.mark.parametrize("percent", CONFIGURED)
def test_an_attendees_requests_take_as_long_as_those_of_the_stacks_own_demo(percent: int) -> None:
    own, attendees = (requests_needed(percent / 100, coarseness) for coarseness in (1, COARSENESS))

    assert attendees / CLIENTS <= own / Scene.clients + STEP


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_number_fits_a_share_exactly_if_its_interval_has_that_share(share: float) -> None:
    for failed in (0, 1, 40, 49, 59, 60, 94, 100, 156, 157, 254, 255, 256, 260, 400, 499, 500):
        low, high = interval(failed, 500)
        assert fits(failed, 500, share) == (low <= share <= high), failed


def test_a_single_failure_fails_the_check_where_no_failure_is_configured() -> None:
    assert judge(0, 0, 500).status is Status.OK
    assert judge(0, 1, 500).status is Status.FAILED
    assert judge(100, 499, 500).status is Status.FAILED


def test_the_line_names_its_statistics() -> None:
    line = judge(10, 210, 2100)

    assert line.seen == (
        "210 of 2100 requests of webapp to books failed, 10.0 % (exact 99.9 % interval: 8.0 to 12.3 %); "
        "10 % are configured"
    )
    assert line.figures == {"failed": 210, "requests": 2100, "configured": 10, "low": 7.97, "high": 12.32}
    assert f"{100 * (1 - FALSE_ALARM):.1f}" in METHOD
