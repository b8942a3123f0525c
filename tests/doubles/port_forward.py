"""The server's side of `kubectl port-forward` over a WebSocket, for a port on loopback instead of one in a pod."""

import base64
import hashlib
import importlib
import socket
import threading
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

import websocket

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
DATA, TROUBLE = b"\x00", b"\x01"
_websocket: Any = websocket
_abnf: Any = importlib.import_module("websocket._abnf")
"""The library's own reader of frames, which works for both sides."""


def forward(handler: BaseHTTPRequestHandler, port: int, address: tuple[str, int] | None) -> None:
    """Answer an upgrade, and forward bytes between the caller and `address`, or report that nothing answers there."""
    digest = hashlib.sha1(handler.headers["Sec-WebSocket-Key"].encode() + MAGIC, usedforsecurity=False).digest()
    handler.send_response_only(101)
    for name, value in (
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", base64.b64encode(digest).decode()),
        ("Sec-WebSocket-Protocol", "v4.channel.k8s.io"),
    ):
        handler.send_header(name, value)
    handler.end_headers()
    handler.close_connection = True
    for channel in (DATA, TROUBLE):
        _send(handler.connection, channel + port.to_bytes(2, "little"))
    try:
        there = socket.create_connection(address or ("127.0.0.1", 1), timeout=5)
    except OSError:
        _send(handler.connection, TROUBLE + b"error forwarding port: connection refused")
        return
    with there:
        threading.Thread(target=_back, args=(there, handler.connection), daemon=True).start()
        _there(handler, there)


def _there(handler: BaseHTTPRequestHandler, there: socket.socket) -> None:
    """Forward what the caller sends until it hangs up."""
    frames = _abnf.frame_buffer(partial(_read, handler), skip_utf8_validation=True)
    try:
        while True:
            frame = frames.recv_frame()
            if frame.opcode == _websocket.ABNF.OPCODE_CLOSE:
                return
            there.sendall(frame.data[1:])
    except (OSError, _websocket.WebSocketException, IndexError, ValueError):
        return
    finally:
        with suppress(OSError):
            there.shutdown(socket.SHUT_RDWR)


def _read(handler: BaseHTTPRequestHandler, most: int) -> bytes:
    if data := handler.connection.recv(most):
        return data
    raise ConnectionError


def _back(there: socket.socket, caller: socket.socket) -> None:
    """Forward what the port answers until it ends, and then end the caller's connection."""
    try:
        while data := there.recv(65536):
            _send(caller, DATA + data)
        caller.sendall(_frame(b"", _websocket.ABNF.OPCODE_CLOSE))
    except OSError:
        return


def _send(caller: socket.socket, data: bytes) -> None:
    caller.sendall(_frame(data, _websocket.ABNF.OPCODE_BINARY))


def _frame(data: bytes, kind: int) -> bytes:
    frame = _websocket.ABNF.create_frame(data, kind)
    frame.mask_value = 0  # servers do not mask
    return bytes(frame.format())
