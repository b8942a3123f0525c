"""A server on loopback that answers every request with the bytes that it is given, or not at all."""

import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

Header = tuple[bytes, bytes]


class End(Enum):
    """What becomes of a connection after the answer."""

    CLOSED = "closed"
    RESET = "reset"
    SILENT = "silent"


@dataclass(frozen=True)
class Reply:
    """What is sent, and what then."""

    content: bytes
    end: End = End.CLOSED


def reply(
    status: int, headers: list[Header], body: bytes, *, length: int | None = None, end: End = End.CLOSED
) -> Reply:
    """Return a reply in HTTP; with another length than the body's if it is given."""
    lines = [b"HTTP/1.1 %d X" % status, *(name + b": " + value for name, value in headers)]
    lines += [b"Content-Length: %d" % (len(body) if length is None else length)]
    return Reply(b"\r\n".join([*lines, b"", body]), end)


@dataclass
class RawServer:
    """Where it is, and what it says: each of `replies` in turn, the last one again and again."""

    url: str
    replies: list[Reply] = field(default_factory=list[Reply])
    asked: int = 0

    def next_reply(self) -> Reply:
        """Return what is to be said now."""
        self.asked += 1
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def raw_server() -> Generator[RawServer]:
    """Serve for a while."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        state, done = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}"), threading.Event()
        listener.settimeout(0.1)
        thread = threading.Thread(target=_serve, args=(listener, state, done), daemon=True)
        thread.start()
        yield state
        done.set()
        thread.join()


def _serve(listener: socket.socket, state: RawServer, done: threading.Event) -> None:
    silent = list[socket.socket]()
    while not done.is_set():
        with suppress(OSError):
            connection, _ = listener.accept()
            _answer(connection, state.next_reply(), silent)
    for each in silent:
        each.close()


def _answer(connection: socket.socket, said: Reply, silent: list[socket.socket]) -> None:
    connection.settimeout(2)
    with suppress(OSError):
        connection.recv(65_536)
        connection.sendall(said.content)
    if said.end is End.SILENT:
        silent.append(connection)
        return
    if said.end is End.RESET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
    connection.close()
