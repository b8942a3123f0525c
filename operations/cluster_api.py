"""The Kubernetes API as the operator's commands see it: questions with short time limits.

With `kubeconfig` and `pod_stream` the only module that touches the `kubernetes` client, whose types say little.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from kubernetes import client
from kubernetes.config import ConfigException
from pydantic import TypeAdapter
from urllib3.exceptions import HTTPError

from operations.kubeconfig import Advice, Kubeconfig, load, load_document
from operations.problem import InputError, Problem

SECONDS_TO_CONNECT = 5
SECONDS_TO_ANSWER = 15

_OBJECT = TypeAdapter(dict[str, object])
_ITEMS = TypeAdapter(list[object])
_client: Any = client


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

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
    """What to do where it does not let the user in."""
    configuration: Any
    """The client's own, which has no types: the server, who asks, and the way there."""

    def __init__(self, kubeconfig: str | Kubeconfig | None, context: str | None = None) -> None:
        if isinstance(kubeconfig, Kubeconfig):
            self.advice, self.configuration = kubeconfig.advice, load_document(kubeconfig)
        else:
            self.advice, self.configuration = Advice(), load(kubeconfig, context)
        self.address = str(self.configuration.host)
        self._client = _client.ApiClient(self.configuration)

    def get(self, path: str) -> Answer:
        """Return the answer to GET `path`. Raises InputError if the server does not answer."""
        return self.ask("GET", path, None)

    def find(self, path: str) -> dict[str, object] | None:
        """Return the object or list at `path`, or None if there is none. Raises InputError if the server refuses."""
        answer = self.get(path)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if reason := refusal(answer):
            cure = "Ask for a role that may read it, or choose another user or context."
            raise InputError([Problem(f"{self.address}{path}", reason, "the program has to read it", cure)])
        return answer.body

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """Return the answer to POST `path`. Raises InputError if the server does not answer."""
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: Mapping[str, object] | None) -> Answer:
        """Return the answer to any question. Raises InputError if the server does not answer."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Accept": "application/json", "Content-Type": kind}
        try:
            request = self._client.param_serialize(
                method, path, body=body, header_params=headers, auth_settings=["BearerToken"]
            )
            response = self._client.call_api(*request, _request_timeout=(SECONDS_TO_CONNECT, SECONDS_TO_ANSWER))
            said = response.read().decode(errors="replace")
        except (HTTPError, OSError, ConfigException) as error:
            raise InputError([self._silence(error)]) from None
        except ValueError:  # its text may hold the token
            found, rule = "the question cannot be sent", "the kubeconfig's credentials have to be printable text"
            raise InputError([Problem(self.address, found, rule, "Log in again, or mend the kubeconfig.")]) from None
        try:
            body = _OBJECT.validate_python(json.loads(said))
        except (ValueError, RecursionError):
            body = {}
        return Answer(response.status, body, _time(response.headers.get("Date")), said)

    def _silence(self, error: Exception) -> Problem:
        reason = " ".join(str(error.__cause__ or error).split())[:200]
        return Problem(
            self.address,
            f"the cluster does not answer ({reason})",
            "the program asks it before it changes anything",
            self.advice.silence,
        )


def refusal(answer: Answer) -> str | None:
    """Return why the server refused, or None if it did not."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return None
    message = answer.body.get("message")
    return " ".join(message.split())[:200] if isinstance(message, str) and message else f"HTTP status {answer.status}"


def _time(date: str | None) -> datetime:
    try:
        time = parsedate_to_datetime(date or "")
    except ValueError:
        return datetime.now(UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def at(document: object, *path: str) -> object:
    """Return what lies at `path` in a JSON document, or None."""
    for key in path:
        document = _OBJECT.validate_python(document).get(key) if isinstance(document, dict) else None
    return document


def text(document: object, *path: str) -> str:
    """Return the text at `path` in a JSON document, empty if there is none."""
    found = at(document, *path)
    return found if isinstance(found, str) else ""


def entries(document: object, *path: str) -> list[object]:
    """Return the list at `path` in a JSON document, empty if there is none."""
    found = at(document, *path)
    return list(_ITEMS.validate_python(found)) if isinstance(found, list) else []


def items(document: object) -> list[object]:
    """Return the items of a list in JSON; none if it is not one."""
    return entries(document, "items")
