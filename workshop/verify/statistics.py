"""Whether a share that was measured is the one that was configured: exact binomial tests.

Every request goes its way by a draw of its own, so the number of failures among n requests is binomial. The interval
is that of Clopper and Pearson; it misses the true share in at most `FALSE_ALARM` of all runs.
"""

from functools import cache
from math import sqrt
from typing import NamedTuple

from scipy.stats import binom, binomtest

FALSE_ALARM = 0.001
"""How often at most a share as configured is called wrong. There are a few such tests in a run: under 1 % for all."""
POWER = 0.99
"""How often at least a share that is off by `deviation` is called wrong."""
METHOD = "exact 99.9 % interval"
"""What the numbers behind a share are called; from FALSE_ALARM."""
STEP = 100
"""Numbers of requests are multiples of this."""
RARE = 0.01
"""Where nothing, or everything, is to fail: the share of exceptions that has to be noticed."""


class Interval(NamedTuple):
    """Where the true share lies, from 0 to 1."""

    low: float
    high: float

    def __str__(self) -> str:
        """Return it in percent."""
        return f"{100 * self.low:.1f} to {100 * self.high:.1f} %"


def interval(hits: int, total: int) -> Interval:
    """Return the confidence interval of a share of which `hits` of `total` (at least 1) were seen."""
    low, high = binomtest(hits, total).proportion_ci(1 - FALSE_ALARM, method="exact")
    return Interval(float(low), float(high))


def fits(hits: int, total: int, share: float) -> bool:
    """Tell whether `hits` of `total` (at least 1) may well come from this share, 0 to 1: if their interval has it."""
    fewest, most = _expected(share, total)
    return fewest <= hits <= most


def deviation(share: float) -> float:
    """Return how far off a share has to be, for it to be noticed: 4 points at 10 %, 6.7 at 50 %, 1 at 0 and 100 %."""
    return max(RARE, sqrt(share * (1 - share)) * 4 / 30)


@cache
def requests_needed(share: float) -> int:
    """Return how many requests it takes to notice, with `POWER`, a share that is off by `deviation`."""
    total, others = STEP, _others(share)
    while any(_noticed(other, share, total) < POWER for other in others):
        total += STEP
    return total


def _others(share: float) -> list[float]:
    """Return the shares that have to be told from this one: one above and one below, as far as there are any."""
    off = deviation(share)
    return [other for other in (max(0.0, share - off), min(1.0, share + off)) if other != share]


def _noticed(true: float, share: float, total: int) -> float:
    """Return how often the test calls `share` wrong where the share is `true`."""
    fewest, most = _expected(share, total)
    return float(binom.cdf(fewest - 1, total, true) + binom.sf(most, total, true))


@cache
def _expected(share: float, total: int) -> tuple[float, float]:
    """Return the fewest and the most hits whose interval has `share` in it."""
    tail = FALSE_ALARM / 2
    return float(binom.ppf(tail, total, share)), float(binom.isf(tail, total, share))
