"""Circuit breaking: the annotations by which the clients' proxies take a failing endpoint of a Service out."""

from typing import NotRequired, TypedDict

from model.failure_accrual import FailureAccrual, checked

MODE = "balancer.linkerd.io/failure-accrual"


class CircuitBreakerArgs(TypedDict):
    """The breaker's parameters; Linkerd's own for those that are left out."""

    max_failures: NotRequired[int]
    """How many failures in a row take an endpoint out, from 1; 7 if left out."""
    min_penalty: NotRequired[str]
    """How long it stays out at first, in Linkerd's syntax (`500ms`, `1s`); `1s` if left out."""
    max_penalty: NotRequired[str]
    """How long at most, after it has failed again and again; `1m` if left out."""
    jitter_ratio: NotRequired[float]
    """By how much of itself a penalty is prolonged at random, 0 to 100; 0.5 if left out."""


def circuit_breaker(args: CircuitBreakerArgs | None) -> dict[str, str]:
    """Return the annotations of a Service with this breaker; none for None.

    Raises ValueError if Linkerd would ignore them.
    """
    if args is None:
        return {}
    valid = checked(FailureAccrual(**args))._asdict()
    given = {f"{MODE}-consecutive-{key.replace('_', '-')}": str(value) for key, value in valid.items() if key in args}
    return {MODE: "consecutive", **given}
