"""The provider: answers the engine's requests for all types of resources."""

import threading
from importlib.metadata import version

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto.plugin_pb2 import PluginInfo
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
from typing_extensions import override

from sandbox.providers.aws.acm import Certificate, CertificateValidation
from sandbox.providers.aws.comparing import compare, complete, compose_state, failures, update_inputs
from sandbox.providers.aws.connection import Aws, RefusedError, clearly
from sandbox.providers.aws.eks import Addon, PodIdentityAssociation
from sandbox.providers.aws.iam import Role, RolePolicy
from sandbox.providers.aws.kind import Kind, Wait
from sandbox.providers.aws.route53 import Record
from sandbox.providers.aws.serving import EngineLog, ProviderError
from sandbox.providers.aws.values import Given, read, write

VERSION = version("pulumi-aws")
"""The version of the SDK that the program uses: the engine asks for a plugin of the same."""
KINDS: dict[str, Kind] = {
    "aws:acm/certificate:Certificate": Certificate(),
    "aws:acm/certificateValidation:CertificateValidation": CertificateValidation(),
    "aws:eks/addon:Addon": Addon(),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": PodIdentityAssociation(),
    "aws:iam/role:Role": Role(),
    "aws:iam/rolePolicy:RolePolicy": RolePolicy(),
    "aws:route53/record:Record": Record(),
}
"""The resources that the program uses."""
Context = grpc.ServicerContext


class AwsProvider(ResourceProviderServicer):
    """The aws provider of the sandbox; every operation runs in a thread of its own."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._aws: Aws | None = None
        self._ended = threading.Event()

    @override
    def GetPluginInfo(self, request: Empty, context: Context) -> PluginInfo:
        """Return the version."""
        return PluginInfo(version=VERSION)

    @override
    def Configure(self, request: proto.ConfigureRequest, context: Context) -> proto.ConfigureResponse:
        """Keep the configuration; AWS is asked when first needed."""
        self._aws = Aws(request.variables)
        return proto.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @override
    def Check(self, request: proto.CheckRequest, context: Context) -> proto.CheckResponse:
        """Complete and validate the inputs of a resource."""
        kind = _kind(request.urn)
        inputs = complete(kind, read(request.news), self._configured.default_tags)
        found = [proto.CheckFailure(reason=reason) for reason in failures(kind, inputs)]
        return proto.CheckResponse(inputs=write(inputs, request.news), failures=found)

    @override
    def Diff(self, request: proto.DiffRequest, context: Context) -> proto.DiffResponse:
        """Compare a resource's state with its new inputs."""
        kind = _kind(request.urn)
        return compare(kind, read(request.olds), read(request.news))

    @override
    def Create(self, request: proto.CreateRequest, context: Context) -> proto.CreateResponse:
        """Create a resource, or preview it."""
        kind = _kind(request.urn)
        given, key = read(request.properties), ""
        if request.preview:
            reported: Given = kind.predict_outputs(given)
        else:
            with clearly(f"creating {kind.title}"):
                key = kind.create(self._configured, given)
            with clearly(f"waiting for {kind.title} ({key})"):
                wait = Wait(self._log, self._ended, request.urn, request.timeout)
                kind.wait(self._configured, key, given, wait)
            reported = self._read(kind, key, given) or {}
        state = compose_state(kind, given, reported)
        return proto.CreateResponse(id=key, properties=write(state, request.properties))

    @override
    def Update(self, request: proto.UpdateRequest, context: Context) -> proto.UpdateResponse:
        """Update a resource, or preview it."""
        kind, old = _kind(request.urn), read(request.olds)
        outputs = {key: old[key] for key in kind.computed & old.keys()}
        new = {**outputs, **read(request.news)}
        reported: Given = {}
        if not request.preview:
            with clearly(f"updating {kind.title} ({request.id})"):
                kind.update(self._configured, request.id, old, new)
            reported = self._read(kind, request.id, new) or {}
        return proto.UpdateResponse(properties=write(compose_state(kind, new, reported), request.news))

    @override
    def Read(self, request: proto.ReadRequest, context: Context) -> proto.ReadResponse:
        """Read a resource for a refresh; one that is deleted has no id."""
        kind, state = _kind(request.urn), read(request.properties)
        reported = self._read(kind, request.id, state)
        if reported is None:
            return proto.ReadResponse()
        return proto.ReadResponse(
            id=request.id,
            properties=write(compose_state(kind, state, reported), request.properties),
            inputs=write(update_inputs(kind, read(request.inputs), reported), request.inputs),
        )

    @override
    def Delete(self, request: proto.DeleteRequest, context: Context) -> Empty:
        """Delete a resource; one that does not exist is deleted."""
        kind = _kind(request.urn)
        try:
            with clearly(f"deleting {kind.title} ({request.id})"):
                kind.delete(self._configured, request.id, read(request.properties))
        except RefusedError as refusal:
            if not refusal.is_missing:
                raise
        return Empty()

    @override
    def Cancel(self, request: Empty, context: Context) -> Empty:
        """End every wait."""
        self._ended.set()
        return Empty()

    @property
    def _configured(self) -> Aws:
        if self._aws is None:
            raise ProviderError("the aws provider is not configured")
        return self._aws

    def _read(self, kind: Kind, key: str, state: Given) -> Given | None:
        try:
            with clearly(f"reading {kind.title} ({key})"):
                return kind.read(self._configured, key, state)
        except RefusedError as refusal:
            if refusal.is_missing:
                return None
            raise


def _kind(urn: str) -> Kind:
    """Return the resource's own kind: its URN names the types of its parents as well."""
    token = urn.split("::")[2].rpartition("$")[2]
    if token not in KINDS:
        raise ProviderError(f"the sandbox's aws provider does not know {token}; it works with the real plugin only")
    return KINDS[token]
