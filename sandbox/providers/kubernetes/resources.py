"""The life of one object: check, diff, create, read, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi.provider.experimental.provider import (
    CheckRequest,
    CheckResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from sandbox.providers.errors import InitializationError
from sandbox.providers.kubernetes import awaiting, checkpoints
from sandbox.providers.kubernetes.applying import Applier
from sandbox.providers.kubernetes.checks import completed
from sandbox.providers.kubernetes.comparing import compared, imported, refreshed
from sandbox.providers.kubernetes.discovery import UnknownKindError
from sandbox.providers.kubernetes.manifests import (
    described,
    identifier,
    identity,
    lacking,
)
from sandbox.providers.property_values import Object, Properties, has_unknown
from sandbox.providers.urns import type_of

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.connection import Connection
    from sandbox.providers.kubernetes.objects import Cluster


class Objects:
    """Handles every kind of object; charts and releases are none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check(self, request: CheckRequest) -> CheckResponse:
        """Complete the inputs: a name and a namespace where they lack one."""
        return completed(self._connection, request)

    def diff(self, request: DiffRequest) -> DiffResponse:
        """Compare the object as it was last seen with what the program wants."""
        new = checkpoints.manifest_of(request.new_inputs, type_of(request.urn))
        return compared(checkpoints.read(request.old_state), new, request.ignore_changes, self._connection.settings)

    def create(self, request: CreateRequest) -> CreateResponse:
        """Create the object and wait until it is ready; in a preview ask the API server for a dry run."""
        manifest = checkpoints.manifest_of(request.properties, type_of(request.urn))
        if request.preview:
            cluster = self._asked(manifest)
            live = Applier(cluster, self._connection.settings).preview_create(manifest) if cluster else None
            expected = (
                request.properties
                if live is None
                else checkpoints.written(manifest, lacking(live, ("status",)), request.properties)
            )
            return CreateResponse(properties=dict(expected))
        cluster = self._connection.cluster()
        live = Applier(cluster, self._connection.settings).create(manifest)
        state = self._ready(request, manifest, live, request.properties)
        return CreateResponse(resource_id=identifier(live), properties=state)

    def update(self, request: UpdateRequest) -> UpdateResponse:
        """Apply the new inputs and wait until the object is ready; in a preview as a dry run."""
        manifest = checkpoints.manifest_of(request.news, type_of(request.urn))
        ignored = list(request.ignore_changes)
        if request.preview:
            cluster = self._asked(manifest)
            if cluster is None:
                return UpdateResponse(properties=request.news)
            live = Applier(cluster, self._connection.settings).update(manifest, ignored, dry_run=True)
            return UpdateResponse(properties=dict(checkpoints.written(manifest, live, request.news)))
        live = Applier(self._connection.cluster(), self._connection.settings).update(manifest, ignored, dry_run=False)
        return UpdateResponse(properties=self._ready(request, manifest, live, request.news))

    def _asked(self, manifest: Object) -> Cluster | None:
        """Give the cluster if it can tell in a preview what will become of the object."""
        cluster = self._connection.reachable()
        if cluster is None or has_unknown(manifest) or not self._connection.settings.server_side_apply:
            return None
        return cluster if cluster.exists(manifest) else None

    def _ready(
        self, request: CreateRequest | UpdateRequest, manifest: Object, live: Object, inputs: Properties
    ) -> dict[str, checkpoints.PropertyValue]:
        waiting = self._waiting(request.urn, manifest, request.timeout)
        try:
            live = awaiting.wait_until_ready(self._connection.cluster(), manifest, live, waiting)
        except awaiting.NotReadyError as error:
            state = checkpoints.written(manifest, error.live, inputs)
            raise InitializationError(str(error), identifier(live), state, error.reasons) from error
        return checkpoints.written(manifest, live, inputs)

    def _waiting(self, urn: str, manifest: Object, seconds: float) -> awaiting.Waiting:
        log = self._connection.engine
        seconds = awaiting.timeout_of(manifest, seconds)
        return awaiting.Waiting(seconds, self._connection.cancelled, lambda message: log.status(urn, message))

    def read(self, request: ReadRequest) -> ReadResponse:
        """Read the live object; without inputs it is an import."""
        if self._connection.gone(request.urn):
            return ReadResponse(resource_id="")
        inputs = checkpoints.manifest_of(request.inputs, type_of(request.urn))
        old = checkpoints.read(request.properties)
        live = self._connection.cluster().get(identity(old.live or inputs, request.resource_id))
        if live is None:
            return ReadResponse(resource_id="")
        seen = refreshed(inputs, live) if request.inputs else imported(live)
        state = checkpoints.written(seen, live, request.inputs)
        secret_inputs = checkpoints.marked(seen, request.inputs)
        if missing := awaiting.missing_now(self._connection.cluster(), inputs, live) if request.inputs else []:
            message = f"{described(live)} is not ready: {'; '.join(missing)}"
            raise InitializationError(message, request.resource_id, state, missing, secret_inputs)
        return ReadResponse(resource_id=request.resource_id, properties=state, inputs=secret_inputs)

    def delete(self, request: DeleteRequest) -> None:
        """Delete the object and wait until it is gone; one that is gone already is fine."""
        if self._connection.gone(request.urn):
            return
        old = checkpoints.read(request.properties)
        live = identity(old.live, request.resource_id)
        try:
            waiting = self._waiting(request.urn, old.inputs, request.timeout)
            awaiting.delete_and_wait(self._connection.cluster(), old.inputs, live, waiting)
        except UnknownKindError:
            return  # its CustomResourceDefinition is gone, and the object with it
