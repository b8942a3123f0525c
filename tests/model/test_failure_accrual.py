"""The rules of circuit breaking: Linkerd runs every breaker that we accept, and we refuse what it would ignore.

What Linkerd accepts is read from the parser of the policy controller and the checks of the proxy (edge-26.8.3).
"""

import math
from collections.abc import Callable

import pytest

from components.demos.circuit_breaking import circuit_breaker
from model.failure_accrual import (
    JITTER_RATIO,
    MAX_FAILURES,
    MAX_PENALTY,
    MIN_PENALTY,
    FailureAccrual,
    checked,
    checked_failures,
    checked_jitter,
    checked_order,
    checked_penalty,
    milliseconds,
)
from tests.components.arguments import BREAKER

U32, U64 = 2**32 - 1, 2**64 - 1
COMMON = {"500ms": 500, "1s": 1000, "2m": 120_000, "3h": 10_800_000, "4d": 345_600_000, "+5s": 5000, "007s": 7000}
LONGEST = {f"{U64}ms": U64, f"{U64 // 1000}s": U64 // 1000 * 1000}
PENALTIES = {**COMMON, **LONGEST, **dict.fromkeys([" 1s\n", "\u30001s", "1s\x1f"], 1000)}
"""Milliseconds by the text: Linkerd takes a sign, zeros in front, and what fits into 64 bits."""
NO_PENALTIES = (
    *("", "x", "5", "s", "0", "0s", "-1s", "0.5s", ".5s", "1.s", "1e3s", "1 s", "1_0s", "\u0663s", "++1s"),
    *("1S", "1us", "1w", "1sm", "1m30s", "1s1", "1s 2s", f"{U64 + 1}ms", f"{U64 // 1000 + 1}s", "9" * 99 + "d"),
)
"""Linkerd ignores each of these, or never keeps an endpoint out: a penalty of nothing doubles to nothing."""


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_penalty_is_as_long_as_linkerd_reads_it_and_written_without_spaces(penalty: str) -> None:
    assert milliseconds(penalty) == PENALTIES[penalty]
    assert checked({**BREAKER, "min_penalty": penalty, "max_penalty": f"{U64}ms"})["min_penalty"] == penalty.strip()


@pytest.mark.parametrize("penalty", NO_PENALTIES)
def test_a_penalty_that_linkerd_ignores_is_refused(penalty: str) -> None:
    accruals: list[FailureAccrual] = [{**BREAKER, "min_penalty": penalty}, {**BREAKER, "max_penalty": penalty}]
    for accrual in accruals:
        with pytest.raises(ValueError, match="a whole number above 0 with its unit"):
            circuit_breaker(accrual)


@pytest.mark.parametrize(
    "accrual",
    [
        *({**BREAKER, "max_failures": each} for each in (1, 7, U32)),
        *({**BREAKER, "jitter_ratio": each} for each in (0, -0.0, 2**-149, 0.5, 100.0)),
        {**BREAKER, "min_penalty": "1m", "max_penalty": "60000ms"},
        {"max_failures": 7, "min_penalty": "1m", "max_penalty": "1h", "jitter_ratio": 100.0},
    ],
)
def test_a_breaker_that_linkerd_runs_is_accepted(accrual: FailureAccrual) -> None:
    assert checked(accrual) == accrual


def test_our_defaults_are_linkerds() -> None:
    assert (MAX_FAILURES, milliseconds(MIN_PENALTY), milliseconds(MAX_PENALTY), JITTER_RATIO) == (7, 1000, 60_000, 0.5)


def test_every_parameter_has_its_annotation() -> None:
    assert circuit_breaker(None) == {}
    accrual: FailureAccrual = {"max_failures": 3, "min_penalty": "500ms", "max_penalty": " 10s ", "jitter_ratio": 1}
    assert circuit_breaker(accrual) == {
        "balancer.linkerd.io/failure-accrual": "consecutive",
        "balancer.linkerd.io/failure-accrual-consecutive-max-failures": "3",
        "balancer.linkerd.io/failure-accrual-consecutive-min-penalty": "500ms",
        "balancer.linkerd.io/failure-accrual-consecutive-max-penalty": "10s",
        "balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio": "1",
    }


REFUSALS: dict[str, tuple[Callable[[], object], str]] = {
    "no failure": (lambda: checked_failures(0), "maximum of failures is 0, but it has to be a whole number from 1"),
    "a negative number": (lambda: checked({**BREAKER, "max_failures": -1}), "maximum of failures is -1"),
    "too many": (lambda: checked_failures(U32 + 1), "from 1 to 4294967295"),
    "a fraction": (lambda: checked_penalty("0.5s"), "'0.5s', but it has to be a whole number above 0 with its unit"),
    "no unit": (lambda: checked_penalty("5"), "one of ms, s, m, h and d; write for example 500ms"),
    "too random": (lambda: checked_jitter(100.5), "the jitter ratio is 100.5, but it has to be a number from 0 to 100"),
    "no number": (lambda: checked_jitter(math.nan), "nan"),
    "no end": (lambda: checked_jitter(math.inf), "inf"),
    "wrong order": (lambda: checked_order("61s", "1m"), "the penalties are 61s to 1m, but the minimum penalty has to"),
    "the order in all": (lambda: checked({**BREAKER, "min_penalty": "2m"}), "minimum penalty has to be at most the"),
    "any of them": (lambda: checked({**BREAKER, "jitter_ratio": -1}), "jitter ratio is -1"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_names_the_value_and_the_rule(refusal: str) -> None:
    refused, sentence = REFUSALS[refusal]

    with pytest.raises(ValueError, match="has to be") as raised:
        refused()
    assert sentence in str(raised.value)
