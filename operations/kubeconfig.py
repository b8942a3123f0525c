"""Reads a kubeconfig: which server, and who asks.

With `cluster_api` the only module that touches the `kubernetes` client, whose types say little.
"""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client, config
from kubernetes.config import ConfigException
from pydantic import TypeAdapter
from yaml import YAMLError

from operations.problem import InputError, Problem

_CONTEXTS = TypeAdapter(list[dict[str, object]])
_client: Any = client
_config: Any = config

DEFAULT = "the default kubeconfig"
_CURE = "Set the right file with `pulumi config set linkerd-workshop:kubeconfig <path>`, or start the sandbox."
_UNREADABLE = (ConfigException, OSError, YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What the client raises on files that are no kubeconfig."""


class _Complaints(logging.Handler):
    """Keeps what the client only logs: that a login helper (`exec`) failed, after which it asks as nobody."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def load(kubeconfig: str | None, context: str | None) -> Any:  # noqa: ANN401  the client has no types
    """Return the client's configuration for a kubeconfig file and context; None means what kubectl would take.

    Raises InputError if they lead nowhere.
    """
    path = str(Path(kubeconfig).expanduser()) if kubeconfig else None
    configuration = _client.Configuration()
    configuration.retries = False
    complaints = _Complaints()
    logging.getLogger().addHandler(complaints)
    try:
        _config.load_kube_config(path, context, configuration, persist_config=False)
        usable = _is_address(str(configuration.host))
    except _UNREADABLE as error:
        raise InputError([_problem(path, context, error)]) from None
    finally:
        logging.getLogger().removeHandler(complaints)
    where = path or DEFAULT
    if not usable:
        found = f"its server is '{configuration.host}'"
        raise InputError([Problem(where, found, "it has to be an address like https://<host>:<port>", _CURE)])
    if complaints.messages:
        raise InputError([_login_problem(where, complaints.messages[0])])
    return configuration


def _is_address(text: str) -> bool:
    address = urlsplit(text)
    return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0


def _login_problem(where: str, complaint: str) -> Problem:
    found = f"the user's login helper failed ({_on_one_line(complaint)})"
    cure = "Install it or log in again, until `kubectl get namespaces` works."
    return Problem(where, found, "it has to hand over credentials", cure)


def _problem(path: str | None, context: str | None, error: Exception) -> Problem:
    where = path or DEFAULT
    if path and not Path(path).exists():
        return Problem(where, "there is no such kubeconfig", "the cluster is found through it", _CURE)
    contexts = _contexts(path)
    if context and contexts is not None and context not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        cure = "Set one with `pulumi config set linkerd-workshop:context <name>`."
        return Problem(f"{where}, context '{context}'", "there is no such context", f"the known ones are {known}", cure)
    return Problem(
        where, f"it cannot be used ({_on_one_line(str(error))})", "it has to name a cluster and a user", _CURE
    )


def _contexts(path: str | None) -> set[str] | None:
    try:
        contexts, _ = _config.list_kube_config_contexts(path)
        return {str(entry["name"]) for entry in _CONTEXTS.validate_python(contexts)}
    except _UNREADABLE:
        return None


def _on_one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:200]
