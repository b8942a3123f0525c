"""The apps of the demos on loopback with the counters of their proxies, which behave as a test wants."""

import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from random import Random

from tests.doubles.http_server import QuietHandler, serving_http

Answer = tuple[int, str]
Respond = Callable[[str, str, Mapping[str, str]], Answer]
"""Answers a method, a path and headers."""
STARTED = 1_700_000_000.0
DAY = 86_400.0


class _Handler(QuietHandler, BaseHTTPRequestHandler):
    respond: Respond
    hangs_up: bool

    def do_GET(self) -> None:
        """Answer."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, text = self.respond(self.command, self.path, headers)
        self.send(status, text.encode())
        self.close_connection = self.hangs_up

    do_POST = do_GET  # noqa: N815  the name of the base class


@contextmanager
def listening(
    respond: Respond, context: ssl.SSLContext | None = None, *, hangs_up: bool = False
) -> Generator[tuple[str, int]]:
    """Serve on loopback, with TLS if there is a `context`; give the address. `hangs_up` ends each connection."""
    with serving_http(_Handler, context, respond=staticmethod(respond), hangs_up=hangs_up) as port:
        yield ("127.0.0.1", port)


def proxy(series: Callable[[], str], hours: float = 20, prefix: str = "control_identity_") -> Respond:
    """Return the admin port of a proxy whose certificate ends in `hours`; older proxies have another prefix."""

    def respond(_method: str, path: str, _headers: Mapping[str, str], /) -> Answer:
        ends = time.time() + hours * 3600
        common = f"process_start_time_seconds {STARTED}\n{prefix}cert_expiration_timestamp_seconds {ends}\n"
        return (200, common + series()) if path == "/metrics" else (404, "")

    return respond


@dataclass
class Bookshelf:
    """webapp, whose requests to `books` fail at random, drawn one by one as a proxy draws a backend."""

    error_share: float = 0.1
    without_response: str = ""
    """The error that the proxy counts instead of a status where a request fails; the status is 500 if it is empty."""
    seed: int = 1
    pages: int = 0
    counted: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Responses by backend and status."""

    def __post_init__(self) -> None:
        self._random, self._lock = Random(self.seed), threading.Lock()  # noqa: S311  chance, no secret

    def page(self, _method: str, _path: str, _headers: Mapping[str, str], /) -> Answer:
        """Answer the traffic generator: one request to `books`."""
        with self._lock:
            self.pages += 1
            fails = self._random.random() < self.error_share
            failure = "" if self.without_response else "500"
            self.counted["error-injector" if fails else "books", failure if fails else "200"] += 1
            return (500, "") if fails else (200, "books")

    def series(self) -> str:
        """Return the counters of the proxy; requests to `authors`, which nobody should look at, always fail."""
        name = "outbound_http_route_backend_response_statuses_total"
        parent = 'parent_namespace="booksapp",parent_name="{}",parent_port="7002"'
        with self._lock:
            counted = list(self.counted.items())
        lines = [
            f'{name}{{{parent.format("books")},backend_name="{backend}",http_status="{status}",'
            f'error="{"" if status else self.without_response}"}} {times}'
            for (backend, status), times in counted
        ]
        other = f'{name}{{{parent.format("authors")},backend_name="authors",http_status="500",error=""}} {self.pages}'
        return "\n".join([*lines, other, ""])


@dataclass
class FrontEnd:
    """podinfo's front end, whose proxy looks at a header."""

    header: str = "x-request-id"
    value: str = "alternative"
    ignored: bool = False
    """Whether the route is ignored, so that the first backend gets everything."""

    def echo(self, method: str, path: str, headers: Mapping[str, str], /) -> Answer:
        """Answer with the environment of the backend."""
        if (method, path) != ("POST", "/echo"):
            return 404, ""
        other = not self.ignored and headers.get(self.header) == self.value
        return 202, f'["PATH=/bin","PODINFO_UI_MESSAGE={"B" if other else "A"} backend"]'


@dataclass
class SlowCooker:
    """The client of the breaker: `rate` requests a second, and a share of them to `bad`, which always fails."""

    rate: float = 1000
    to_bad: float = 0.002
    before: tuple[int, int] = (0, 0)
    """The numbers of requests to `good` and to `bad` before the test."""
    start: float = field(default_factory=time.monotonic)

    def series(self) -> str:
        """Return the counters of the proxy."""
        sent = self.rate * (time.monotonic() - self.start)
        bad = round(self.before[1] + sent * self.to_bad)
        good = round(self.before[0] + sent * (1 - self.to_bad))
        return "".join(
            f'response_total{{direction="outbound",dst_deployment="{name}",classification="{how}"}} {times}\n'
            for name, how, times in (("good", "success", good), ("bad", "failure", bad))
        )
