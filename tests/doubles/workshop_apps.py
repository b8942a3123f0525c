"""The demos' apps on loopback with the counters of their proxies: they behave well, or as badly as a test wants."""

import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Container, Generator, Mapping
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

    def do_POST(self) -> None:
        """Answer likewise."""
        self.do_GET()


@contextmanager
def listening(
    respond: Respond, context: ssl.SSLContext | None = None, *, hangs_up: bool = False
) -> Generator[tuple[str, int]]:
    """Serve on loopback, with TLS if there is a `context`; give the address. It may hang up without a word."""
    with serving_http(_Handler, context, respond=staticmethod(respond), hangs_up=hangs_up) as port:
        yield ("127.0.0.1", port)


def proxy(series: Callable[[], str], hours: float = 20) -> Respond:
    """Return a proxy's admin port, whose certificate lasts for some hours more."""

    def respond(_method: str, path: str, _headers: Mapping[str, str], /) -> Answer:
        ends = time.time() + hours * 3600
        certificate = f"control_identity_cert_expiration_timestamp_seconds {ends}"
        common = f"process_start_time_seconds {STARTED}\n{certificate}\n"
        return (200, common + series()) if path == "/metrics" else (404, "")

    return respond


@dataclass
class Bookshelf:
    """webapp, whose requests to `books` fail at random, drawn one by one as a proxy draws a backend."""

    error_share: float = 0.1
    namespace: str = field(default="booksapp", kw_only=True)
    without_response: str = ""
    """What the proxy notes in place of a status where a request fails; the status is 500 if it is empty."""
    drops: Container[int] = ()
    """The numbers of the requests that it drops without an answer."""
    books_fails: bool = False
    """True if `books` also fails by itself, once for each page."""
    pages: int = 0
    counted: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Responses by backend and status."""

    def __post_init__(self) -> None:
        self._random, self._lock = Random(1), threading.Lock()  # noqa: S311  chance, no secret

    def page(self, _method: str, _path: str, _headers: Mapping[str, str], /) -> Answer:
        """Answer the traffic generator: one request to `books`."""
        with self._lock:
            self.pages += 1
            if self.pages in self.drops:
                raise ConnectionError
            self.counted["books", "500"] += self.books_fails
            fails = self._random.random() < self.error_share
            failure = "" if self.without_response else "500"
            self.counted["error-injector" if fails else "books", failure if fails else "200"] += 1
            return (500, "") if fails else (200, "books")

    def series(self) -> str:
        """Return what the proxy counted; requests to `authors` always fail, and no check must count those."""
        name = "outbound_http_route_backend_response_statuses_total"
        parent = f'parent_namespace="{self.namespace}",parent_name="{{}}",parent_port="7002"'
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

    value: str = "alternative"
    ignored: bool = False
    """Whether the route is ignored, so that the first backend gets everything."""
    always: bool = False
    """Whether the other backend gets everything."""

    def echo(self, method: str, path: str, headers: Mapping[str, str], /) -> Answer:
        """Answer with the environment of the backend."""
        if (method, path) != ("POST", "/echo"):
            return 404, ""
        other = self.always or (not self.ignored and headers.get("x-request-id") == self.value)
        return 202, f'["PATH=/bin","PODINFO_UI_MESSAGE={"B" if other else "A"} backend"]'


@dataclass
class SlowCooker:
    """The breaker's client: so many requests a second, a share of which goes to `bad`, which always fails."""

    rate: float = 1000
    to_bad: float = 0.002
    before: tuple[int, int] = (0, 0)
    """What it had sent to `good` and to `bad` before the test."""
    start: float = field(default_factory=time.monotonic)

    def series(self) -> str:
        """Return what the proxy counted."""
        sent = self.rate * (time.monotonic() - self.start)
        bad = round(self.before[1] + sent * self.to_bad)
        good = round(self.before[0] + sent * (1 - self.to_bad))
        return "".join(
            f'response_total{{direction="outbound",dst_deployment="{name}",classification="{how}"}} {times}\n'
            for name, how, times in (("good", "success", good), ("bad", "failure", bad))
        )
