"""An API server on loopback with canned answers and canned failures."""

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import yaml

from clients.kubeconfig import create_document
from model.json_values import is_mapping, mapping
from tests.doubles.http_server import QuietHandler, serving_http
from tests.doubles.port_forward import forward

GATEWAY = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/httproutes.gateway.networking.k8s.io"
INJECTOR = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/linkerd-proxy-injector-webhook-config"
READY: Mapping[str, object] = {
    "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.3"},
    "/api/v1/namespaces/kube-system": {"metadata": {"name": "kube-system", "uid": "uid-1"}},
    "/apis/networking.k8s.io/v1/ingressclasses": {
        "items": [{"metadata": {"name": "alb"}, "spec": {"controller": "ingress.k8s.aws/alb"}}]
    },
}


@dataclass
class Cluster:
    """The answers of the server."""

    answers: dict[str, object] = field(default_factory=lambda: dict(READY))
    """By path; any other path is a 404."""
    denied: Callable[[str, str], bool] | None = None
    """True if the user may not use a verb on a resource; the user is an administrator if None."""
    reviewed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """The resources and verbs that permission was asked for."""
    admits: tuple[int, str] = (201, "")
    """Status and message of the answer to a dry run of creating a pod."""
    seconds_ahead: float = 0
    """By how much its clock is ahead of this machine's."""
    everything: tuple[int, str, bytes] | None = None
    """Status, content type and body of every answer, instead of all that."""
    silence: float = 0
    """Seconds until it answers."""
    durations: list[float] = field(default_factory=list[float])
    """The seconds that each answer took here."""
    unwell: Mapping[str, int] = field(default_factory=dict[str, int])
    """The error status that it answers with, by path."""
    forbidden: tuple[str, ...] = ()
    """Paths that the user may not read."""
    silent: tuple[str, ...] = ()
    """Paths that it answers after a minute."""
    asked: list[str] = field(default_factory=list[str])
    """The paths of the GET requests."""
    posted: dict[str, object] = field(default_factory=dict[str, object])
    """By path, the answer to a POST; a POST to any other path is a review of permissions."""
    deleted: list[str] = field(default_factory=list[str])
    """The paths of what was deleted."""
    ports: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict[tuple[str, int], tuple[str, int]])
    """By a pod's name and port, the address on loopback that answers for it."""
    tokens: list[str] = field(default_factory=list[str])
    """The Authorization headers of the GET requests."""


@contextmanager
def serving(cluster: Cluster, folder: Path) -> Generator[Path]:
    """Serve `cluster` on loopback; give the path of a kubeconfig in `folder` that leads there."""
    with serving_http(_Handler, cluster=cluster) as port:
        yield kubeconfig(folder, f"http://127.0.0.1:{port}")


def kubeconfig(folder: Path, cluster: str | Mapping[str, object], user: Mapping[str, object] | None = None) -> Path:
    """Write a kubeconfig with the context `there` for a cluster, or for one of which the address is enough."""
    server: Mapping[str, object] = {"server": cluster} if isinstance(cluster, str) else cluster
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(create_document("there", dict(server), dict(user or {}))), encoding="utf-8")
    return path


class _Handler(QuietHandler, BaseHTTPRequestHandler):
    cluster: Cluster

    def do_GET(self) -> None:
        """Answer a question."""
        self.cluster.asked.append(self.path)
        self.cluster.tokens.append(self.headers.get("Authorization", ""))
        if self.headers.get("Upgrade") == "websocket":
            self._forward()
        elif self.path in self.cluster.forbidden:
            self._answer(403, {"code": 403, "message": "this is forbidden"})
        elif self.path in self.cluster.answers:
            self._answer(200, self.cluster.answers[self.path])
        elif members := self._members():
            self._answer(200, {"items": members})
        else:
            self._answer(404, {"kind": "Status", "code": 404, "message": "not found"})

    def _members(self) -> list[object]:
        """Return the objects that the answers hold for the list at this path."""
        found = list[object]()
        for path, each in self.cluster.answers.items():
            folder, _, name = path.rpartition("/")
            if folder == self.path and is_mapping(each):
                found.append({**each, "metadata": {"name": name, **mapping(each.get("metadata"))}})
        return found

    def do_POST(self) -> None:
        """Answer a review of permissions, a dry run, or what the test wants."""
        review = json.loads(self.content())
        if self.path in self.cluster.posted:
            self._answer(201, self.cluster.posted[self.path])
        elif self.path.endswith("pods?dryRun=All"):
            status, message = self.cluster.admits
            self._answer(status, {"message": message})
        else:
            attributes, denied = review["spec"]["resourceAttributes"], self.cluster.denied
            wanted = attributes["resource"], attributes["verb"]
            self.cluster.reviewed.append(wanted)
            self._answer(201, {"status": {"allowed": denied is None or (wanted[0] != "*" and not denied(*wanted))}})

    def do_DELETE(self) -> None:
        """Remove what is at a path."""
        self.content()
        self.cluster.deleted.append(self.path)
        there = self.cluster.answers.pop(self.path, None) is not None
        self._answer(200 if there else 404, {"kind": "Status", "message": "deleted" if there else "not found"})

    def _forward(self) -> None:
        """Forward bytes to a pod's port if there is such a pod."""
        path, port = self.path.split("?ports=")
        pod = path.split("/")[-2]
        if any(name == pod for name, _port in self.cluster.ports):
            forward(self, int(port), self.cluster.ports.get((pod, int(port))))
        else:
            self._answer(500, {"kind": "Status", "message": f"error dialing backend: no node has {pod}"})

    def _answer(self, status: int, document: object) -> None:
        began = time.monotonic()
        time.sleep(60 if self.path in self.cluster.silent else self.cluster.silence)
        self.cluster.durations.append(time.monotonic() - began)
        usual = (
            (status, "text/plain", document.encode())
            if isinstance(document, str)
            else (status, "application/json", json.dumps(document).encode())
        )
        if unwell := self.cluster.unwell.get(self.path):
            reason = {"kind": "Status", "message": "etcdserver: request timed out", "code": unwell}
            usual = (unwell, "application/json", json.dumps(reason).encode())
        status, kind, body = self.cluster.everything or usual
        headers = {"Date": formatdate(time.time() + self.cluster.seconds_ahead, usegmt=True), "Content-Type": kind}
        self.send(status, body, headers)
