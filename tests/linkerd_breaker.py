"""A model of how Linkerd reads the annotations of a circuit breaker.

It follows the parser of the policy controller and the checks of the proxy (edge-26.8.3), and knows nothing of the
program's own rules.
"""

import re
import struct
from collections.abc import Mapping
from typing import NamedTuple

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
        """Whether it ever keeps an endpoint out: the count starts at 1, and a penalty of nothing doubles to nothing."""
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
