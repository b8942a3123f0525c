"""The tls stand-in asked as the engine asks it: every value goes over the wire format."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from sandbox.providers.tls.provider import TlsProvider

from sandbox.providers import wire
from sandbox.providers.property_values import Plain, Properties, from_plain, to_plain

TOKENS = {
    "PrivateKey": "tls:index/privateKey:PrivateKey",
    "CertRequest": "tls:index/certRequest:CertRequest",
    "SelfSignedCert": "tls:index/selfSignedCert:SelfSignedCert",
    "LocallySignedCert": "tls:index/locallySignedCert:LocallySignedCert",
}
PROVIDER = TlsProvider()

Given = Mapping[str, Plain]


@dataclass(frozen=True)
class Resource:
    """A resource as the engine's state has it."""

    kind: str
    id: str
    outputs: Properties

    def text(self, key: str) -> str:
        """Give an output that is a string."""
        value = to_plain(self.outputs[key])
        assert isinstance(value, str), f"{key} is no string"
        return value


def urn(kind: str) -> str:
    """Name a resource below a component as the engine does."""
    return f"urn:pulumi:test::linkerd-workshop::linkerd-workshop:mesh:Trust${TOKENS[kind]}::it"


def over_the_wire(properties: Properties) -> dict[str, PropertyValue]:
    """Marshal and unmarshal."""
    return wire.unmarshal_map(wire.marshal_map(properties))


def properties(given: Given) -> dict[str, PropertyValue]:
    """Wrap plain inputs; private keys are secret, as the SDK sends them."""
    return over_the_wire({key: from_plain(value).with_secret("rivateKey" in key) for key, value in given.items()})


def check(kind: str, given: Given) -> sdk.CheckResponse:
    """Check inputs."""
    return asyncio.run(PROVIDER.check(sdk.CheckRequest(urn(kind), {}, properties(given), b"")))


def failures(kind: str, given: Given) -> list[str]:
    """Check inputs and give what is wrong with them, in words."""
    return [failure.reason for failure in check(kind, given).failures or []]


def create(kind: str, given: Given) -> Resource:
    """Check and create."""
    assert failures(kind, given) == []
    made = asyncio.run(PROVIDER.create(sdk.CreateRequest(urn(kind), properties(given), 0.0, preview=False)))
    return Resource(kind, made.resource_id or "", over_the_wire(made.properties))


def preview_create(kind: str, given: Given) -> Properties:
    """Create in a preview and give the outputs."""
    request = sdk.CreateRequest(urn(kind), properties(given), 0.0, preview=True)
    return over_the_wire(asyncio.run(PROVIDER.create(request)).properties)


def diff(resource: Resource, given: Given) -> sdk.DiffResponse:
    """Compare the resource with new inputs."""
    request = sdk.DiffRequest(urn(resource.kind), resource.id, dict(resource.outputs), properties(given), [])
    return asyncio.run(PROVIDER.diff(request))


def update(resource: Resource, given: Given) -> Resource:
    """Update the resource in place."""
    request = sdk.UpdateRequest(
        urn(resource.kind), resource.id, dict(resource.outputs), properties(given), 0.0, [], False
    )
    return Resource(resource.kind, resource.id, over_the_wire(asyncio.run(PROVIDER.update(request)).properties))


def read(resource: Resource) -> Resource:
    """Refresh the resource."""
    request = sdk.ReadRequest(urn(resource.kind), resource.id, dict(resource.outputs), {})
    answer = asyncio.run(PROVIDER.read(request))
    return Resource(resource.kind, answer.resource_id or "", over_the_wire(answer.properties))
