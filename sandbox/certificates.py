"""Keys and certificates of the control plane, created once for a sandbox, and the administrator's kubeconfig."""

import base64
import datetime as dt
import ipaddress
import json
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = dt.timedelta(days=3650)
BACKDATED = dt.timedelta(hours=1)
CONTEXT = "sandbox"
"""The context of the kubeconfig."""
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Authority:
    """A certificate authority that lives in memory while the certificates are made."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls) -> "Authority":
        """A self-signed authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = name_of("linkerd-workshop-sandbox")
        unsigned = skeleton(subject, subject, key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        return cls(key, unsigned.sign(key, hashes.SHA256()))

    def issue(self, folder: Path, file: str, subject: x509.Name, addresses: Sequence[x509.GeneralName] = ()) -> None:
        """Write `file.crt` and `file.key`, good for servers and clients."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        unsigned = skeleton(subject, self.certificate.subject, key.public_key()).add_extension(
            x509.ExtendedKeyUsage(usages), critical=False
        )
        if addresses:
            unsigned = unsigned.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        write_key(folder / f"{file}.key", key)
        write_certificate(folder / f"{file}.crt", unsigned.sign(self.key, hashes.SHA256()))


def name_of(common_name: str, organization: str | None = None) -> x509.Name:
    """A subject; Kubernetes reads the common name as user and the organization as group."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def skeleton(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    """A certificate before its extensions, valid since an hour ago for clocks that were set back."""
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFETIME)
    )


def ensure_certificates(folder: Path, service_address: str) -> None:
    """Make every key and certificate in `folder`, unless they are there."""
    done = folder / "complete"
    if done.exists():
        return
    authority = Authority.new()
    write_key(folder / "ca.key", authority.key)
    write_certificate(folder / "ca.crt", authority.certificate)
    names = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
    addresses: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    addresses += [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", service_address)]
    authority.issue(folder, "apiserver", name_of("kube-apiserver"), addresses)
    authority.issue(folder, "admin", name_of("sandbox-admin", "system:masters"))
    authority.issue(folder, "front-proxy", name_of("front-proxy"))
    write_key(folder / "service-accounts.key", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    done.touch()


def write_key(path: Path, key: PrivateKey) -> None:
    """Write a private key that only its owner can read."""
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(path, text)


def write_certificate(path: Path, certificate: x509.Certificate) -> None:
    """Write a certificate in PEM."""
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Give a path beside a file, by which the file is replaced at once: another process may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    yield scratch
    scratch.replace(path)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one of mode 0600; it is never readable by others, not even while it is written."""
    with replacing(path) as scratch:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def write_kubeconfig(path: Path, certificates: Path, port: int) -> None:
    """Write the file with mode 0600. JSON is YAML, so every client reads it."""

    def embedded(name: str) -> str:
        return base64.b64encode((certificates / name).read_bytes()).decode()

    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": embedded("ca.crt")}
    user = {"client-certificate-data": embedded("admin.crt"), "client-key-data": embedded("admin.key")}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": CONTEXT, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }
    write_private(path, (json.dumps(document, indent=2) + "\n").encode())
