"""Linkerd's rules for a circuit breaker by consecutive failures.

Linkerd only logs a parameter that breaks a rule, and leaves the Service without any breaker. Source: the policy
controller's outbound index and the proxy's breaker and backoff, edge-26.8.3.
"""

import re
from typing import TypedDict

MOST_FAILURES = 2**32 - 1
LONGEST_PENALTY = 2**64 - 1
"""Milliseconds."""
LARGEST_JITTER = 100.0

FAILURES_RULE = f"a whole number from 1 to {MOST_FAILURES}"
"""The controller accepts 0, but the proxy counts from 1: its breaker would never open."""
PENALTY_RULE = "a whole number above 0 with its unit, one of ms, s, m, h and d"
JITTER_RULE = "a number from 0 to 100"
ORDER_RULE = "the minimum penalty has to be at most the maximum penalty"

_DURATION = re.compile(r"\+?([0-9]+)(ms|s|m|h|d)")
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


MAX_FAILURES, MIN_PENALTY, MAX_PENALTY, JITTER_RATIO = 7, "1s", "1m", 0.5
"""Linkerd's own defaults."""


class FailureAccrual(TypedDict):
    """The breaker's parameters."""

    max_failures: int
    """The failures in a row that take an endpoint out, from 1."""
    min_penalty: str
    """The time that it stays out at first, until one request tries it again, in Linkerd's syntax (`500ms`, `1s`)."""
    max_penalty: str
    """The longest time that it stays out, after it has failed again and again."""
    jitter_ratio: float
    """The largest share of a penalty that is added to it at random, 0 to 100."""


def checked(accrual: FailureAccrual) -> FailureAccrual:
    """Return `accrual` as Linkerd reads it. Raises ValueError if Linkerd would ignore it or never open the breaker."""
    checked_order(accrual["min_penalty"], accrual["max_penalty"])
    return {
        "max_failures": checked_failures(accrual["max_failures"]),
        "min_penalty": checked_penalty(accrual["min_penalty"]),
        "max_penalty": checked_penalty(accrual["max_penalty"]),
        "jitter_ratio": checked_jitter(accrual["jitter_ratio"]),
    }


def checked_failures(number: int) -> int:
    """Return `number`. Raises ValueError if it is no maximum of failures."""
    if not 1 <= number <= MOST_FAILURES:
        found = f"the maximum of failures is {number}"
        raise ValueError(f"{found}, but it has to be {FAILURES_RULE}; Linkerd's own is {MAX_FAILURES}.")
    return number


def checked_penalty(duration: str) -> str:
    """Return `duration` without spaces around it. Raises ValueError if it is no penalty."""
    milliseconds(duration)
    return duration.strip()


def milliseconds(duration: str) -> int:
    """Return a duration in Linkerd's syntax as milliseconds. Raises ValueError if it is none, zero or too long."""
    found = _DURATION.fullmatch(duration.strip())
    length = int(found[1]) * _MILLISECONDS[found[2]] if found else 0
    if not 0 < length <= LONGEST_PENALTY:
        raise ValueError(f"the penalty is {duration!r}, but it has to be {PENALTY_RULE}; write for example 500ms.")
    return length


def checked_jitter(ratio: float) -> float:
    """Return `ratio`. Raises ValueError if it is no jitter ratio."""
    if not 0 <= ratio <= LARGEST_JITTER:  # not a number fails, too
        found = f"the jitter ratio is {ratio}"
        raise ValueError(f"{found}, but it has to be {JITTER_RULE}; Linkerd's own is {JITTER_RATIO}.")
    return ratio


def checked_order(min_penalty: str, max_penalty: str) -> None:
    """Raise ValueError if the first penalty is longer than the longest, or if one of them is invalid."""
    if milliseconds(min_penalty) > milliseconds(max_penalty):
        raise ValueError(f"the penalties are {min_penalty} to {max_penalty}, but {ORDER_RULE}; change one.")
