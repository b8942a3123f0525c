"""A trust anchor, an issuer below it and a server certificate, as the mesh has them."""

from dataclasses import dataclass
from functools import cache

from sandbox.providers.property_values import Plain
from tests.sandbox.tls_calls import Given, Resource, create

YEAR = 24 * 365
AUTHORITY_USES: list[Plain] = ["cert_signing", "crl_signing"]


@dataclass(frozen=True)
class Chain:
    """The resources and the inputs that they were made of."""

    root: Resource
    root_inputs: Given
    issuer: Resource
    issuer_inputs: Given
    request: Resource
    request_inputs: Given


def key() -> str:
    """Make an ECDSA P-256 key."""
    return create("PrivateKey", {"algorithm": "ECDSA", "ecdsaCurve": "P256"}).text("privateKeyPem")


def root_inputs() -> dict[str, Plain]:
    """Give the inputs of a trust anchor that allows one authority below it."""
    return {
        "privateKeyPem": key(),
        "subject": {"commonName": "root.linkerd.cluster.local"},
        "isCaCertificate": True,
        "maxPathLength": 1,
        "allowedUses": AUTHORITY_USES,
        "validityPeriodHours": 10 * YEAR,
        "earlyRenewalHours": 0,
    }


def request_inputs(name: str) -> dict[str, Plain]:
    """Give the inputs of a request for a new key."""
    return {"privateKeyPem": key(), "subject": {"commonName": name}, "dnsNames": [name]}


def sign(request: Resource, authority: Resource, more: Given) -> dict[str, Plain]:
    """Give the inputs of a certificate that a self-signed authority signs."""
    return {
        "certRequestPem": request.text("certRequestPem"),
        "caCertPem": authority.text("certPem"),
        "caPrivateKeyPem": authority.text("privateKeyPem"),
        "allowedUses": ["server_auth"],
        "validityPeriodHours": YEAR,
        **more,
    }


@cache
def chain() -> Chain:
    """Make the chain once for all tests: nothing changes it."""
    of_root = root_inputs()
    root = create("SelfSignedCert", of_root)
    of_request = request_inputs("identity.linkerd.cluster.local")
    request = create("CertRequest", of_request)
    of_issuer = sign(request, root, {"isCaCertificate": True, "allowedUses": AUTHORITY_USES})
    return Chain(root, of_root, create("LocallySignedCert", of_issuer), of_issuer, request, of_request)
