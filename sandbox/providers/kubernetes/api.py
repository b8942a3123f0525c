"""The boundary to the untyped `kubernetes` client: authenticated requests, JSON in and out."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.login import complaints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.providers.property_values import Object, Plain

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
_JSON = "application/json"
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 60.0
_POOL = 32
_NOT_FOUND, _CONFLICT, _UNPROCESSABLE, _FORBIDDEN = 404, 409, 422, 403


class ApiError(ProviderError):
    """The API server refused a request; the text is the server's own."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason

    @property
    def not_found(self) -> bool:
        """The object, its namespace or its kind does not exist."""
        return self.status == _NOT_FOUND

    @property
    def already_exists(self) -> bool:
        """An object of this name exists."""
        return self.status == _CONFLICT and self.reason == "AlreadyExists"

    @property
    def conflict(self) -> bool:
        """Another field manager owns a field, or the object changed meanwhile."""
        return self.status == _CONFLICT and self.reason == "Conflict"

    @property
    def forbidden(self) -> bool:
        """The user may not do this."""
        return self.status == _FORBIDDEN


class UnreachableError(ProviderError):
    """Nothing answers at the cluster's address, or what answers is not trusted."""


class Api:
    """Requests to one API server; safe to use from many threads."""

    def __init__(self, kubeconfig: str, context: str) -> None:
        """Load a kubeconfig file; an empty context means the file's current one."""
        loader: Any = importlib.import_module("kubernetes.config.kube_config")
        library: Any = importlib.import_module("kubernetes.client")
        configuration = library.Configuration()
        configuration.connection_pool_maxsize = _POOL
        configuration.retries = 1
        with complaints() as heard:
            try:
                self._client: Any = loader.new_client_from_config(
                    kubeconfig, context or None, persist_config=False, client_configuration=configuration
                )
            except loader.ConfigException as error:
                raise UnreachableError(f"the kubeconfig {kubeconfig} cannot be used: {error}") from error
        if heard:
            raise UnreachableError(f"{configuration.host}: getting credentials: {heard[0]}")
        self._error: Any = library.ApiException
        self.address = str(configuration.host)

    def request(  # noqa: PLR0913
        self,
        method: str,
        path: str,
        body: Plain = None,
        query: Mapping[str, str] | None = None,
        *,
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> Object:
        """Send a request and give the answer's JSON; raises `ApiError` or `UnreachableError`."""
        url = f"{path}?{urlencode(query)}" if query else path
        headers = {"Accept": accept, "Content-Type": content_type}
        payload = json.dumps(body) if content_type == APPLY else body
        serialized: tuple[Any, ...] = self._client.param_serialize(
            method, url, header_params=headers, body=payload, auth_settings=["BearerToken"]
        )
        try:
            response = self._client.call_api(*serialized[:5], _request_timeout=(_CONNECT_SECONDS, _READ_SECONDS))
            raw = response.read() or b"{}"
        except self._error as error:
            raise UnreachableError(self._unreachable(error.reason)) from error
        except OSError as error:
            raise UnreachableError(self._unreachable(error)) from error
        except importlib.import_module("urllib3.exceptions").HTTPError as error:
            raise UnreachableError(self._unreachable(error)) from error
        return _answer(int(response.status), raw)

    def _unreachable(self, cause: object) -> str:
        return (
            f"configured Kubernetes cluster is unreachable: no usable answer from {self.address} "
            f"({_innermost(cause)}); check that the cluster runs and that the kubeconfig's address and certificates fit"
        )


def _answer(status: int, raw: bytes) -> Object:
    try:
        document: Any = json.loads(raw)
    except ValueError:
        document = {"message": raw.decode(errors="replace").strip()}
    answer: Object = document
    if status < 300:  # noqa: PLR2004 (the HTTP classes of success)
        return answer
    message = answer.get("message")
    raise ApiError(status, str(answer.get("reason") or ""), str(message or f"the API server answered {status}"))


def _innermost(cause: object) -> str:
    inner: Any = cause
    for _ in range(5):
        deeper = getattr(inner, "reason", None) or getattr(inner, "__cause__", None)
        if not isinstance(deeper, BaseException):
            break
        inner = deeper
    return str(inner).rpartition(": ")[2].strip("'\")(")
