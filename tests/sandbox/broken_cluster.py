"""A proxy in front of the sandbox's API server that breaks what passes it: by seed, so that a run can be repeated."""

import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from http.server import ThreadingHTTPServer

from sandbox import ports
from sandbox.certificates import write_kubeconfig
from sandbox.paths import Home
from tests.doubles.http_server import QuietHandler

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "host"}
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing throws away what is unsent, and tells the other side by RST."""


class Fault(StrEnum):
    """What happens to a request."""

    LOSE = "does what is asked, and resets the connection instead of an answer"
    AWAY = "stops listening"
    TEAR = "resets the connection in the middle of the answer"
    BUSY_LATER = "429 with Retry-After"
    UNAVAILABLE = "503"
    REFUSE = "resets the connection before it has read the request"
    DELAY = "answers late"
    BUSY = "429"
    BROKEN = "500"


ANSWERS = {
    Fault.BUSY: (429, "Too many requests, please try again later."),
    Fault.BUSY_LATER: (429, "Too many requests, please try again later."),
    Fault.BROKEN: (500, "etcdserver: request timed out"),
    Fault.UNAVAILABLE: (503, "apiserver is shutting down"),
}
"""Status and text, as an API server says them."""


@dataclass(frozen=True)
class Plan:
    """Which faults happen, when, and how often."""

    faults: tuple[Fault, ...]
    first: int
    """The number of the request with which they begin."""
    share: float
    """The part of the requests that they hit; the first is hit for sure."""
    seconds: float
    """The seconds after which they end; infinite if they do not."""

    @classmethod
    def by_seed(cls, seed: int) -> "Plan":
        """Return the plan of a seed: all faults together, then each in turn."""
        chance = random.Random(seed)  # noqa: S311  nothing is kept secret by it
        kinds = [tuple(Fault), *((fault,) for fault in Fault)]
        first, share = chance.choice([0, 3, 20, 40, 80, 120]), chance.choice([0.03, 0.1, 0.3, 1.0])
        return cls(kinds[seed % len(kinds)], first, share, chance.choice([3.0, 15.0, float("inf")]))


class BrokenCluster:
    """The API server as the plan has it. Each command starts the plan again."""

    def __init__(self, home: Home, plan: Plan, seed: int) -> None:
        recorded = ports.recorded(home)
        assert recorded
        self.home, self.plan, self.api_port, self.port = home, plan, recorded.api, ports.fresh().api
        self.identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.identity.load_cert_chain(home.certificates / "apiserver.crt", home.certificates / "apiserver.key")
        self.login = ssl.create_default_context(cafile=home.certificates / "ca.crt")
        self.login.load_cert_chain(home.certificates / "admin.crt", home.certificates / "admin.key")
        self._chance, self._lock = random.Random(seed), threading.Lock()  # noqa: S311  nothing is kept secret by it
        self._server: _Server | None = None
        self._is_over = threading.Event()
        self.begin()

    def begin(self) -> None:
        """Start the plan from its first request."""
        with self._lock:
            self._requests, self._end = 0, None
        self.listen()

    def fault(self) -> Fault | None:
        """Return what happens to the next request."""
        with self._lock:
            self._requests += 1
            if self._requests <= self.plan.first:
                return None
            is_first, self._end = self._end is None, self._end or time.monotonic() + self.plan.seconds
            if time.monotonic() > self._end or (self._chance.random() >= self.plan.share and not is_first):
                return None
            return self._chance.choice(self.plan.faults)

    def delay(self) -> float:
        """Return by how many seconds an answer is late."""
        with self._lock:
            return self._chance.choice([0.05, 0.3, 1.0, 4.0])

    def listen(self) -> None:
        """Take connections, unless it does already."""
        with self._lock:
            if self._server is None:
                self._server = _Server(self)
                threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def leave(self) -> None:
        """Stop listening, and end every connection."""
        with self._lock:
            server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()
            server.hang_up()

    def go_away(self) -> None:
        """Stop listening for a while, as a control plane does that is upgraded; then be there again."""
        seconds = min(self.plan.seconds, 20)

        def work() -> None:
            self.leave()
            if not self._is_over.wait(seconds):
                self.listen()

        threading.Thread(target=work, daemon=True).start()

    def end(self) -> None:
        """Leave, and do not come back."""
        self._is_over.set()
        self.leave()


@contextmanager
def in_front_of(home: Home, plan: Plan, seed: int) -> Generator[BrokenCluster]:
    """Have the home's kubeconfig lead through the proxy for a while."""
    broken = BrokenCluster(home, plan, seed)
    write_kubeconfig(home.kubeconfig, home.certificates, broken.port)
    try:
        yield broken
    finally:
        write_kubeconfig(home.kubeconfig, home.certificates, broken.api_port)
        broken.end()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, broken: BrokenCluster) -> None:
        self.broken, self._open = broken, set[socket.socket]()
        super().__init__((ports.LOOPBACK, broken.port), _Handler)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Take a connection; its handshake is the handler's, so that nobody waits for it."""
        taken, address = super().get_request()
        wrapped = self.broken.identity.wrap_socket(taken, server_side=True, do_handshake_on_connect=False)
        self._open.add(wrapped)
        return wrapped, address

    def shutdown_request(self, request: object) -> None:
        """Close a connection."""
        assert isinstance(request, socket.socket)
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing about broken connections: they are this proxy's purpose."""

    def hang_up(self) -> None:
        """End every connection."""
        for each in list(self._open):
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)  # the handler, which may be writing, closes it


