"""The provider: what the engine asks, answered for all four resources alike."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from sandbox.providers.property_values import Properties, from_plain, to_plain
from sandbox.providers.tls.cert_request import CertRequestInputs
from sandbox.providers.tls.checking import SECRETS, failures, given
from sandbox.providers.tls.diffing import difference
from sandbox.providers.tls.inputs import Inputs
from sandbox.providers.tls.locally_signed_cert import LocallySignedCertInputs
from sandbox.providers.tls.private_key import PrivateKeyInputs
from sandbox.providers.tls.renewal import is_due
from sandbox.providers.tls.self_signed_cert import SelfSignedCertInputs

VERSION = version("pulumi-tls")
"""The version of the SDK that the program uses: the engine asks for a plugin of the same."""

KINDS: Mapping[str, type[Inputs]] = {
    "tls:index/privateKey:PrivateKey": PrivateKeyInputs,
    "tls:index/certRequest:CertRequest": CertRequestInputs,
    "tls:index/selfSignedCert:SelfSignedCert": SelfSignedCertInputs,
    "tls:index/locallySignedCert:LocallySignedCert": LocallySignedCertInputs,
}


class TlsProvider(sdk.Provider):
    """Keys and certificates that live in the state only: nothing is read back and nothing is deleted elsewhere."""

    async def get_schema(self, request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:  # noqa: ARG002
        """Answer with name and version: programs use the SDK of the real package."""
        return sdk.GetSchemaResponse(json.dumps({"name": "tls", "version": VERSION}))

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:  # noqa: ARG002
        """Take secrets and unknown values."""
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Refuse bad inputs in the preview, and mark private keys as secret."""
        inputs = {key: value for key, value in request.new_inputs.items() if value.value is not None}
        kind = KINDS.get(_token(request.type))
        if kind is None:
            reason = f"{_token(request.type)} is not a resource that the stand-in for the tls provider knows"
            return sdk.CheckResponse(inputs, [sdk.CheckFailure("", reason)])
        return sdk.CheckResponse(_guarded(inputs), failures(kind, inputs))

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Tell what changes, and whether it replaces the resource."""
        return difference(KINDS[_token(request.type)], request.old_state, request.new_inputs, datetime.now(UTC))

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """Make the resource; in a preview say what is known of it."""
        kind = KINDS[_token(request.type)]
        outputs = _with_defaults(kind, request.properties)
        if request.preview:
            outputs |= {key: PropertyValue.computed() for key in kind.computed}
            return sdk.CreateResponse(None, _guarded(outputs))
        made = kind.model_validate(given(request.properties)).make()
        outputs |= {key: from_plain(value) for key, value in made.outputs.items()}
        return sdk.CreateResponse(made.id, _guarded(outputs))

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """Take over inputs that change nothing about the certificate itself."""
        changed = _with_defaults(KINDS[_token(request.type)], request.news)
        return sdk.UpdateResponse(_guarded(request.olds | changed))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """Find out on refresh that a certificate is due."""
        state = dict(request.properties)
        end, early = state.get("validityEndTime"), state.get("earlyRenewalHours")
        hours = 0 if early is None else to_plain(early)
        if end is not None and isinstance(hours, int) and is_due(str(to_plain(end)), hours, datetime.now(UTC)):
            state["readyForRenewal"] = PropertyValue(True)
        return sdk.ReadResponse(request.resource_id, _guarded(state), request.inputs)

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Do nothing: the state forgets the resource."""


def _token(qualified: str) -> str:
    """Take the type off its parents': `linkerd-workshop:mesh:Trust$tls:index/privateKey:PrivateKey`."""
    return qualified.rpartition("$")[2]


def _with_defaults(kind: type[Inputs], inputs: Properties) -> dict[str, PropertyValue]:
    return {key: from_plain(value) for key, value in kind.defaults().items()} | dict(inputs)


def _guarded(properties: Properties) -> dict[str, PropertyValue]:
    return {key: value.with_secret(value.is_secret or key in SECRETS) for key, value in properties.items()}
