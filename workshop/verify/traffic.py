"""HTTP requests to the demos' apps: through a pod's port or by a public name, once or as steady traffic."""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import cycle, islice
from types import TracebackType
from typing import Protocol, Self

import requests

from clients.cluster_api import ClusterApi
from clients.pod_stream import SECONDS, PodStream, StreamError, connect
from model.json_values import entries, text
from workshop.verify.lines import Group, Line
from workshop.verify.objects import Pod
from workshop.verify.scene import Scene

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


def open_stream(api: ClusterApi, pod: Pod, port: int) -> PodStream:
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
        self._open = lambda: open_stream(api, pod, port)

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
            self._connection.request(method, path, headers=dict(headers or {}))
            answer = self._connection.getresponse()
            return Reply(answer.status, answer.read().decode(errors="replace"))
        except (HTTPException, OSError) as error:
            self._connection.close()
            if kept:
                return self.ask(path, method, headers)
            raise UnreachableError(f"{self.where} does not answer ({error or type(error).__name__})") from None

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
        try:
            answer = self._session.request(
                method,
                self.where + path,
                headers=dict(headers or {}),
                timeout=SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise UnreachableError(f"{self.where} does not answer ({type(error).__name__})") from None
        return Reply(answer.status_code, answer.text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close what is open."""
        self._session.close()


ALB = "alb.ingress.kubernetes.io"
NAME = "public host"


def check_public_host(scene: Scene, lines: Group, namespace: str, ingress: str) -> tuple[Line, str | None]:
    """Return whether a demo answers at its public name, and its URL if it does."""
    found = scene.api.find(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{ingress}")
    host = next((text(rule, "host") for rule in entries(found, "spec", "rules")), "")
    if not host:
        return lines.skip(NAME, "it has none; its pods are asked through port-forward"), None
    annotations = ("metadata", "annotations")
    encrypted = "HTTPS" in text(found, *annotations, f"{ALB}/listen-ports")
    url = f"{'https' if encrypted else 'http'}://{host}"
    try:
        with HostDoor(url) as door:
            door.ask("/")
    except UnreachableError as error:
        if text(found, *annotations, f"{ALB}/scheme") == "internal" or text(
            found, *annotations, f"{ALB}/inbound-cidrs"
        ):
            return lines.skip(NAME, f"{error}, and not everybody may"), None
        cure = (
            f"A new name takes minutes. Then look at `kubectl --namespace {namespace} describe ingress {ingress}`: "
            "has it an address, and does the name lead there?"
        )
        return lines.fail(NAME, str(error), cure), None
    return lines.ok(NAME, f"{url} answers"), url


def list_doors(scene: Scene, url: str | None, pods: Sequence[Pod], port: int) -> list[Callable[[], Door]]:
    """Return what opens a door to the front end."""
    if url:
        return [partial(HostDoor, url)]
    return [partial(PodDoor, scene.api, pod, port) for pod in pods]


CLIENTS = 4
MOST_SILENCES = 6
"""How often in a row a visitor gets no answer before all of them stop."""
PAUSE = 0.5
"""Seconds until he asks again then."""


class TrafficGenerator:
    """What the visitors have done so far."""

    def __init__(self) -> None:
        self.pages = 0
        self.trouble = ""
        """What one of them could not reach; they have all stopped then."""
        self.over = threading.Event()
        self._lock = threading.Lock()

    def send_requests(self, open_door: Callable[[], Door], path: str) -> None:
        """Ask until it is over, or until the app is silent for a while: one that restarts is no trouble."""
        silent = 0
        with open_door() as door:
            while not self.over.is_set():
                try:
                    door.ask(path)
                except UnreachableError as error:
                    silent += 1
                    if silent == MOST_SILENCES:
                        self.trouble = str(error)
                        self.over.set()
                    self.over.wait(PAUSE)
                else:
                    silent = 0
                    self._count()

    def _count(self) -> None:
        with self._lock:
            self.pages += 1


@contextmanager
def generate_traffic(doors: Sequence[Callable[[], Door]], path: str) -> Generator[TrafficGenerator]:
    """Let visitors ask for `path` through the `doors` in turn, until the block ends."""
    traffic = TrafficGenerator()
    threads = [
        threading.Thread(target=traffic.send_requests, args=(door, path), daemon=True)
        for door in islice(cycle(doors), CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        traffic.over.set()
        for thread in threads:
            thread.join()
