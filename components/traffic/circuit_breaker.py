"""Circuit breaking: the annotations by which the clients' proxies take a failing endpoint of a Service out."""

from model.failure_accrual import FailureAccrual, checked

MODE = "balancer.linkerd.io/failure-accrual"


def circuit_breaker(accrual: FailureAccrual | None) -> dict[str, str]:
    """Return the annotations of a Service with this breaker; none for None.

    Raises ValueError if Linkerd would ignore them.
    """
    if accrual is None:
        return {}
    given = {f"{MODE}-consecutive-{key.replace('_', '-')}": str(value) for key, value in checked(accrual).items()}
    return {MODE: "consecutive", **given}
