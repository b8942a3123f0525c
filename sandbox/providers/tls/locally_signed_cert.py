"""`tls.LocallySignedCert`."""

from collections.abc import Iterator
from typing import ClassVar, TypeVar

from cryptography import x509

from sandbox.providers.tls import certificates, keys
from sandbox.providers.tls.certificate_inputs import CertificateInputs
from sandbox.providers.tls.certificates import Holder, Issuer
from sandbox.providers.tls.errors import InputError
from sandbox.providers.tls.inputs import Made

Extension = TypeVar("Extension", bound=x509.ExtensionType)


class LocallySignedCertInputs(CertificateInputs):
    """A certificate for the holder of a request, signed by an authority whose key is at hand."""

    ca_cert_pem: str
    ca_private_key_pem: str
    cert_request_pem: str

    computed: ClassVar[frozenset[str]] = CertificateInputs.computed | {"caKeyAlgorithm"}

    def problems(self) -> Iterator[InputError]:
        """Read request and authority once, and see that certificate and key of the authority belong together."""
        yield from super().problems()
        try:
            request, authority, key = self._request(), self._authority(), self._key()
        except InputError as problem:
            yield problem
            return
        if authority.public_key() != key.public_key():
            yield InputError("caPrivateKeyPem", "is not the key of the certificate in caCertPem")
        if self.is_ca_certificate and not list(request.subject):
            yield InputError("certRequestPem", "has no subject, and an authority (isCaCertificate) must have a name")

    def make(self) -> Made:
        """Sign what the request asks for; the certificate points at the authority's key id if it has one."""
        request, authority, key = self._request(), self._authority(), self._key()
        holder = Holder(request.subject, _find(request, x509.SubjectAlternativeName), request.public_key())
        key_id = _find(authority, x509.SubjectKeyIdentifier)
        issuer = Issuer(authority.subject, key, key_id.digest if key_id else None)
        return self.issue(holder, issuer, {"caKeyAlgorithm": keys.algorithm_of(key)})

    def _request(self) -> x509.CertificateSigningRequest:
        return certificates.parse_request("certRequestPem", self.cert_request_pem)

    def _authority(self) -> x509.Certificate:
        return certificates.parse_certificate("caCertPem", self.ca_cert_pem)

    def _key(self) -> keys.PrivateKey:
        return keys.parse("caPrivateKeyPem", self.ca_private_key_pem)


def _find(carrier: x509.Certificate | x509.CertificateSigningRequest, kind: type[Extension]) -> Extension | None:
    try:
        return carrier.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
