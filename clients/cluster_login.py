"""Turns a kubeconfig into the Kubernetes client's configuration: credentials, TLS, and the way through proxies.

With `cluster_api` and `pod_stream` the only module that touches the `kubernetes` client, whose types say little.
"""

import base64
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
from kubernetes import client, config
from kubernetes.client.exceptions import OpenApiException
from kubernetes.config import ConfigException
from oauthlib.oauth2 import OAuth2Error
from pydantic import BaseModel, Field, ValidationError
from requests import RequestException
from urllib3 import disable_warnings
from urllib3.exceptions import HTTPError, InsecureRequestWarning

from clients import cluster_faults
from clients.kubeconfig import Document, Kubeconfig, create_document
from clients.limits import finish_within
from clients.proxies import proxy_of
from model.json_values import is_mapping, mapping, text
from model.problem import InputError, Problem, on_one_line

SECONDS_FOR_A_PERSON = 120
"""The limit for a login helper that may ask a person at a terminal, such as for a second factor."""
EARLY = 60
"""Seconds before a token's end when the next is asked for; a token in a file is read again as often."""

_client: Any = client
_config: Any = config
_NO_LOGIN = (OAuth2Error, RequestException, HTTPError, OpenApiException, TimeoutError)
_UNUSABLE = (ConfigException, OSError, ValueError, TypeError, AttributeError, LookupError)

logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # a retry is no news for the user
disable_warnings(InsecureRequestWarning)  # who sets insecure-skip-tls-verify knows; kubectl does not warn either


class _Variable(BaseModel):
    name: str
    value: str = ""


class _Helper(BaseModel):
    """A login helper: `exec` in a user of a kubeconfig."""

    api_version: str = Field(alias="apiVersion")
    command: str = Field(min_length=1)
    args: list[str] | None = None
    env: list[_Variable] | None = None
    cluster_info: bool = Field(alias="provideClusterInfo", default=False)
    mode: str | None = Field(alias="interactiveMode", default=None)
    """None in v1beta1 means IfAvailable."""


class _Status(BaseModel):
    """A login helper's credentials."""

    token: str | None = None
    certificate: str | None = Field(alias="clientCertificateData", default=None)
    key: str | None = Field(alias="clientKeyData", default=None)
    ends: datetime | None = Field(alias="expirationTimestamp", default=None)


class _Credential(BaseModel):
    api_version: str = Field(alias="apiVersion")
    status: _Status


@dataclass(frozen=True)
class _Login:
    """Credentials, as entries of a kubeconfig's user."""

    user: Document
    again: float | None
    """The time to ask for the next, in seconds since 1970; None if these do not expire."""


def configuration(kubeconfig: Kubeconfig) -> Any:  # noqa: ANN401  the client has no types
    """Return the client's configuration. Raises InputError if there are no credentials."""
    login = _log_in(kubeconfig)
    loaded = _loaded(kubeconfig, login)
    loaded.retries = False  # `cluster_faults` decides
    loaded.proxy = proxy_of(kubeconfig.cluster, str(loaded.host))
    loaded.no_proxy = ""  # has been looked at
    loaded.refresh_api_key_hook = _Renewal(kubeconfig, login).renew
    return loaded


class _Renewal:
    """Asks for the next token before one ends."""

    def __init__(self, kubeconfig: Kubeconfig, login: _Login) -> None:
        self._kubeconfig, self._login, self._lock = kubeconfig, login, threading.Lock()

    def renew(self, configuration: Any) -> None:  # noqa: ANN401  as above
        """Put the next token into a configuration, if it is time."""
        with self._lock:
            if self._login.again is None or time.time() < self._login.again:
                return
            self._login = _log_in(self._kubeconfig)
            configuration.api_key.update(_loaded(self._kubeconfig, self._login).api_key)


def _loaded(kubeconfig: Kubeconfig, login: _Login) -> Any:  # noqa: ANN401  as above
    """Return the client's configuration for a kubeconfig with these credentials."""
    cluster = {**kubeconfig.cluster, "server": _server(kubeconfig)}
    cluster.pop("proxy-url", None)
    document = create_document("c", cluster, login.user)
    loaded = _client.Configuration()
    load = partial(_config.load_kube_config_from_dict, document, None, loaded, persist_config=False)
    try:
        finish_within(cluster_faults.SECONDS_TO_ANSWER, load)
    except _NO_LOGIN as error:
        raise _failed(kubeconfig, _provider_says(error)) from None
    except _UNUSABLE:  # its text may quote credentials
        found, rule = "its certificates or credentials cannot be read", "the way to the cluster needs them"
        raise InputError([Problem(kubeconfig.where, found, rule, kubeconfig.advice.login)]) from None
    return loaded


def _server(kubeconfig: Kubeconfig) -> str:
    """Return the API server's address. Raises InputError if it is none."""
    cluster = kubeconfig.cluster
    server = text(cluster, "server")
    if server and "://" not in server:  # kubectl adds what is missing
        has_tls = any(key.startswith(("certificate-authority", "insecure-skip")) for key in cluster)
        server = f"{'https' if has_tls else 'http'}://{server}"
    try:
        parts = urlsplit(server)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or "@" in server:
        rule, fix = "it has to be an address like https://<host>:<port>", "Fetch the kubeconfig again, or correct it."
        raise InputError([Problem(kubeconfig.where, "its cluster's server is not an address", rule, fix)])
    return server.rstrip("/")


