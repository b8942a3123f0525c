"""The provider: configuration, and which handler each type has."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from pulumi.provider.experimental.provider import (
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    ConstructRequest,
    ConstructResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    InvokeRequest,
    InvokeResponse,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes import chart, configuration
from sandbox.providers.kubernetes.connection import Connection
from sandbox.providers.kubernetes.release import Releases
from sandbox.providers.kubernetes.resources import Objects
from sandbox.providers.property_values import plain_map
from sandbox.providers.urns import type_of

if TYPE_CHECKING:
    from sandbox.providers.engine_log import EngineLog

_NOT_OBJECTS = frozenset(("helm.sh/v3", "helm.sh/v4", "yaml", "yaml/v2", "kustomize", "kustomize/v2"))
RELEASE = "kubernetes:helm.sh/v3:Release"
CHART = "kubernetes:helm.sh/v4:Chart"
_NO_SUCH = "the stand-in for the kubernetes provider does not know {}; it works with the real plugin only"


class _Handler(Protocol):
    def check(self, request: CheckRequest) -> CheckResponse: ...
    def diff(self, request: DiffRequest) -> DiffResponse: ...
    def create(self, request: CreateRequest) -> CreateResponse: ...
    def update(self, request: UpdateRequest) -> UpdateResponse: ...
    def read(self, request: ReadRequest) -> ReadResponse: ...
    def delete(self, request: DeleteRequest) -> None: ...


class KubernetesProvider(Provider):
    """Stands in for the kubernetes provider; every operation runs in a thread of its own."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._connection: Connection | None = None
        self._handlers: dict[str, _Handler] = {}

    async def diff_config(self, request: DiffRequest) -> DiffResponse:
        """Replace the provider, and so every object, only if it means another cluster."""
        olds, news = plain_map(request.old_state), plain_map(request.new_inputs)
        changes = [key for key in {**olds, **news} if olds.get(key) != news.get(key)]
        replaces = configuration.replacing_keys(olds, news) if changes else []
        return DiffResponse(changes=bool(changes), replaces=replaces, diffs=changes)

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        """Keep the configuration; the cluster is asked when first needed."""
        self._connection = Connection(configuration.parsed(request.variables), self._log)
        self._handlers = {"": Objects(self._connection), RELEASE: Releases(self._connection)}
        return ConfigureResponse(accept_secrets=True, supports_preview=True, accept_resources=True)

    def _handler(self, type_token: str) -> _Handler:
        if type_token in self._handlers:
            return self._handlers[type_token]
        if type_token.split(":")[1] in _NOT_OBJECTS:
            raise ProviderError(_NO_SUCH.format(type_token))
        return self._handlers[""]

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Complete and validate the inputs of a resource."""
        return await asyncio.to_thread(self._handler(type_of(request.urn)).check, request)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """Compare a resource's state with its new inputs."""
        return await asyncio.to_thread(self._handler(type_of(request.urn)).diff, request)

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Create a resource, or preview it."""
        return await asyncio.to_thread(self._handler(type_of(request.urn)).create, request)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """Update a resource, or preview it."""
        return await asyncio.to_thread(self._handler(type_of(request.urn)).update, request)

    async def read(self, request: ReadRequest) -> ReadResponse:
        """Read a resource for a refresh or an import."""
        return await asyncio.to_thread(self._handler(type_of(request.urn)).read, request)

    async def delete(self, request: DeleteRequest) -> None:
        """Delete a resource."""
        await asyncio.to_thread(self._handler(type_of(request.urn)).delete, request)

    async def construct(self, request: ConstructRequest) -> ConstructResponse:
        """Construct a chart: the one component that the program uses."""
        if request.resource_type != CHART or self._connection is None:
            raise ProviderError(_NO_SUCH.format(request.resource_type))
        return await chart.construct(self._connection, request)

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """Refuse every function: the program uses none."""
        raise ProviderError(_NO_SUCH.format(request.tok))

    async def cancel(self) -> None:
        """Stop every wait."""
        if self._connection is not None:
            self._connection.cancelled.set()
