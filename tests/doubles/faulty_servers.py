"""Servers and proxies on loopback that fail, each in its own way, over real TLS."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from socketserver import BaseRequestHandler

from tests.doubles.http_server import serving_http

Talk = Callable[[socket.socket], object]


class _Talker(BaseRequestHandler):
    talk: Talk

    def handle(self) -> None:
        """Talk until one side hangs up."""
        self.talk(self.request)


@contextmanager
def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> Generator[int]:
    """Serve every connection by `talk`; give the port."""
    with serving_http(_Talker, tls, talk=staticmethod(talk)) as port:
        yield port


def request(connection: socket.socket) -> bytes:
    """Return a request's head, a TLS client's first bytes, or what came before the other side ended."""
    head = b""
    while b"\r\n\r\n" not in head and not head.startswith(b"\x16") and (more := connection.recv(4096)):
        head += more
    return head


class End(Enum):
    """How a connection goes on after an answer."""

    CLOSED = "closed"
    RESET = "reset"
    SILENT = "silent"
    KEPT = "kept"
    """Open, for further requests."""
    DRIPPED = "dripped"
    """Open, after an answer that comes byte by byte."""


Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Reply:
    """The bytes of an answer, and how the connection goes on."""

    content: bytes
    end: End = End.CLOSED


def reply(
    status: bytes, headers: list[Header], body: bytes, *, length: int | None = None, end: End = End.CLOSED
) -> Reply:
    """Return a reply in HTTP; with another length than the body's if it is given."""
    lines = [b"HTTP/1.1 " + status + b" X", *(name + b": " + value for name, value in headers)]
    lines += [b"Content-Length: %d" % (len(body) if length is None else length)]
    return Reply(b"\r\n".join([*lines, b"", body]), end)


_BODY = b'{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}'
VERSION = reply(b"200", [(b"Content-Type", b"application/json")], _BODY, end=End.KEPT)
SILENCE, RESET = Reply(b"", End.SILENT), Reply(b"", End.RESET)


@dataclass
class RawServer:
    """A server that gives each of `replies` in turn, the last one again and again."""

    replies: list[Reply]
    url: str = ""
    asked: list[bytes] = field(default_factory=list[bytes])
    """The heads of the requests."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def talk(self, connection: socket.socket) -> None:
        """Answer until one of the replies ends the connection."""
        while head := request(connection):
            with self._lock:
                self.asked.append(head)
                said = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            if said.end is End.DRIPPED:
                for byte in said.content:
                    connection.sendall(bytes([byte]))
                    threading.Event().wait(0.03)  # not `sleep`, which tests replace
            else:
                connection.sendall(said.content)
            if said.end is End.SILENT:
                while connection.recv(4096):
                    pass
            elif said.end is End.RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            if said.end not in (End.KEPT, End.DRIPPED):
                return


@contextmanager
def raw_server(*replies: Reply, tls: ssl.SSLContext | None = None) -> Generator[RawServer]:
    """Serve for a while."""
    state = RawServer([*replies])
    with listening(state.talk, tls) as port:
        state.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        yield state


def socks5(connection: socket.socket) -> None:
    """Connect where a SOCKS5 client wants to, without a login, and carry bytes both ways."""
    connection.recv(2 + connection.recv(2, socket.MSG_PEEK)[1])
    connection.sendall(b"\x05\x00")
    head = connection.recv(4)
    kind = head[3]
    host = socket.inet_ntoa(connection.recv(4)) if kind == 1 else connection.recv(connection.recv(1)[0]).decode()
    (port,) = struct.unpack("!H", connection.recv(2))
    with socket.create_connection((host, port)) as target:
        connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
        tunnel(connection, target)


def connect_proxy(connection: socket.socket) -> None:
    """Connect where CONNECT wants to, and carry bytes both ways."""
    host, _, port = request(connection).split()[1].decode().rpartition(":")
    with socket.create_connection((host, int(port))) as target:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        tunnel(connection, target)


def tunnel(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join()
