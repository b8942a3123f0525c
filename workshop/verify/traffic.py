"""HTTP requests to the demos' apps: through a pod's port or by a public name, once or as steady traffic."""

import threading
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import cycle, islice

import requests
from typing_extensions import override

from clients.cluster_api import ClusterApi
from clients.limits import finish_within
from clients.pod_stream import SECONDS, PodStream, StreamError, connect
from model.json_values import entries, text
from model.problem import InputError
from workshop.verify.lines import Demo, Group, Line
from workshop.verify.objects import Pod
from workshop.verify.scene import Scene

ADMIN_PORT = 4191
"""Port of every proxy that serves its metrics."""
REACH = "Check that `kubectl port-forward` to it works: it uses the same connection."


class UnreachableError(Exception):
    """Raised where nothing answers; the message says where and why."""


def collect_lines(group: Group, check: Callable[[], Iterator[Line]]) -> list[Line]:
    """Return a group's lines; an error that ends the group becomes one of them."""
    lines = list[Line]()
    try:
        lines.extend(check())
    except UnreachableError as error:
        lines.append(group.fail("the rest", str(error), REACH))
    except InputError as error:
        lines.extend(group.fail("the rest", f"{each.where}: {each.found}", each.fix) for each in error.problems)
    return lines


@dataclass(frozen=True)
class Reply:
    """The answer to a request."""

    status: int
    text: str


class Door(AbstractContextManager["Door"]):
    """An address at which an app answers HTTP requests."""

    where: str
    """Its description for messages."""
    close: Callable[[], None]
    """Closes what is open."""

    @abstractmethod
    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request; return the answer. Raises UnreachableError."""

    @override
    def __exit__(self, *_: object) -> None:
        self.close()


def open_stream(api: ClusterApi, pod: Pod, port: int) -> PodStream:
    """Open a connection to a pod's port. Raises UnreachableError."""
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/portforward?ports={port}"
    try:
        return connect(api.configuration, f"{api.address}{path}", api.impersonates)
    except StreamError as error:
        raise UnreachableError(f"port {port} of pod {pod.full_name} cannot be reached ({error})") from None


class PodDoor(Door):
    """An app behind its pod's port; the connection stays open between requests."""

    def __init__(self, api: ClusterApi, pod: Pod, port: int) -> None:
        self.where = f"port {port} of pod {pod.full_name}"
        self._open = partial(open_stream, api, pod, port)
        self._connection = HTTPConnection("localhost", port)
        self.close = self._connection.close

    @override
    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request; a connection that the app has closed meanwhile is opened again, once."""
        kept = self._connection.sock is not None
        try:
            return finish_within(SECONDS, partial(self._send_request, path, method, headers))
        except TimeoutError:
            self._connection.close()
            raise UnreachableError(f"{self.where} does not answer within {SECONDS:g} s") from None
        except (HTTPException, OSError) as error:
            self._connection.close()
            if kept:
                return self.ask(path, method, headers)
            raise UnreachableError(f"{self.where} does not answer ({error or type(error).__name__})") from None

    def _send_request(self, path: str, method: str, headers: Mapping[str, str] | None) -> Reply:
        if self._connection.sock is None:
            self._connection.sock = self._open()
        self._connection.request(method, path, headers=dict(headers or {}))
        answer = self._connection.getresponse()
        return Reply(answer.status, answer.read().decode(errors="replace"))


class HostDoor(Door):
    """An app behind its public name, a URL without a path."""

    def __init__(self, url: str) -> None:
        self.where = url
        self._session = requests.Session()
        self.close = self._session.close

    @override
    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request; return the answer, which may be a redirection."""
        send = partial(self._session.request, headers=dict(headers or {}), timeout=SECONDS, allow_redirects=False)
        try:
            answer = finish_within(SECONDS, partial(send, method, self.where + path))
        except (requests.RequestException, TimeoutError) as error:
            raise UnreachableError(f"{self.where} does not answer ({type(error).__name__})") from None
        return Reply(answer.status_code, answer.text)


ALB = "alb.ingress.kubernetes.io"
NAME = "public host"


def check_public_host(scene: Scene, demo: Demo, ingress: str) -> tuple[Line, str | None]:
    """Return a line on a demo's public name, and its URL if it answers there."""
    found = scene.api.find(f"/apis/networking.k8s.io/v1/namespaces/{demo.namespace}/ingresses/{ingress}")
    host = next((text(rule, "host") for rule in entries(found, "spec", "rules")), "")
    if not host:
        return demo.skip(NAME, "it has none; requests go to its pods through port-forward"), None
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
            return demo.skip(NAME, f"{error}, and it is not open to everybody"), None
        fix = (
            f"A new name takes minutes. Then look at `kubectl --namespace {demo.namespace} describe ingress {ingress}`:"
            " does it have an address, and does the name resolve to it?"
        )
        return demo.fail(NAME, str(error), fix), None
    return demo.ok(NAME, f"{url} answers"), url


def list_doors(scene: Scene, url: str | None, pods: Sequence[Pod], port: int) -> list[Callable[[], Door]]:
    """Return functions that each open a door to the front end."""
    if url:
        return [partial(HostDoor, url)]
    return [partial(PodDoor, scene.api, pod, port) for pod in pods]


MOST_SILENCES = 6
"""Requests in a row without an answer after which the traffic ends."""
PAUSE = 0.5
"""Seconds to wait after a request without an answer."""


class TrafficGenerator:
    """Requests from several threads, and what came of them."""

    def __init__(self) -> None:
        self.pages = 0
        self.trouble = ""
        """The address that did not answer; the traffic has ended then."""
        self.over = threading.Event()
        self._lock = threading.Lock()

    def send_requests(self, open_door: Callable[[], Door], path: str) -> None:
        """Send requests until the end, or until the app is silent for longer than a restart takes."""
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
                    with self._lock:
                        self.pages += 1


@contextmanager
def generate_traffic(doors: Sequence[Callable[[], Door]], path: str, clients: int) -> Generator[TrafficGenerator]:
    """Request `path` from so many threads through the `doors` in turn, until the block ends."""
    traffic = TrafficGenerator()
    threads = [
        threading.Thread(target=traffic.send_requests, args=(door, path), daemon=True)
        for door in islice(cycle(doors), clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        traffic.over.set()
        for thread in threads:
            thread.join()
