"""A connection to a port of a pod through the API server, as `kubectl port-forward` makes one.

It arrives inside the pod, past its proxy's inbound side and past whatever lies between the API server and the pods.
With `cluster_api` and `kubeconfig` the only module that touches clients whose types say little.
"""

import io
import json
import ssl
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import websocket
from typing_extensions import Buffer

from clients.limits import finish_within
from model.problem import on_one_line

PROTOCOL = "v4.channel.k8s.io"
SECONDS = 10
"""The limit for the connection, and for each answer after it."""
DATA, TROUBLE = 0, 1
"""The channels of the only port: the data, and the kubelet's errors."""

_websocket: Any = websocket


class StreamError(OSError):
    """The pod's port cannot be reached, or no longer; the message is for the user."""


class PodStream:
    """A connection to one port; as much of a socket as HTTP needs."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  the library's types say little
        self._connection = connection
        self._greeted: set[int] = set()

    def receive(self) -> bytes:
        """Return the next bytes; none once the other side has ended. Raises StreamError on trouble."""
        while True:
            try:
                code, frame = self._connection.recv_data_frame(True)
            except _websocket.WebSocketConnectionClosedException:
                return b""
            except (_websocket.WebSocketException, OSError) as error:
                raise StreamError(_reason(error)) from None
            if code == _websocket.ABNF.OPCODE_CLOSE:
                return b""
            data = bytes(frame.data)
            if code != _websocket.ABNF.OPCODE_BINARY:
                continue
            if data[0] not in self._greeted:  # a channel's first frame only repeats the port
                self._greeted.add(data[0])
                continue
            if data[0] == TROUBLE:
                raise StreamError(on_one_line(data[1:].decode(errors="replace")))
            if data[1:]:
                return data[1:]

    def sendall(self, data: bytes) -> None:
        """Send bytes. Raises StreamError if the connection is closed."""
        try:
            self._connection.send_binary(bytes([DATA]) + data)
        except (_websocket.WebSocketException, OSError) as error:
            raise StreamError(_reason(error)) from None

    def makefile(self, *_arguments: object) -> io.BufferedReader:
        """Return a reader of the stream; closing it leaves the connection open for the next answer."""
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """End the connection without waiting for the other side."""
        self._connection.shutdown()


class _Reader(io.RawIOBase):
    def __init__(self, stream: PodStream) -> None:
        super().__init__()
        self._stream, self._rest = stream, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._rest or self._stream.receive()
        taken = min(len(view), len(data))
        view[:taken], self._rest = data[:taken], data[taken:]
        return taken


def connect(
    configuration: Any,  # noqa: ANN401  as above
    url: str,
    impersonates: Sequence[tuple[str, str]] = (),
    seconds: float = SECONDS,
) -> PodStream:
    """Open a pod's `portforward` at `url` with the client's configuration. Raises StreamError if that fails."""
    token = configuration.auth_settings().get("BearerToken")
    header = [f"authorization: {token['value']}"] if token else []
    header += [f"{name}: {value}" for name, value in impersonates]
    connection = _websocket.WebSocket(sslopt=_tls(configuration), enable_multithread=False)
    proxy = _way(configuration.proxy)
    address = "ws" + url.removeprefix("http")
    options = {"timeout": seconds, "header": header, "subprotocols": [PROTOCOL], **proxy}
    try:
        finish_within(seconds, partial(connection.connect, address, **options))
    except (_websocket.WebSocketException, OSError, ValueError) as error:
        raise StreamError(_reason(error)) from None
    return PodStream(connection)


def _way(proxy: str | None) -> dict[str, object]:
    """Return the options of a connection through a proxy, or past all of them; the library would look for others."""
    if not proxy:
        return {"http_no_proxy": ["*"]}
    parts = urlsplit(proxy)
    way: dict[str, object] = {"http_proxy_host": parts.hostname, "http_proxy_port": parts.port}
    way["proxy_type"] = parts.scheme if parts.scheme.startswith("socks") else "http"
    if parts.username:
        way["http_proxy_auth"] = (unquote(parts.username), unquote(parts.password or ""))
    return way


def _tls(configuration: Any) -> dict[str, object]:  # noqa: ANN401  as above
    options = {
        "cert_reqs": ssl.CERT_REQUIRED if configuration.verify_ssl else ssl.CERT_NONE,
        "check_hostname": configuration.verify_ssl and configuration.assert_hostname is not False,
        "ca_certs": configuration.ssl_ca_cert,
        "certfile": configuration.cert_file,
        "keyfile": configuration.key_file,
        "server_hostname": configuration.tls_server_name,
    }
    return {key: value for key, value in options.items() if value is not None}


def _reason(error: Exception) -> str:
    """Return the reason why a connection failed: the API server's own, if it gives one."""
    if isinstance(error, TimeoutError):
        return "it timed out"
    body = getattr(error, "resp_body", None) or b""
    try:
        return on_one_line(str(json.loads(body)["message"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return on_one_line(str(error)) or type(error).__name__
