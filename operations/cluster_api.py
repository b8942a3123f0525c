"""The Kubernetes API as the operator's commands see it: read-only questions with short time limits.

The one module here that touches the `kubernetes` client, whose types say little.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.config import ConfigException
from pydantic import TypeAdapter
from urllib3.exceptions import HTTPError

from operations.problem import InputError, Problem

SECONDS_TO_CONNECT = 5
SECONDS_TO_ANSWER = 15

_OBJECT = TypeAdapter(dict[str, object])
_CONTEXTS = TypeAdapter(list[dict[str, object]])
_ITEMS = TypeAdapter(list[object])
_client: Any = client
_config: Any = config


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

    status: int
    """The HTTP status code."""
    body: dict[str, object]
    """The JSON object; empty where the answer holds none."""
    time: datetime
    """The server's own clock, from the Date header (resolution: 1 s)."""


class ClusterApi:
    """One cluster, chosen by kubeconfig file and context; None means what kubectl would take."""

    address: str
    """The API server's URL."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        path = str(Path(kubeconfig).expanduser()) if kubeconfig else None
        configuration = _client.Configuration()
        configuration.retries = False
        try:
            _config.load_kube_config(path, context, configuration, persist_config=False)
        except (ConfigException, OSError, ValueError) as error:
            raise InputError([_kubeconfig_problem(path, context, error)]) from None
        self.address = str(configuration.host)
        self._client = _client.ApiClient(configuration)

    def get(self, path: str) -> Answer:
        """Return the answer to GET `path`. Raises InputError if the server does not answer."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """Return the answer to POST `path`. Raises InputError if the server does not answer."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None) -> Answer:
        try:
            request = self._client.param_serialize(
                method,
                path,
                body=body,
                header_params={"Accept": "application/json", "Content-Type": "application/json"},
                auth_settings=["BearerToken"],
            )
            response = self._client.call_api(*request, _request_timeout=(SECONDS_TO_CONNECT, SECONDS_TO_ANSWER))
            text = response.read()
        except (HTTPError, OSError, ConfigException) as error:
            raise InputError([self._silence(error)]) from None
        now = parsedate_to_datetime(response.headers["Date"]) if "Date" in response.headers else datetime.now(UTC)
        try:
            return Answer(response.status, _OBJECT.validate_python(json.loads(text)), now)
        except ValueError:
            return Answer(response.status, {}, now)

    def _silence(self, error: Exception) -> Problem:
        reason = " ".join(str(error.__cause__ or error).split())[:200]
        return Problem(
            self.address,
            f"the cluster does not answer ({reason})",
            "the program asks it before it changes anything",
            "Check that it runs, that the address is right, and that VPN, proxy and firewall let you through.",
        )


def refusal(answer: Answer) -> str | None:
    """Return why the server refused, or None if it did not."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return None
    return str(answer.body.get("message") or HTTPStatus(answer.status).phrase)


def _kubeconfig_problem(path: str | None, context: str | None, error: Exception) -> Problem:
    where = path or "the default kubeconfig"
    if path and not Path(path).is_file():
        return Problem(where, "there is no such kubeconfig", "the cluster is found through it", _CURE_PATH)
    contexts = _contexts(path)
    if context and contexts is not None and context not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        cure = "Set one with `pulumi config set linkerd-workshop:context <name>`."
        return Problem(f"{where}, context '{context}'", "there is no such context", f"the known ones are {known}", cure)
    reason = " ".join(str(error).split())[:200]
    return Problem(where, f"it cannot be used ({reason})", "it has to name a cluster and a user", _CURE_PATH)


_CURE_PATH = "Set the right file with `pulumi config set linkerd-workshop:kubeconfig <path>`, or start the sandbox."


def _contexts(path: str | None) -> set[str] | None:
    try:
        contexts, _ = _config.list_kube_config_contexts(path)
        return {str(entry["name"]) for entry in _CONTEXTS.validate_python(contexts)}
    except (ConfigException, OSError, ValueError, TypeError, KeyError):
        return None


def at(document: object, *path: str) -> object:
    """Return what lies at `path` in a JSON document, or None."""
    for key in path:
        document = _OBJECT.validate_python(document).get(key) if isinstance(document, dict) else None
    return document


def text(document: object, *path: str) -> str:
    """Return the text at `path` in a JSON document, empty if there is none."""
    found = at(document, *path)
    return found if isinstance(found, str) else ""


def items(answer: Answer) -> list[object]:
    """Return the items of a list; none if the server refused."""
    found = answer.body.get("items")
    return list(_ITEMS.validate_python(found)) if isinstance(found, list) else []
