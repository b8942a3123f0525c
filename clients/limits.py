"""The time limit for any answer: ten seconds, with all attempts and pages of a request."""

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from math import inf
from typing import TypeVar

SECONDS = 10
_T = TypeVar("_T")
_end = ContextVar("_end", default=inf)


@contextmanager
def limited() -> Generator[None]:
    """Limit all questions within this context to SECONDS in total; it also decorates functions."""
    token = _end.set(min(_end.get(), time.monotonic() + SECONDS))
    try:
        yield
    finally:
        _end.reset(token)


def finish_within(seconds: float, work: Callable[[], _T]) -> _T:
    """Return the result of `work`. Raises TimeoutError after `seconds`, or at the end of what limits all of it.

    A socket's timeouts limit neither the name resolution, nor attempts at several addresses, nor a server that sends
    one byte a second.
    """
    return start_work(work).result(max(min(seconds, _end.get() - time.monotonic()), 0))


def start_work(work: Callable[[], _T]) -> Future[_T]:
    """Return the future result of `work`, which the program does not wait for when it exits."""
    future, context = Future[_T](), copy_context()

    def run() -> None:
        try:
            future.set_result(context.run(work))
        except BaseException as error:  # noqa: BLE001  raised again where the result is waited for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
