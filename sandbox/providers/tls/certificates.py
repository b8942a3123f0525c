"""Certificates and requests, with the extensions that the real provider puts into them."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes as PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.providers.tls import usages
from sandbox.providers.tls.errors import InputError
from sandbox.providers.tls.keys import PrivateKey

SERIAL_NUMBER_LIMIT = 1 << 128


@dataclass(frozen=True)
class Holder:
    """Whom a certificate is issued to."""

    subject: x509.Name
    alternative_names: x509.SubjectAlternativeName | None
    public_key: PublicKey


@dataclass(frozen=True)
class Issuer:
    """Who signs a certificate: its name, its key, and its key id if certificates point at it."""

    subject: x509.Name
    private_key: PrivateKey
    key_id: bytes | None


@dataclass(frozen=True)
class Terms:
    """What a certificate may be used for, and from when for how long."""

    allowed_uses: Sequence[str]
    is_ca: bool
    max_path_length: int | None
    set_subject_key_id: bool
    not_before: datetime
    validity: timedelta


def issue(holder: Holder, issuer: Issuer, terms: Terms) -> x509.Certificate:
    """Sign a certificate with a random 128-bit serial number; times are cut to seconds, as X.509 has them."""
    start = terms.not_before.replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(holder.subject)
        .issuer_name(issuer.subject)
        .public_key(holder.public_key)
        .serial_number(1 + secrets.randbelow(SERIAL_NUMBER_LIMIT - 1))
        .not_valid_before(start)
        .not_valid_after(start + terms.validity)
    )
    for extension, critical in _extensions(holder, issuer, terms):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.private_key, _digest(issuer.private_key))


def request(holder: Holder, key: PrivateKey) -> str:
    """Sign a certificate request with the holder's key and write it as PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(holder.subject)
    if holder.alternative_names is not None:
        builder = builder.add_extension(holder.alternative_names, critical=False)
    return builder.sign(key, _digest(key)).public_bytes(Encoding.PEM).decode()


def key_id(key: PublicKey) -> bytes:
    """Identify a public key by SHA-1 (RFC 5280, 4.2.1.2, method 1; over its octet string for ED25519, as upstream)."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return hashlib.sha1(b"\x04\x20" + key.public_bytes_raw(), usedforsecurity=False).digest()
    return x509.SubjectKeyIdentifier.from_public_key(key).digest


def parse_certificate(path: str, pem: str) -> x509.Certificate:
    """Read the first certificate of a PEM text; raises InputError."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise InputError(path, "is no certificate in PEM form") from None


def parse_request(path: str, pem: str) -> x509.CertificateSigningRequest:
    """Read a certificate request from PEM; raises InputError."""
    try:
        return x509.load_pem_x509_csr(pem.encode())
    except ValueError:
        raise InputError(path, "is no certificate request in PEM form") from None


def _extensions(holder: Holder, issuer: Issuer, terms: Terms) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType | None, bool]] = [
        (usages.key_usage(terms.allowed_uses), True),
        (usages.extended_key_usage(terms.allowed_uses), False),
        # Upstream takes a path length of 0 for "not set" (Go's MaxPathLen without MaxPathLenZero), so this does too.
        (x509.BasicConstraints(ca=terms.is_ca, path_length=_path_length(terms)), True),
        (_subject_key_id(holder, terms), False),
        (None if issuer.key_id is None else x509.AuthorityKeyIdentifier(issuer.key_id, None, None), False),
        (holder.alternative_names, not list(holder.subject)),
    ]
    return [(extension, critical) for extension, critical in found if extension is not None]


def _path_length(terms: Terms) -> int | None:
    return terms.max_path_length if terms.is_ca and (terms.max_path_length or 0) > 0 else None


def _subject_key_id(holder: Holder, terms: Terms) -> x509.SubjectKeyIdentifier | None:
    if terms.is_ca or terms.set_subject_key_id:
        return x509.SubjectKeyIdentifier(key_id(holder.public_key))
    return None


def _digest(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        return hashes.SHA384()
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP521R1):
        return hashes.SHA512()
    return hashes.SHA256()
