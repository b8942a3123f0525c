"""The rules of circuit breaking: Linkerd runs every breaker that we accept, and we refuse what it would ignore.

The model of how Linkerd reads annotations follows the parser of the policy controller and the checks of the proxy
(edge-26.8.3), and knows nothing of the program's own rules.
"""

import math
import re
import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as some

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

PREFIX = "balancer.linkerd.io/failure-accrual"
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
UNITS = {"ms": 1, "s": 1000, "m": 60 * 1000, "h": 60 * 60 * 1000, "d": 24 * 60 * 60 * 1000}
NUMBER = re.compile(r"[+-]?(inf|infinity|nan|([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?)", re.IGNORECASE)


class Breaker(NamedTuple):
    """A breaker as the proxy runs it."""

    max_failures: int
    min_penalty: int
    """Milliseconds, as is the next."""
    max_penalty: int
    jitter: float

    @property
    def works(self) -> bool:
        """True if it ever keeps an endpoint out: the count starts at 1, and a penalty of 0 doubles to 0."""
        return self.max_failures > 0 and self.min_penalty > 0


class IgnoredError(Exception):
    """The controller logs a warning and goes on without a breaker."""


def breaker(annotations: Mapping[str, str]) -> Breaker | None:
    """Return the breaker of a Service, None where nothing asks for one. Raises IgnoredError."""
    if PREFIX not in annotations:
        return None
    if annotations[PREFIX] != "consecutive":
        raise IgnoredError("mode")
    given = {key.removeprefix(f"{PREFIX}-consecutive-"): value for key, value in annotations.items()}
    found = Breaker(
        _unsigned(given.get("max-failures", "7").strip(WHITE_SPACE), 32),
        _milliseconds(given.get("min-penalty", "1s")),
        _milliseconds(given.get("max-penalty", "60s")),
        _single(given.get("jitter-ratio", "0.5").strip(WHITE_SPACE)),
    )
    if found.min_penalty > found.max_penalty or found.max_penalty == 0:
        raise IgnoredError("order")
    if not 0.0 <= found.jitter <= 100.0:
        raise IgnoredError("jitter")
    return found


def _unsigned(text: str, bits: int) -> int:
    if not re.fullmatch(r"\+?[0-9]+", text) or int(text) >= 2**bits:
        raise IgnoredError(text)
    return int(text)


def _single(text: str) -> float:
    """Return a number in single precision, whose overflow is infinity."""
    if not NUMBER.fullmatch(text):
        raise IgnoredError(text)
    try:
        return struct.unpack("f", struct.pack("f", float(text)))[0]
    except OverflowError:
        return float("inf")


def _milliseconds(text: str) -> int:
    text = text.strip(WHITE_SPACE)
    last = max((place for place, each in enumerate(text) if each in "0123456789"), default=None)
    if text.startswith("-") or last is None:
        raise IgnoredError(text)
    magnitude, unit = _unsigned(text[: last + 1], 64), text[last + 1 :]
    if unit == "" and magnitude == 0:
        return 0
    if unit not in UNITS or magnitude * UNITS[unit] >= 2**64:
        raise IgnoredError(text)
    return magnitude * UNITS[unit]


