"""Requests to the double, and answers in the form of AWS's REST services."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from model.json_values import mapping

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Request

SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
READS = ("Get", "List", "Describe", "Head", "Batch", "Simulate", "Decode", "Search")
KEPT = ("Authorization", "Content-Type", "X-Amz-Target", "X-Amz-Date", "X-Amz-Security-Token", "Host")


@dataclass(frozen=True)
class Call:
    """A request as it came in, so that it can be repeated."""

    method: str
    target: str
    """Path and query, percent-encoded as sent."""
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, request: "Request") -> "Call":
        """Read a request."""
        target = str(request.environ.get("RAW_URI") or request.full_path)
        headers = {name: request.headers[name] for name in KEPT if name in request.headers}
        return cls(request.method, target, headers, request.get_data())

    @classmethod
    def parse(cls, line: str) -> "Call":
        """Read what `line` wrote."""
        fields: dict[str, str] = json.loads(line)
        headers: dict[str, str] = json.loads(fields["headers"])
        return cls(fields["method"], fields["target"], headers, base64.b64decode(fields["body"]))

    def line(self) -> str:
        """Write the request as one line."""
        body, headers = base64.b64encode(self.body).decode(), json.dumps(dict(self.headers))
        return json.dumps({"method": self.method, "target": self.target, "headers": headers, "body": body})

    def environ(self) -> "WSGIEnvironment":
        """The request for a WSGI application."""
        headers = Headers(dict(self.headers))
        return EnvironBuilder(path=self.target, method=self.method, headers=headers, data=self.body).get_environ()

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The parts of the path, decoded."""
        return tuple(unquote(part) for part in urlsplit(self.target).path.strip("/").split("/"))

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the path, each with its last value."""
        return {key: values[-1] for key, values in parse_qs(urlsplit(self.target).query).items()}

    def all(self, name: str) -> list[str]:
        """Every value of a parameter of the path."""
        return parse_qs(urlsplit(self.target).query).get(name, [])

    def scope(self, part: str) -> str:
        """The `key`, `region` or `service` of the signature; empty if there is none."""
        found = SCOPE.search(self.headers.get("Authorization", ""))
        return found[part] if found else ""

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The parameters of a form, as IAM, EC2, ELB and STS take them."""
        if not self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return {key: values[-1] for key, values in parse_qs(self.body.decode()).items()}

    @property
    def operation(self) -> str:
        """The operation's name; empty if path and method determine it."""
        return self.headers.get("X-Amz-Target", "").rpartition(".")[2] or self.form.get("Action", "")

    @property
    def changing(self) -> bool:
        """True if it may change something."""
        return not self.operation.startswith(READS) if self.operation else self.method != "GET"

    def json(self) -> dict[str, object]:
        """The body as JSON; empty if there is none."""
        content: object = json.loads(self.body or b"{}")
        return dict(mapping(content))


class RefusalError(Exception):
    """A refusal, with AWS' own code and sentence."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def response(self) -> Response:
        """Return the answer that a client turns into its exception."""
        response = answer({"__type": self.code, "message": str(self)}, self.status)
        response.headers["x-amzn-ErrorType"] = self.code
        return response


def not_found(what: str) -> RefusalError:
    """Return the refusal for something that does not exist."""
    return RefusalError("ResourceNotFoundException", what, 404)


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON document as the answer."""
    return Response(json.dumps(body), status, content_type="application/json")
