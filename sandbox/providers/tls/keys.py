"""Private keys: made, read from PEM, and written in the encodings of the real provider."""

import base64
import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sandbox.providers.tls.errors import InputError

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Algorithm(StrEnum):
    """The algorithms that a key can be made for."""

    RSA = "RSA"
    ECDSA = "ECDSA"
    ED25519 = "ED25519"


class Curve(StrEnum):
    """The elliptic curves that an ECDSA key can lie on."""

    P224 = "P224"
    P256 = "P256"
    P384 = "P384"
    P521 = "P521"


CURVES: Mapping[Curve, ec.EllipticCurve] = {
    Curve.P224: ec.SECP224R1(),
    Curve.P256: ec.SECP256R1(),
    Curve.P384: ec.SECP384R1(),
    Curve.P521: ec.SECP521R1(),
}
RSA_PUBLIC_EXPONENT = 65537


def generate(algorithm: Algorithm, curve: Curve, rsa_bits: int) -> PrivateKey:
    """Make a new key; the curve counts for ECDSA only, the number of bits for RSA only."""
    match algorithm:
        case Algorithm.RSA:
            return rsa.generate_private_key(RSA_PUBLIC_EXPONENT, rsa_bits)
        case Algorithm.ECDSA:
            return ec.generate_private_key(CURVES[curve])
        case Algorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()


def parse(path: str, pem: str) -> PrivateKey:
    """Read an unencrypted key in PKCS#8, SEC1 or PKCS#1; raises InputError, which names the path and not the key."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's error may quote the input: it must not be chained.
        raise InputError(path, "is no unencrypted private key in PEM form (PKCS#8, SEC1 or PKCS#1)") from None
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        return key
    raise InputError(path, "is a private key of another kind than RSA, ECDSA or ED25519")


def algorithm_of(key: PrivateKey) -> Algorithm:
    """Name the algorithm of a key as `keyAlgorithm` does."""
    if isinstance(key, rsa.RSAPrivateKey):
        return Algorithm.RSA
    return Algorithm.ECDSA if isinstance(key, ec.EllipticCurvePrivateKey) else Algorithm.ED25519


def private_encodings(key: PrivateKey) -> dict[str, str]:
    """Write the secret outputs: `privateKeyPem` is SEC1 for ECDSA, PKCS#1 for RSA and PKCS#8 for ED25519."""
    own = PrivateFormat.PKCS8 if isinstance(key, ed25519.Ed25519PrivateKey) else PrivateFormat.TraditionalOpenSSL

    def pem(form: PrivateFormat) -> str:
        return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()

    return {
        "privateKeyPem": pem(own),
        "privateKeyPemPkcs8": pem(PrivateFormat.PKCS8),
        "privateKeyOpenssh": pem(PrivateFormat.OpenSSH) if _has_openssh_form(key) else "",
    }


def public_encodings(key: PrivateKey) -> dict[str, str]:
    """Write the public outputs; the OpenSSH ones are empty for curve P224, which OpenSSH does not have."""
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    line, md5, sha256 = "", "", ""
    if _has_openssh_form(key):
        text = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        blob = base64.b64decode(text.split()[1])
        line = f"{text}\n"
        md5 = hashlib.md5(blob, usedforsecurity=False).digest().hex(":")
        sha256 = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "publicKeyPem": pem,
        "publicKeyOpenssh": line,
        "publicKeyFingerprintMd5": md5,
        "publicKeyFingerprintSha256": sha256,
    }


def identifier(key: PrivateKey) -> str:
    """Name a key by the SHA-1 of its public part, as the real provider's resource id does."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha1(der.strip(), usedforsecurity=False).hexdigest()


def _has_openssh_form(key: PrivateKey) -> bool:
    return not (isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP224R1))
