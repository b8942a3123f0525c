"""Who a certificate is for: the subject and the alternative names."""

import ipaddress
from collections.abc import Mapping, Sequence

from cryptography import x509
from cryptography.x509.oid import NameOID

from sandbox.providers.tls.errors import InputError

SUBJECT_FIELDS: Mapping[str, x509.ObjectIdentifier] = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
"""The order is that of the real provider: two makers of the same subject must agree on its bytes."""


def subject_name(fields: Mapping[str, str | Sequence[str]]) -> x509.Name:
    """Build a distinguished name; empty fields are left out. Raises InputError for a value that X.509 refuses."""
    relative_names: list[x509.RelativeDistinguishedName] = []
    for field, oid in SUBJECT_FIELDS.items():
        given = fields.get(field) or ()
        values = [given] if isinstance(given, str) else list(given)
        try:
            attributes = [x509.NameAttribute(oid, value) for value in values]
        except ValueError as problem:
            raise InputError(f"subject.{field}", f"cannot be used in a certificate: {problem}") from problem
        if attributes:
            relative_names.append(x509.RelativeDistinguishedName(attributes))
    return x509.Name(relative_names)


def alternative_names(
    dns_names: Sequence[str], ip_addresses: Sequence[str], uris: Sequence[str]
) -> x509.SubjectAlternativeName | None:
    """Build the alternative names, or nothing if there are none. Raises InputError naming the list and the entry."""
    names: list[x509.GeneralName] = []
    try:
        names += [x509.DNSName(name) for name in dns_names]
    except ValueError as problem:
        raise InputError("dnsNames", "holds a name with letters outside ASCII: write it in punycode") from problem
    for address in ip_addresses:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(address)))
        except ValueError as problem:
            raise InputError("ipAddresses", f"holds {address!r}, which is no IP address") from problem
    try:
        names += [x509.UniformResourceIdentifier(uri) for uri in uris]
    except ValueError as problem:
        raise InputError("uris", "holds a URI with letters outside ASCII: percent-encode it") from problem
    return x509.SubjectAlternativeName(names) if names else None
