"""The provider: answers the engine's requests for all types of resources."""

import asyncio
import json
from importlib.metadata import version

from pulumi.provider.experimental import provider as sdk

from sandbox.providers.aws.checking import completed, failures, merged_tags
from sandbox.providers.aws.connection import Aws
from sandbox.providers.aws.diffing import difference
from sandbox.providers.aws.kind import Given, Kind
from sandbox.providers.aws.kinds import KINDS
from sandbox.providers.aws.patience import Patience
from sandbox.providers.aws.states import compose_state, inputs_of, marked
from sandbox.providers.errors import ProviderError
from sandbox.providers.property_values import Object, plain_map
from sandbox.providers.serving import EngineLog

VERSION = version("pulumi-aws")
"""The version of the SDK that the program uses: the engine asks for a plugin of the same."""


class AwsProvider(sdk.Provider):
    """The aws provider of the sandbox; every operation runs in a thread of its own."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._aws: Aws | None = None
        self._patience = Patience(log)

    async def get_schema(self, request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:  # noqa: ARG002
        """Answer with name and version: programs use the SDK of the real package."""
        return sdk.GetSchemaResponse(json.dumps({"name": "aws", "version": VERSION}))

    async def diff_config(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Take a new configuration in place: what it means for a resource, the resource's own diff says."""
        olds, news = plain_map(request.old_state), plain_map(request.new_inputs)
        changes = [key for key in {**olds, **news} if olds.get(key) != news.get(key)]
        return sdk.DiffResponse(changes=bool(changes), diffs=changes)

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        """Keep the configuration; AWS is asked when first needed."""
        self._aws = Aws(request.variables)
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Complete and validate the inputs of a resource."""
        kind, new, old = _kind(request.urn), plain_map(request.new_inputs), plain_map(request.old_inputs or {})
        inputs = completed(kind, request.name, new, old, request.random_seed)
        if kind.tagged:
            inputs["tagsAll"] = merged_tags(inputs, self._configured().default_tags)
        return sdk.CheckResponse(marked(inputs, request.new_inputs), failures(kind, inputs))

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Compare a resource's state with its new inputs."""
        kind, state = _kind(request.urn), plain_map(request.old_state)
        return difference(kind, state, self._placed(kind, plain_map(request.new_inputs)))

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """Create a resource, or preview it."""
        kind, inputs = _kind(request.urn), plain_map(request.properties)
        if request.preview:
            placed = self._placed(kind, inputs)
            predicted = compose_state(kind, placed, kind.predict_outputs(placed))
            return sdk.CreateResponse(None, marked(predicted, request.properties))
        return await asyncio.to_thread(self._created, kind, inputs, request)

    def _created(self, kind: Kind, inputs: Object, request: sdk.CreateRequest) -> sdk.CreateResponse:
        aws = self._configured()
        placed = self._placed(kind, inputs)
        key = kind.create(aws, placed)
        kind.wait(aws, key, placed, self._patience.of(request.urn, request.timeout))
        state = compose_state(kind, placed, kind.read(aws, key, placed) or {})
        return sdk.CreateResponse(key, marked(state, request.properties))

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """Update a resource, or preview it."""
        kind, old = _kind(request.urn), plain_map(request.olds)
        known = {key: value for key, value in old.items() if key not in _input_names(kind) or key in kind.kept}
        new = {**known, **self._placed(kind, plain_map(request.news))}
        told: Given = {}
        if not request.preview:
            told = await asyncio.to_thread(self._updated, kind, request.resource_id, old, new)
        state = compose_state(kind, new, told)
        return sdk.UpdateResponse(marked(state, request.news))

    def _updated(self, kind: Kind, key: str, old: Object, new: Object) -> Given:
        aws = self._configured()
        kind.update(aws, key, old, new)
        return kind.read(aws, key, new) or {}

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """Read a resource for a refresh or an import; one that is gone has no id."""
        kind, aws = _kind(request.urn), self._configured()
        old, state = plain_map(request.inputs or {}), plain_map(request.properties)
        told = await asyncio.to_thread(kind.read, aws, request.resource_id, state)
        if told is None:
            return sdk.ReadResponse("", {}, {})
        found = inputs_of(kind, old, told, aws.default_tags)
        shown = {**self._placed(kind, state), **({"tags": found.get("tags")} if kind.tagged else {})}
        return sdk.ReadResponse(
            request.resource_id,
            marked(compose_state(kind, shown, told), request.properties),
            marked(found, request.inputs or {}),
        )

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Delete a resource; one that is gone already is deleted."""
        kind, state = _kind(request.urn), plain_map(request.properties)
        await asyncio.to_thread(kind.delete, self._configured(), request.resource_id, state)

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        """Refuse every function: the program uses none."""
        raise ProviderError(f"the sandbox's aws provider does not know {request.tok}")

    async def cancel(self) -> None:
        """Stop every wait."""
        self._patience.end()

    def _configured(self) -> Aws:
        if self._aws is None:
            raise ProviderError("the aws provider is not configured")
        return self._aws

    def _placed(self, kind: Kind, inputs: Object) -> Object:
        """Put in what AWS adds, and the region, which is the provider's where the resource has none of its own."""
        region = {"region": inputs.get("region") or self._configured().region} if kind.regional else {}
        return {**kind.completed(inputs), **region}


def _kind(urn: str) -> Kind:
    kind = KINDS.get(type_of(urn))
    if kind is None:
        message = f"the sandbox's aws provider does not know {type_of(urn)}; it works with the real plugin only"
        raise ProviderError(message)
    return kind


def _input_names(kind: Kind) -> set[str]:
    return {field.alias or name for name, field in kind.inputs.model_fields.items()}


def type_of(urn: str) -> str:
    """Give the resource's own type token, without those of its parents (which the SDK's `request.type` has)."""
    return urn.split("::")[2].rpartition("$")[2]
