"""Asks apps over HTTP: through a pod's port, or by their public name."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Protocol, Self

import requests

from clients.cluster_api import ClusterApi
from clients.limits import within
from clients.pod_stream import SECONDS, PodStream, StreamError, connect
from workshop.verify.pods import Pod

ADMIN_PORT = 4191
"""Of every proxy: where its metrics are."""


class UnreachableError(Exception):
    """Nothing answered; the message says where and why."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    text: str


class Door(Protocol):
    """Where an app can be asked."""

    where: str
    """As a person would say it."""

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """Return the answer. Raises UnreachableError."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close what is open."""


def stream(api: ClusterApi, pod: Pod, port: int) -> PodStream:
    """Open a connection to a pod's port. Raises UnreachableError."""
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/portforward?ports={port}"
    try:
        return connect(api.configuration, f"{api.address}{path}", api.impersonates)
    except StreamError as error:
        raise UnreachableError(f"port {port} of pod {pod.full_name} cannot be reached ({error})") from None


class _Connection(HTTPConnection):
    """HTTP through a pod's port."""

    def __init__(self, api: ClusterApi, pod: Pod, port: int) -> None:
        super().__init__("localhost", port)
        self._open = lambda: stream(api, pod, port)

    def connect(self) -> None:
        self.sock = self._open()


class PodDoor:
    """An app through its pod's port; the connection is kept between two questions."""

    def __init__(self, api: ClusterApi, pod: Pod, port: int) -> None:
        self.where = f"port {port} of pod {pod.full_name}"
        self._connection = _Connection(api, pod, port)

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """Return the answer; a connection that the app has closed meanwhile is opened again, once."""
        kept = self._connection.sock is not None
        try:
            return within(SECONDS, partial(self._asked, path, method, headers))
        except TimeoutError:
            self._connection.close()
            raise UnreachableError(f"{self.where} does not answer within {SECONDS:g} s") from None
        except (HTTPException, OSError) as error:
            self._connection.close()
            if kept:
                return self.ask(path, method, headers)
            raise UnreachableError(f"{self.where} does not answer ({error or type(error).__name__})") from None

    def _asked(self, path: str, method: str, headers: Mapping[str, str] | None) -> Reply:
        self._connection.request(method, path, headers=dict(headers or {}))
        answer = self._connection.getresponse()
        return Reply(answer.status, answer.read().decode(errors="replace"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close what is open."""
        self._connection.close()


class HostDoor:
    """An app by its public name, a URL without a path."""

    def __init__(self, url: str) -> None:
        self.where = url
        self._session = requests.Session()

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """Return the answer, be it a redirection."""
        ask = partial(self._session.request, headers=dict(headers or {}), timeout=SECONDS, allow_redirects=False)
        try:
            answer = within(SECONDS, partial(ask, method, self.where + path))
        except (requests.RequestException, TimeoutError) as error:
            raise UnreachableError(f"{self.where} does not answer ({type(error).__name__})") from None
        return Reply(answer.status_code, answer.text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close what is open."""
        self._session.close()
