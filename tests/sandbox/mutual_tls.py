"""Mutual TLS between two pods of the mesh, with certificates as Linkerd's identity service issues them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

NAME = x509.DNSName("default.shop.serviceaccount.identity.linkerd.cluster.local")


@dataclass(frozen=True)
class Proxy:
    """The certificates that a pod keeps from its start to its end."""

    bundle: str
    """The anchors that it trusts, PEM."""
    certificate: x509.Certificate
    issuer: x509.Certificate

    def trusts(self, other: "Proxy") -> bool:
        """Return whether it and the other accept each other's certificates."""
        return self.accepts(other) and other.accepts(self)

    def accepts(self, other: "Proxy") -> bool:
        """Return whether it accepts the other's certificates."""
        store = Store(x509.load_pem_x509_certificates(self.bundle.encode()))
        verifier = PolicyBuilder().store(store).build_server_verifier(NAME)
        try:
            return bool(verifier.verify(other.certificate, [other.issuer]))
        except VerificationError:
            return False


def start(bundle: str, issuer: bytes, issuer_key: bytes) -> Proxy:
    """Give what a pod gets that starts now: the bundle, and a certificate that the issuer signs."""
    key, above = ec.generate_private_key(ec.SECP256R1()), x509.load_pem_x509_certificate(issuer)
    signer = serialization.load_pem_private_key(issuer_key, None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    now, identifier = datetime.now(UTC), above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    leaf = (
        x509.CertificateBuilder(above.subject, x509.Name([]), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(seconds=20))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([NAME]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(signer, SHA256())
    )
    return Proxy(bundle, leaf, above)
