"""Reads a kubeconfig: which server, and who asks.

With `cluster_api` the only module that touches the `kubernetes` client, whose types say little.
"""

import logging
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client, config
from kubernetes.config import ConfigException
from pydantic import TypeAdapter
from yaml import YAMLError

from operations.patience import patience
from operations.problem import InputError, Problem
from operations.sandbox_only import check_target

_CONTEXTS = TypeAdapter(list[dict[str, object]])
_client: Any = client
_config: Any = config

DEFAULT = "the default kubeconfig"
_CURE = "Set the right file with `pulumi config set linkerd-workshop:kubeconfig <path>`, or start the sandbox."
_UNREADABLE = (ConfigException, OSError, YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What the client raises on files that are no kubeconfig."""


@dataclass(frozen=True)
class Advice:
    """What to do where a cluster does not let the user in, as far as it depends on how the cluster is reached."""

    login: str = "Install it or log in again, until `kubectl get namespaces` works."
    """The login helper fails."""
    silence: str = "Check that it runs, that the address is right, and that VPN, proxy and firewall let you through."
    """Nobody answers."""
    stranger: str = "Log in again until `kubectl get namespaces` works, or choose another context."
    """The server does not know the credentials."""


@dataclass(frozen=True)
class Kubeconfig:
    """A kubeconfig that the program made itself."""

    document: Mapping[str, object]
    where: str
    """What messages call it."""
    advice: Advice
    """What to do where it does not let the user in."""


class _Complaints(logging.Handler):
    """Keeps what the client only logs: that a login helper (`exec`) failed, after which it asks as nobody."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

    @contextmanager
    def kept(self) -> Generator[None]:
        """Keep what is logged meanwhile."""
        logging.getLogger().addHandler(self)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(self)


def load(kubeconfig: str | None, context: str | None) -> Any:  # noqa: ANN401  the client has no types
    """Return the client's configuration for a kubeconfig file and context; None means what kubectl would take.

    Raises InputError if they lead nowhere.
    """
    path = str(Path(kubeconfig).expanduser()) if kubeconfig else None
    configuration, complaints = _client.Configuration(), _Complaints()
    try:
        check_target(os.path.realpath(path) if path else "", "the stack's kubeconfig")
        with complaints.kept():
            _config.load_kube_config(path, context, configuration, persist_config=False)
        usable = _is_address(str(configuration.host))
    except _UNREADABLE as error:
        raise InputError([_problem(path, context, error)]) from None
    where = path or DEFAULT
    if not usable:
        found = f"its server is '{configuration.host}'"
        raise InputError([Problem(where, found, "it has to be an address like https://<host>:<port>", _CURE)])
    return _logged_in(configuration, complaints, where, Advice())


def load_document(kubeconfig: Kubeconfig) -> Any:  # noqa: ANN401  as above
    """Return the client's configuration for a kubeconfig that the program made.

    Raises InputError if its login helper fails.
    """
    configuration, complaints = _client.Configuration(), _Complaints()
    with complaints.kept():
        _config.load_kube_config_from_dict(dict(kubeconfig.document), None, configuration, persist_config=False)
    return _logged_in(configuration, complaints, kubeconfig.where, kubeconfig.advice)


def _logged_in(configuration: Any, complaints: _Complaints, where: str, advice: Advice) -> Any:  # noqa: ANN401  as above
    if complaints.messages:
        found = f"the user's login helper failed ({_on_one_line(complaints.messages[0])})"
        raise InputError([Problem(where, found, "it has to hand over credentials", advice.login)])
    check_target(str(configuration.host), where)
    configuration.retries = patience()
    return configuration


def _is_address(text: str) -> bool:
    address = urlsplit(text)
    return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0


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
