"""`kubernetes:helm.sh/v3:Release`: a chart that helm installs, upgrades and uninstalls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi.provider.experimental.property_value import PropertyValue
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

from sandbox.providers.errors import InitializationError, ProviderError
from sandbox.providers.kubernetes.diffs import differences, replaced_by
from sandbox.providers.kubernetes.helm import HelmError
from sandbox.providers.kubernetes.manifests import mapping, text
from sandbox.providers.kubernetes.release_commands import ReleaseCommands, explained
from sandbox.providers.kubernetes.release_inputs import completed
from sandbox.providers.property_values import UNKNOWN, Object, Properties, from_plain, plain_map

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.connection import Connection

_INPUTS = "__inputs"
_REPLACING = (("name",), ("namespace",))
_AFTERWARDS: Object = {"status": UNKNOWN, "resourceNames": UNKNOWN}


class Releases:
    """The life of helm releases."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._commands = ReleaseCommands(connection)

    def check(self, request: CheckRequest) -> CheckResponse:
        """Complete the inputs, and see that the chart can be had and rendered."""
        return completed(self._connection, request)

    def diff(self, request: DiffRequest) -> DiffResponse:
        """Compare the inputs of the last run with the new ones."""
        old, new = mapping(plain_map(request.old_state), _INPUTS), plain_map(request.new_inputs)
        changes = differences(old, new, request.ignore_changes, _REPLACING)
        return DiffResponse(changes=bool(changes), replaces=replaced_by(changes), detailed_diff=changes)

    def create(self, request: CreateRequest) -> CreateResponse:
        """Install the chart."""
        inputs = plain_map(request.properties)
        if request.preview:
            return CreateResponse(properties=_state(request.properties, _AFTERWARDS))
        self._connection.cluster()
        try:
            self._commands.install(inputs, request.urn)
        except HelmError as error:
            raise self._failed(request.properties, error) from error
        return CreateResponse(resource_id=_identifier(inputs), properties=self._known(request.properties))

    def update(self, request: UpdateRequest) -> UpdateResponse:
        """Upgrade the release."""
        if request.preview:
            return UpdateResponse(properties=_state(request.news, _AFTERWARDS))
        self._connection.cluster()
        try:
            self._commands.upgrade(plain_map(request.news), request.urn)
        except HelmError as error:
            raise self._failed(request.news, error) from error
        return UpdateResponse(properties=self._known(request.news))

    def _known(self, inputs: Properties) -> dict[str, PropertyValue]:
        plain = plain_map(inputs)
        return _state(inputs, self._commands.outputs(text(plain, "name"), text(plain, "namespace")) or {})

    def _failed(self, inputs: Properties, error: HelmError) -> ProviderError:
        """Record a release that exists though helm failed, so that the next run upgrades it."""
        plain = plain_map(inputs)
        sentence = explained(error, plain)
        outputs = self._commands.outputs(text(plain, "name"), text(plain, "namespace"))
        if outputs is None:
            return ProviderError(sentence)
        return InitializationError(sentence, _identifier(plain), _state(inputs, outputs))

    def read(self, request: ReadRequest) -> ReadResponse:
        """Read the release as helm has it; one that is gone is dropped from the state."""
        if self._connection.gone(request.urn):
            return ReadResponse(resource_id="")
        namespace, _, name = request.resource_id.rpartition("/")
        outputs = self._commands.outputs(name, namespace or self._connection.settings.namespace)
        if outputs is None:
            return ReadResponse(resource_id="")
        inputs = dict(request.inputs) or _imported(outputs)
        return ReadResponse(resource_id=request.resource_id, properties=_state(inputs, outputs), inputs=inputs)

    def delete(self, request: DeleteRequest) -> None:
        """Uninstall the release and wait until its objects are gone."""
        self._connection.cluster()
        inputs = mapping(plain_map(request.properties), _INPUTS)
        try:
            self._commands.uninstall(inputs)
        except HelmError as error:
            raise ProviderError(explained(error, inputs)) from error


def _identifier(inputs: Object) -> str:
    return f"{text(inputs, 'namespace')}/{text(inputs, 'name')}"


def _state(inputs: Properties, outputs: Object) -> dict[str, PropertyValue]:
    """Compose the state: inputs (also as a whole, secret) and what helm says."""
    kept = PropertyValue(dict(inputs), is_secret=True)
    return {**inputs, **{key: from_plain(value) for key, value in outputs.items()}, _INPUTS: kept}


def _imported(outputs: Object) -> dict[str, PropertyValue]:
    status = mapping(outputs, "status")
    return {key: from_plain(text(status, key)) for key in ("name", "namespace", "chart", "version")}
