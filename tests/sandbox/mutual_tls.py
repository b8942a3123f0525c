"""Mutual TLS between two pods of the mesh, with certificates as Linkerd's identity service issues them."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

NAME = "default.shop.serviceaccount.identity.linkerd.cluster.local"
LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class Proxy:
    """The certificates that a pod keeps from its start to its end."""

    state: str
    """The state of the rotation when it started."""
    bundle: str
    """The anchors that it trusts, PEM."""
    chain: Path
    """Its certificate, the issuer's and its key, PEM."""

    def trusts(self, other: "Proxy") -> bool:
        """Call the other as a client: tell whether both accept each other's certificates."""
        answer, question = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self._context(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(answer, question, server_hostname=NAME)
        server = other._context(ssl.PROTOCOL_TLS_SERVER).wrap_bio(question, answer, server_side=True)  # noqa: SLF001  its own class
        try:
            for _ in range(4):
                done = [_advanced(side) for side in (client, server)]
                if all(done):
                    return True
        except ssl.SSLCertVerificationError:
            return False
        raise AssertionError("the handshake did not end")

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self.bundle)
        context.load_cert_chain(self.chain)
        return context


def _advanced(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def start(state: str, bundle: str, issuer: bytes, issuer_key: bytes, folder: Path) -> Proxy:
    """Give what a pod gets that starts now: the bundle, and a certificate that the issuer signs."""
    key, above = ec.generate_private_key(ec.SECP256R1()), x509.load_pem_x509_certificate(issuer)
    signer = serialization.load_pem_private_key(issuer_key, None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    now, identifier = datetime.now(UTC), above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    leaf = (
        x509.CertificateBuilder(above.subject, x509.Name([]), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(seconds=20))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(signer, SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = folder / f"{state}.pem"
    chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + issuer + private)
    return Proxy(state, bundle, chain)
