"""The Kubernetes API as the operator's commands see it: questions with short time limits.

With `kubeconfig` and `pod_stream` the only module that touches the `kubernetes` client, whose types say little.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from kubernetes import client
from pydantic import TypeAdapter
from urllib3 import HTTPHeaderDict

from clients import cluster_faults
from clients.cluster_faults import BUSY, FAULTS, SECONDS_TO_CONNECT, Response, explain, retries
from clients.cluster_login import configuration
from clients.kubeconfig import Advice, Kubeconfig, find
from clients.limits import finish_within
from model.json_values import entries, text
from model.problem import InputError, Problem, SilenceError, on_one_line
from model.sandbox_only import check_target

JSON = "application/json"
WAIT = "Try again in a minute; if it stays so, the cluster's operator finds the reason in the API server's log."
"""The remedy for a failing server."""
SHORTEST_SECRET = 8
"""The fewest characters of a secret; a shorter text is part of many words."""

_RULE = "the program asks it before it changes anything"
_OBJECT = TypeAdapter(dict[str, object])
_client: Any = client


@dataclass(frozen=True)
class Answer:
    """An answer of the API server."""

    status: int
    """The HTTP status code."""
    body: dict[str, object]
    """The JSON object; empty where the answer holds none."""
    time: datetime
    """The server's own clock, from the Date header (resolution: 1 s)."""
    text: str = ""
    """The answer as it came."""


class ClusterApi:
    """One cluster, chosen by kubeconfig file and context; None means what kubectl would take."""

    address: str
    """The API server's URL."""
    advice: Advice
    """The remedy where it does not let the user in."""
    impersonates: list[tuple[str, str]]
    """The headers by which the user impersonates another."""
    configuration: Any
    """The Kubernetes client's untyped configuration: server, credentials and proxy."""

    def __init__(self, kubeconfig: str | Kubeconfig | None, context: str | None = None) -> None:
        found = kubeconfig if isinstance(kubeconfig, Kubeconfig) else find(kubeconfig, context)
        check_target(str(found.cluster.get("server", "")), found.where)  # before a login helper runs
        self.advice, self.configuration, self.impersonates = found.advice, configuration(found), found.impersonates
        self.address = str(self.configuration.host)
        try:
            self._client = _client.ApiClient(self.configuration)
        except FAULTS:  # its text may hold the password of a proxy
            rule = "it has to be like http://<host>:<port> or socks5://<host>:<port>"
            problem = Problem(
                self.address, "the proxy's URL is not valid", rule, "Correct the kubeconfig or HTTPS_PROXY."
            )
            raise InputError([problem]) from None

    def get(self, path: str) -> Answer:
        """Return the answer to GET `path`. Raises InputError if the server does not answer."""
        return self.ask("GET", path, None)

    def metadata(self, path: str) -> Sequence[object]:
        """Return the items of the list at `path` with their metadata alone; definitions are megabytes otherwise.

        Raises InputError if the server refuses.
        """
        kind = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        return items(self.find(path, accept=f"{kind},{JSON}"))

    def find(self, path: str, *, accept: str = JSON) -> dict[str, object] | None:
        """Return the object or list at `path`, or None if there is none. Raises InputError if the server refuses."""
        answer = self.ask("GET", path, None, accept=accept)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if reason := refusal(answer):
            fix = "Ask for a role that may read it, or choose another user or context."
            raise refused(answer, Problem(f"{self.address}{path}", reason, "the program has to read it", fix))
        return answer.body

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """Return the answer to POST `path`. Raises InputError if the server does not answer."""
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: Mapping[str, object] | None, *, accept: str = JSON) -> Answer:
        """Return the answer to any question. Raises InputError if the server does not answer."""
        end = time.monotonic() + cluster_faults.SECONDS_TO_ANSWER
        try:
            response = retries(method)(self._answered, (method, path, accept), body, end)
        except FAULTS as error:
            raise self._silence(error) from None
        try:
            document = _OBJECT.validate_python(json.loads(response.text))
        except (ValueError, RecursionError):
            document = {}
        return Answer(response.status, document, _time(response.date), response.text)

    def _answered(self, question: tuple[str, str, str], body: Mapping[str, object] | None, end: float) -> Response:
        """Return the server's answer to one try. Raises one of FAULTS, at `end` at the latest."""
        method, path, accept = question
        kind = "application/merge-patch+json" if method == "PATCH" else JSON
        headers = {"Accept": accept, "Content-Type": kind}
        left = max(end - time.monotonic(), 0.001)

        def answer() -> Response:
            verb, url, sent, content, form = self._client.param_serialize(
                method, path, body=body, header_params=headers, auth_settings=["BearerToken"]
            )
            repeated = HTTPHeaderDict(sent)
            repeated.extend(self.impersonates)
            limits = (min(SECONDS_TO_CONNECT, left), left)
            response = self._client.call_api(verb, url, repeated, content, form, _request_timeout=limits)
            text = self._without_credentials(response.read().decode(errors="replace"))
            date, retry_after = (response.headers.get(name) for name in ("Date", "Retry-After"))
            return Response(response.status, text, date, retry_after)

        return finish_within(left, answer)

    def _without_credentials(self, text: str) -> str:
        """Return a server's text without the request's credentials: some proxies repeat its headers."""
        for value in self.configuration.api_key.values():
            secret = str(value).rpartition(" ")[2]
            text = text.replace(secret, "...") if len(secret) >= SHORTEST_SECRET else text
        return text

    def _silence(self, error: Exception) -> SilenceError:
        if type(error) in (ValueError, UnicodeEncodeError):  # its text may hold the token
            found, rule = "the question cannot be sent", "the kubeconfig's credentials have to be printable text"
            return SilenceError([Problem(self.address, found, rule, "Log in again, or correct the kubeconfig.")])
        fault = explain(error, self.address, self.configuration.proxy)
        problem = Problem(self.address, fault.found, _RULE, fault.fix or self.advice.silence)
        return SilenceError([problem], nobody=fault.nobody)


