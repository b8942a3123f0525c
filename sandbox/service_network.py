"""Answers calls to Services in the sandbox, for the servers without which a stack could not be created or deleted.

A namespace can be deleted only while every APIService of the cluster can say what it serves. linkerd-viz brings one,
whose pods do not run here. An Ingress is refused while the AWS Load Balancer Controller's webhook is silent, and with
high availability every pod, Service and route while one of Linkerd's is, which here admits them as they are.
All are answered for, as long as a pod is ready behind the Service, with the certificate of the Secret that their pods
would mount, so that the API server's check of it is a real one; all other calls are refused at once.
"""

import json
import socket
import ssl
import sys
import tempfile
from base64 import b64decode
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseServer, ThreadingMixIn, UnixStreamServer

from model.json_values import Json, at, entries, mapping
from sandbox.api_client import connect
from sandbox.paths import Home

SOCKET = "run/services.sock"
"""Relative to the home, where every component runs: the path of a socket may have no more than 107 characters."""
ANSWERED = {
    "tap.linkerd-viz.svc": "/api/v1/namespaces/linkerd-viz/secrets/tap-k8s-tls",
    "aws-load-balancer-webhook-service.aws-load-balancer-controller.svc": (
        "/api/v1/namespaces/aws-load-balancer-controller/secrets/aws-load-balancer-tls"
    ),
    **{
        f"linkerd-{webhook}.linkerd.svc": f"/api/v1/namespaces/linkerd/secrets/linkerd-{webhook}-k8s-tls"
        for webhook in ("proxy-injector", "sp-validator", "policy-validator")
    },
}
"""Each host that is answered for, with the Secret that the server's pods would mount."""
GROUP_VERSION = "tap.linkerd.io/v1alpha1"
KIND = "AdmissionReview"
DISCOVERY: dict[str, object] = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": GROUP_VERSION,
    "resources": [{"name": "namespaces", "singularName": "", "namespaced": False, "kind": "Tap", "verbs": ["watch"]}],
}


@dataclass(frozen=True)
class Certificates:
    """Chooses a call's certificate; hosts outside ANSWERED are refused."""

    home: Home

    def choose(self, connection: ssl.SSLSocket | ssl.SSLObject, host: str) -> int | None:
        """Accept a connection to a host with the certificate that its Secret holds now."""
        secret = self.find(ANSWERED[host]) if host in ANSWERED else None
        if secret is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self.serving(mapping(secret["data"]))
        return None

    def has_ready_pod(self, host: str) -> bool:
        """Return whether a pod is ready behind the Service of a host."""
        service, namespace = host.split(".")[:2]
        selector = f"labelSelector=kubernetes.io/service-name%3D{service}"
        slices = self.find(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?{selector}")
        endpoints = [each for part in entries(slices, "items") for each in entries(part, "endpoints")]
        return any(at(each, "conditions", "ready") is True for each in endpoints)

    def find(self, path: str) -> Json | None:
        """Return the object at a path of the API server."""
        return connect(self.home).get(path)

    def serving(self, data: Json) -> ssl.SSLContext:
        """Return a TLS context with the certificate and the key of a Secret."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(dir=self.home.run) as file:  # readable by its owner only
            file.write(b"\n".join(b64decode(str(data[key])) for key in ("tls.key", "tls.crt")))
            file.flush()
            context.load_cert_chain(file.name)
        return context


class Connection(BaseHTTPRequestHandler):
    """One call of the API server: the way to a Service, and then requests on it."""

    protocol_version = "HTTP/1.1"

    host = ""
    """The host that the API server calls; the address is that of its Service."""

    def __init__(self, certificates: Certificates, request: socket.socket, client: object, server: BaseServer) -> None:
        self.certificates = certificates
        super().__init__(request, client, server)

    def do_CONNECT(self) -> None:
        """Say that the Service is there, and go on in TLS."""
        self.send_response(HTTPStatus.OK)
        self.end_headers()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self.choose
        self.request = context.wrap_socket(self.connection, server_side=True)
        self.setup()

    def choose(self, connection: ssl.SSLSocket | ssl.SSLObject, host: str | None, _: ssl.SSLContext) -> int | None:
        """Note for which host a connection is."""
        self.host = host or ""
        return self.certificates.choose(connection, self.host)

    def do_GET(self) -> None:
        """Answer discovery; there is nothing else to be read."""
        found = self.path.partition("?")[0] == f"/apis/{GROUP_VERSION}"
        self.answer(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, DISCOVERY if found else {})

    def do_POST(self) -> None:
        """Admit what a webhook is asked about, as it is."""
        review = mapping(json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0")))))
        admitted = {"uid": mapping(review.get("request")).get("uid"), "allowed": True}
        self.answer(HTTPStatus.OK, {"apiVersion": review.get("apiVersion"), "kind": KIND, "response": admitted})

    def answer(self, status: HTTPStatus, content: Json) -> None:
        """Send JSON, if a pod is there to do it; the API server keeps connections for longer than pods may live."""
        if not self.certificates.has_ready_pod(self.host):
            self.close_connection = True
            return
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by the base class
        """Write one line to the component's log."""
        sys.stderr.write(f"{format % args}\n")


class Server(ThreadingMixIn, UnixStreamServer):
    """The end of the API server's way to Services."""

    daemon_threads = True
    request_queue_size = 128  # a full queue of a Unix socket refuses calls at once, and the API server makes many

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002  named by the base class
        """Write one line to the log: most calls end here, at a host that nobody answers for."""
        sys.stderr.write(f"{sys.exc_info()[1]}\n")


def serve(home: Home) -> None:
    """Serve until the process is ended."""
    Path(SOCKET).unlink(missing_ok=True)
    with Server(SOCKET, partial(Connection, Certificates(home))) as server:
        server.serve_forever()


if __name__ == "__main__":
    serve(Home(Path(sys.argv[1])))
