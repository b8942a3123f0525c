"""`tls.SelfSignedCert`."""

from collections.abc import Iterator
from typing import ClassVar

from sandbox.providers.tls import certificates, keys
from sandbox.providers.tls.certificate_inputs import CertificateInputs
from sandbox.providers.tls.certificates import Issuer
from sandbox.providers.tls.errors import InputError
from sandbox.providers.tls.inputs import Made
from sandbox.providers.tls.key_holder import KeyHolderInputs


class SelfSignedCertInputs(CertificateInputs, KeyHolderInputs):
    """A certificate that its holder signs: the root of a chain."""

    set_authority_key_id: bool = False

    computed: ClassVar[frozenset[str]] = CertificateInputs.computed | {"keyAlgorithm"}

    def problems(self) -> Iterator[InputError]:
        """Refuse an authority without a name, and a reference to a key id that nothing sets."""
        yield from super().problems()
        if self.is_ca_certificate and not self.subject.fields():
            yield InputError("subject", "is empty, and an authority (isCaCertificate) must have a name")
        if self.set_authority_key_id and not (self.is_ca_certificate or self.set_subject_key_id):
            yield InputError("setAuthorityKeyId", "needs a subject key id: set isCaCertificate or setSubjectKeyId")

    def make(self) -> Made:
        """Sign the holder's certificate with the holder's key."""
        key = self.key()
        holder = self.holder_of(key)
        key_id = certificates.key_id(holder.public_key) if self.set_authority_key_id else None
        return self.issue(holder, Issuer(holder.subject, key, key_id), {"keyAlgorithm": keys.algorithm_of(key)})
