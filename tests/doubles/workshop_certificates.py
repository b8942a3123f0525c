"""Certificates of servers, clients and a simulated mesh: valid, expired and foreign ones."""

import base64
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass
class Pair:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def base64(self) -> str:
        """The certificate, as Kubernetes writes it."""
        return base64.b64encode(self.pem.encode()).decode()

    @property
    def key_pem(self) -> str:
        """The key, which no output may ever show."""
        encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(encoding, kind, serialization.NoEncryption()).decode()

    def issue(self, name: str, address: str | None = "127.0.0.1", days: float = 1) -> "Pair":
        """Return a server's or client's certificate that this authority signs."""
        return create_certificate(name, signer=self, days=days, is_ca=False, address=address)

    def server(self, clients: "Pair | None" = None) -> ssl.SSLContext:
        """Return the TLS of a server that shows it, and that asks for certificates of the authority `clients`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.pem)
        with TemporaryDirectory() as folder:
            both = Path(folder) / "both.pem"
            both.write_text(self.pem + self.key_pem, encoding="utf-8")
            context.load_cert_chain(both)
        return context


def create_certificate(
    name: str, *, signer: Pair | None = None, days: float = 365, is_ca: bool = True, address: str | None = None
) -> Pair:
    """Return a certificate that ends in so many days (ago, if negative); signed by itself if by nobody else.

    It is for its name, or for an address.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing = signer.key if signer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if not is_ca:
        own = x509.IPAddress(ip_address(address)) if address else x509.DNSName(name)
        builder = builder.add_extension(x509.SubjectAlternativeName([own]), critical=False)
    return Pair(builder.sign(signing, hashes.SHA256()), key)


@dataclass
class MeshCertificates:
    """All certificates of a simulated mesh."""

    anchor: Pair = field(default_factory=lambda: create_certificate("root.linkerd.cluster.local", days=3650))
    authority: Pair = field(default_factory=lambda: create_certificate("webhooks", days=3650))
    issuer_days: float = 365
    leaf_days: float = 365
    issuer_signer: Pair | None = None
    """Who signed the issuer; the anchor if nobody else."""
    leaf_signer: Pair | None = None
    """Who signed the webhooks' certificates; the authority if nobody else."""

    @property
    def issuer(self) -> Pair:
        """The issuer, another one each time."""
        signer = self.issuer_signer or self.anchor
        return create_certificate("identity.linkerd.cluster.local", signer=signer, days=self.issuer_days)

    def leaf(self, host: str) -> Pair:
        """Return the certificate of a webhook's server."""
        return create_certificate(host, signer=self.leaf_signer or self.authority, days=self.leaf_days, is_ca=False)