class _Handler(QuietHandler):
    def setup(self) -> None:
        """Open the connection to the API server, as its administrator."""
        super().setup()
        assert isinstance(self.server, _Server)
        self._broken = self.server.broken
        self._api = HTTPSConnection(ports.LOOPBACK, self._broken.api_port, context=self._broken.login)

    def finish(self) -> None:
        """Close it with the other one."""
        self._api.close()
        super().finish()

    def _pass(self) -> None:
        """Do with a request what the plan says."""
        broken, fault = self._broken, self._broken.fault()
        content = self.content()
        if fault and (said := ANSWERS.get(fault)):
            self._say(*said, later=fault is Fault.BUSY_LATER)
            return
        if fault is Fault.AWAY:
            broken.go_away()
        if fault in (Fault.AWAY, Fault.REFUSE):
            self._reset()
            return
        if fault is Fault.DELAY:
            time.sleep(broken.delay())
        try:
            self._api.request(self.command, self.path, content or None, self._kept())
            answer = self._api.getresponse()
        except (OSError, HTTPException):
            self._reset()
            return
        if fault is Fault.LOSE:
            answer.read1()
            self._reset()
        else:
            self._hand_on(answer, torn=fault is Fault.TEAR)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass  # noqa: N815  the base class's names

    def _kept(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}

    def _say(self, status: int, text: str, *, later: bool) -> None:
        body = f'{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{text}","code":{status}}}'.encode()
        self.send(status, body, {"Content-Type": "application/json"} | ({"Retry-After": "1"} if later else {}))

    def _hand_on(self, answer: HTTPResponse, *, torn: bool) -> None:
        """Pass an answer on as it comes, for a watch has no end."""
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        in_chunks = answer.headers.get("Content-Length") is None and self.command != "HEAD"
        if in_chunks:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in _parts(answer):
            sent = part[: len(part) // 2] if torn else part
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), sent) if in_chunks else sent)
            if torn:
                self._reset()
                return
        if in_chunks:
            self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        """End the connection by RST."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            socket.close(self.connection.detach())


def _parts(answer: HTTPResponse) -> Iterator[bytes]:
    with answer:  # `read1` leaves an answer of a known length open at its end, and with it the connection in use
        while part := answer.read1(65536):
            yield part
