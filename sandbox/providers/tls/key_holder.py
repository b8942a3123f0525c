"""The holder of a private key, as requests and self-signed certificates name it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from sandbox.providers.tls import keys, names
from sandbox.providers.tls.certificates import Holder
from sandbox.providers.tls.errors import InputError
from sandbox.providers.tls.inputs import Inputs

Names = Sequence[Annotated[str, Field(min_length=1)]]


class Subject(Inputs):
    """A distinguished name."""

    common_name: str | None = None
    country: str | None = None
    email_address: str | None = None
    locality: str | None = None
    organization: str | None = None
    organizational_unit: str | None = None
    postal_code: str | None = None
    province: str | None = None
    serial_number: str | None = None
    street_addresses: Sequence[str] | None = None

    def fields(self) -> Mapping[str, str | Sequence[str]]:
        """List the parts that are set, by the names that the engine knows them by."""
        return self.model_dump(by_alias=True, exclude_none=True)


class KeyHolderInputs(Inputs):
    """Inputs of everything that is made for the holder of a private key."""

    private_key_pem: str
    subject: Subject = Subject()
    dns_names: Names = ()
    ip_addresses: Names = ()
    uris: Names = ()

    def problems(self) -> Iterator[InputError]:
        """Read key and names once, so that making something of them meets no other refusal."""
        yield from super().problems()
        try:
            self.key()
            self.holder_of(self.key())
        except InputError as problem:
            yield problem

    def key(self) -> keys.PrivateKey:
        """Read the private key; raises InputError."""
        return keys.parse("privateKeyPem", self.private_key_pem)

    def holder_of(self, key: keys.PrivateKey) -> Holder:
        """Name the holder of the key; raises InputError."""
        return Holder(
            names.subject_name(self.subject.fields()),
            names.alternative_names(self.dns_names, self.ip_addresses, self.uris),
            key.public_key(),
        )