def _log_in(kubeconfig: Kubeconfig) -> _Login:
    """Return the user's credentials; a helper is run for them. Raises InputError if it fails."""
    user = dict(kubeconfig.user)
    user.pop("tokenFile", None)
    if file := text(kubeconfig.user, "tokenFile"):
        return _Login({**user, "token": _token(kubeconfig, file)}, time.time() + EARLY)
    helper = user.pop("exec", None)  # the client would run it without a limit of time
    if user.get("token") or helper is None:
        return _Login(_with_authority(user), None)
    try:
        status = _run(kubeconfig, _Helper.model_validate(helper))
    except ValidationError:
        raise _failed(kubeconfig, "its `exec` lacks a command or an apiVersion") from None
    if status.token:
        user["token"] = status.token
    elif status.certificate and status.key:
        user |= {"client-certificate-data": _encoded(status.certificate), "client-key-data": _encoded(status.key)}
    else:
        raise _failed(kubeconfig, "it handed over neither a token nor a certificate with its key")
    return _Login(user, status.ends.timestamp() - EARLY if status.ends and status.token else None)


def _token(kubeconfig: Kubeconfig, file: str) -> str:
    try:
        token = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        token = ""
    if not token:
        raise _failed(kubeconfig, f"there is no token in {file}")
    return token


def _with_authority(user: Document) -> Document:
    """Return a user whose identity provider is verified by the usual CAs; the client would trust any certificate."""
    provider = user.get("auth-provider")
    if not is_mapping(provider):
        return user
    options = mapping(provider.get("config"))
    if not any(key.startswith("idp-certificate-authority") for key in options):
        options = {**options, "idp-certificate-authority": certifi.where()}
    return {**user, "auth-provider": {**provider, "config": options}}


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()


def _run(kubeconfig: Kubeconfig, helper: _Helper) -> _Status:
    """Return a login helper's credentials. Raises InputError if it fails, or takes too long."""
    asks = helper.mode != "Never" and sys.stdin is not None and sys.stdin.isatty()
    if helper.mode == "Always" and not asks:
        raise _failed(kubeconfig, "its interactiveMode is Always, and there is no terminal")
    seconds = SECONDS_FOR_A_PERSON if asks else cluster_faults.SECONDS_TO_ANSWER
    process = _started(kubeconfig, helper, asks=asks)
    said, complaint = _spoken(kubeconfig, process, seconds, asks=asks)
    if process.returncode:
        quoted = re.sub(r"[\w+/=.~-]{32,}", "...", on_one_line(complaint))  # without what may be a token
        raise _failed(kubeconfig, f"{helper.command} returned {process.returncode}. {quoted}".rstrip(". "))
    try:
        credential = _Credential.model_validate_json(said)
    except ValidationError:
        raise _failed(kubeconfig, f"{helper.command} printed no ExecCredential") from None
    if credential.api_version != helper.api_version:
        raise _failed(kubeconfig, f"{helper.command} printed another apiVersion than {helper.api_version}")
    return credential.status


def _started(kubeconfig: Kubeconfig, helper: _Helper, *, asks: bool) -> subprocess.Popen[bytes]:
    spec: Document = {"interactive": asks}
    if helper.cluster_info:
        spec["cluster"] = {key: value for key, value in kubeconfig.cluster.items() if key != "extensions"}
    info = {"apiVersion": helper.api_version, "kind": "ExecCredential", "spec": spec}
    variables = {each.name: each.value for each in helper.env or []} | {"KUBERNETES_EXEC_INFO": json.dumps(info)}
    try:
        return subprocess.Popen(  # noqa: S603  no shell; the user's own kubeconfig names it
            [helper.command, *(helper.args or [])],
            stdin=None if asks else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if asks else subprocess.PIPE,
            env={**os.environ, **variables},
            start_new_session=not asks,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no command"
        raise _failed(kubeconfig, f"{helper.command}: {reason}") from None


def _spoken(
    kubeconfig: Kubeconfig, process: subprocess.Popen[bytes], seconds: float, *, asks: bool
) -> tuple[bytes, str]:
    """Return a helper's two outputs. Raises InputError after `seconds`, and ends it with its children."""
    with process:
        try:
            said, complaint = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            if asks:
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            raise _failed(kubeconfig, f"it did not answer within {seconds:g} s") from None
    return said, (complaint or b"").decode(errors="replace")


def _failed(kubeconfig: Kubeconfig, reason: str) -> InputError:
    found, rule = f"the user's login helper failed ({on_one_line(reason)})", "it has to hand over credentials"
    return InputError([Problem(kubeconfig.where, found, rule, kubeconfig.advice.login)])


def _provider_says(error: Exception) -> str:
    """Return the error code with which an identity provider refuses to renew a login, without its other text."""
    if isinstance(error, TimeoutError):
        return f"the identity provider did not answer within {cluster_faults.SECONDS_TO_ANSWER} s"
    if isinstance(error, OAuth2Error):
        return f"the identity provider says {error.error}"
    return "the identity provider cannot be reached"