CONSECUTIVE = f"{PREFIX}-consecutive"
U32, U64 = 2**32 - 1, 2**64 - 1
near = some.builds("{}{}".format, some.integers(1, 99), some.sampled_from(["ms", "s", "m", "h", "d"]))
"""Valid more often than not, so that both answers occur."""
numbers = some.one_of(some.integers(1, 12), some.integers(-1, 2**33), some.sampled_from([0, 1, U32, U32 + 1]))
magnitudes = some.one_of(some.integers(0, 120), some.sampled_from([U64, U64 + 1, U64 // 1000, U64 // 1000 + 1]))
durations = some.one_of(
    near,
    some.builds(
        "{}{}{}{}{}".format,
        some.sampled_from(["", " ", "+", "-", "0", "\u3000", "."]),
        magnitudes,
        some.sampled_from(["", ".5", " ", "_0", "٣"]),
        some.sampled_from(["", "ms", "s", "m", "h", "d", "S", "us", "w", "sm"]),
        some.sampled_from(["", " ", "\n", "\x1f", "s", "1"]),
    ),
    some.text(max_size=6),
)
ratios = some.one_of(some.floats(0, 100, width=32), some.floats(-1, 101, width=32), some.floats(width=32))


def accrual_of(failures: int, low: str, high: str, jitter: float) -> FailureAccrual:
    """Return a breaker with all four parameters."""
    return {"max_failures": failures, "min_penalty": low, "max_penalty": high, "jitter_ratio": jitter}


accruals = some.one_of(
    some.builds(accrual_of, some.integers(1, 9), near, near, some.floats(0, 100, width=32)),
    some.builds(accrual_of, numbers, durations, durations, ratios),
)


def annotations_of(accrual: FailureAccrual) -> dict[str, str]:
    """Return the annotations that a person would write by hand, without any check."""
    values = {key.replace("_", "-"): str(value) for key, value in accrual.items()}
    return {PREFIX: "consecutive", **{f"{CONSECUTIVE}-{key}": value for key, value in values.items()}}


def works_in_linkerd(annotations: dict[str, str]) -> bool:
    try:
        found = breaker(annotations)
    except IgnoredError:
        return False
    return found is not None and found.works


@given(accruals)
@example(accrual_of(0, "1s", "1m", 0.5))
@example(accrual_of(7, "0s", "1m", 0.5))
@example(accrual_of(7, "0", "0", 0.5))
@example(accrual_of(7, "2m", "1m", 0.5))
@example(accrual_of(7, "1m", "60000ms", 100.0))
@example(accrual_of(7, " 1s", "+1m\n", -0.0))
@example(accrual_of(U32, f"{U64}ms", f"{U64}ms", 2**-149))
def test_we_accept_exactly_the_breakers_that_linkerd_runs(accrual: FailureAccrual) -> None:
    try:
        made = circuit_breaker(accrual)
    except ValueError:
        event("refused")
        assert not works_in_linkerd(annotations_of(accrual))
        return
    event("accepted")
    assert breaker(made) == Breaker(
        accrual.get("max_failures", 0),
        milliseconds(accrual.get("min_penalty", "")),
        milliseconds(accrual.get("max_penalty", "")),
        accrual.get("jitter_ratio", 0),
    )


@given(durations)
def test_a_penalty_alone_is_accepted_exactly_when_linkerd_accepts_it(duration: str) -> None:
    try:
        made = checked_penalty(duration)
    except ValueError:
        assert not works_in_linkerd(annotations_of(accrual_of(7, duration, f"{U64}ms", 0.5)))
    else:
        assert works_in_linkerd(annotations_of(accrual_of(7, made, f"{U64}ms", 0.5)))


def test_our_defaults_are_linkerds_which_take_no_annotation() -> None:
    defaults = accrual_of(MAX_FAILURES, MIN_PENALTY, MAX_PENALTY, JITTER_RATIO)

    assert circuit_breaker({}) == {"balancer.linkerd.io/failure-accrual": "consecutive"}
    assert breaker(circuit_breaker({})) == breaker(annotations_of(defaults)) == Breaker(7, 1000, 60_000, 0.5)


def test_every_parameter_has_its_annotation() -> None:
    assert circuit_breaker(None) == {}
    assert circuit_breaker(accrual_of(3, "500ms", " 10s ", 1)) == {
        "balancer.linkerd.io/failure-accrual": "consecutive",
        "balancer.linkerd.io/failure-accrual-consecutive-max-failures": "3",
        "balancer.linkerd.io/failure-accrual-consecutive-min-penalty": "500ms",
        "balancer.linkerd.io/failure-accrual-consecutive-max-penalty": "10s",
        "balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio": "1",
    }


REFUSALS: dict[str, tuple[Callable[[], object], str]] = {
    "no failure": (lambda: checked_failures(0), "maximum of failures is 0, but it has to be a whole number from 1"),
    "too many": (lambda: checked_failures(U32 + 1), "from 1 to 4294967295"),
    "a fraction": (lambda: checked_penalty("0.5s"), "'0.5s', but it has to be a whole number above 0 with its unit"),
    "no unit": (lambda: checked_penalty("5"), "one of ms, s, m, h and d; write for example 500ms"),
    "Go's syntax": (lambda: checked_penalty("1m30s"), "'1m30s'"),
    "nothing": (lambda: checked_penalty("0s"), "above 0"),
    "too long": (lambda: checked_penalty("999999999999999999d"), "above 0"),
    "too random": (lambda: checked_jitter(100.5), "the jitter ratio is 100.5, but it has to be a number from 0 to 100"),
    "no number": (lambda: checked_jitter(math.nan), "nan"),
    "wrong order": (lambda: checked_order("61s", "1m"), "the penalties are 61s to 1m, but the minimum penalty has to"),
    "above 1m, the default": (lambda: circuit_breaker({"min_penalty": "2m"}), "minimum penalty has to be at most the"),
    "below 1s, the default": (lambda: circuit_breaker({"max_penalty": "900ms"}), "minimum penalty has to be at most"),
    "any of them": (lambda: checked({"jitter_ratio": -1}), "jitter ratio is -1"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_names_the_value_and_the_rule(refusal: str) -> None:
    refused, sentence = REFUSALS[refusal]

    with pytest.raises(ValueError, match="has to be") as raised:
        refused()
    assert sentence in str(raised.value)