class Snapshot(ClusterApi):
    """A cluster whose answers are cached: each question is asked once, and its answer may become out of date."""

    def __init__(self, api: ClusterApi) -> None:
        self.__dict__.update(vars(api))
        self.answers: dict[tuple[str, str], Answer] = api.answers if isinstance(api, Snapshot) else {}

    def ask(self, method: str, path: str, body: Mapping[str, object] | None, *, accept: str = JSON) -> Answer:
        """Return the answer to a question; the first one, if it only reads."""
        if method != "GET":
            return super().ask(method, path, body, accept=accept)
        if (path, accept) not in self.answers:
            self.answers[path, accept] = super().ask(method, path, body, accept=accept)
        return self.answers[path, accept]


def refusal(answer: Answer) -> str | None:
    """Return the reason of the server's refusal, or None if it did not refuse."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return None
    message = answer.body.get("message")
    said = on_one_line(message) if isinstance(message, str) else ""
    return said or f"HTTP status {answer.status}"


def refused(answer: Answer, problem: Problem) -> InputError:
    """Return the error of a refused question; if the server fails, other rights do not help."""
    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in BUSY:
        return InputError([problem])
    kind = SilenceError if answer.status in BUSY else InputError
    return kind([replace(problem, fix=WAIT)])


def check_connection(api: ClusterApi) -> None:
    """Ask the server for its version. Raises InputError if it is not a Kubernetes API server that lets the user in."""
    answer, rule = api.get("/version"), _RULE
    reason = refusal(answer)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        rule, fix = "the kubeconfig's credentials have to be valid there", api.advice.stranger
        found = f"it does not know you ({reason})"
    elif answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        found = "a proxy in between asks for a login (407)"
        fix = "Put user and password into the proxy's URL (http://<user>:<password>@...), or list its host in NO_PROXY."
    elif "HTTP request to an HTTPS server" in answer.text:
        found, rule = "it speaks TLS there", "the address has to begin with https://"
        fix = "Write https:// in the kubeconfig's `server`."
    elif reason and text(answer.body, "kind") == "Status":
        problem = Problem(api.address, f"it refuses to answer ({reason})", rule, api.advice.stranger)
        raise refused(answer, problem)
    elif reason or not text(answer.body, "gitVersion"):
        found = f"it does not answer as Kubernetes does ({reason or 'no version'})"
        fix = "Check the address, and whether a proxy or a login page stands in between."
    else:
        return
    raise InputError([Problem(api.address, found, rule, fix)])


def _time(date: str | None) -> datetime:
    try:
        time = parsedate_to_datetime(date or "")
    except ValueError:
        return datetime.now(UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def items(document: object) -> Sequence[object]:
    """Return the items of a list as the API server gives it; none if it is not one."""
    return entries(document, "items")
