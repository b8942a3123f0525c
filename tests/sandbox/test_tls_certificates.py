"""Certificates of the tls stand-in, as X.509 libraries see them."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from sandbox.providers.property_values import Plain
from tests.sandbox.tls_calls import Resource, create
from tests.sandbox.tls_chain import AUTHORITY_USES, chain, key, request_inputs, root_inputs, sign

SERVER = "linkerd-proxy-injector.linkerd.svc"


def parsed(resource: Resource) -> x509.Certificate:
    return x509.load_pem_x509_certificate(resource.text("certPem").encode())


def server_below_issuer(**more: Plain) -> Resource:
    made = chain()
    request = create("CertRequest", request_inputs(SERVER))
    authority = {"caCertPem": made.issuer.text("certPem"), "caPrivateKeyPem": made.request.text("privateKeyPem")}
    return create("LocallySignedCert", {**sign(request, made.root, authority), **more})


def verify(leaf: Resource, name: str, *between: Resource) -> int:
    policy = PolicyBuilder().store(Store([parsed(chain().root)]))
    verifier = policy.build_server_verifier(x509.DNSName(name))
    return len(verifier.verify(parsed(leaf), [parsed(one) for one in between]))


def test_a_server_certificate_verifies_up_to_the_trust_anchor() -> None:
    assert verify(server_below_issuer(), SERVER, chain().issuer) == 3


def test_a_server_certificate_does_not_verify_for_another_name() -> None:
    with pytest.raises(VerificationError):
        verify(server_below_issuer(), "linkerd-sp-validator.linkerd.svc", chain().issuer)


def test_the_path_length_of_the_anchor_allows_one_authority_and_no_second() -> None:
    made = chain()
    below = create("CertRequest", request_inputs("second.linkerd.cluster.local"))
    by_issuer = {"caCertPem": made.issuer.text("certPem"), "caPrivateKeyPem": made.request.text("privateKeyPem")}
    as_authority = {"isCaCertificate": True, "allowedUses": AUTHORITY_USES}
    second = create("LocallySignedCert", {**sign(below, made.root, by_issuer), **as_authority})
    by_second = {"caCertPem": second.text("certPem"), "caPrivateKeyPem": below.text("privateKeyPem")}
    leaf = create("LocallySignedCert", sign(create("CertRequest", request_inputs(SERVER)), made.root, by_second))
    with pytest.raises(VerificationError, match="path length constraint"):
        verify(leaf, SERVER, second, made.issuer)


@pytest.mark.parametrize(("given", "seen"), [({"maxPathLength": 2}, 2), ({"maxPathLength": 0}, None), ({}, None)])
def test_a_path_length_of_zero_is_no_limit_as_with_the_real_provider(given: dict[str, int], seen: int | None) -> None:
    inputs = {name: value for name, value in root_inputs().items() if name != "maxPathLength"}
    certificate = parsed(create("SelfSignedCert", {**inputs, **given}))
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == seen


def test_an_authority_is_marked_as_one_critically_and_a_leaf_as_none() -> None:
    for certificate, is_ca in ((parsed(chain().issuer), True), (parsed(server_below_issuer()), False)):
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value.ca is is_ca


def test_the_allowed_uses_become_key_usages_and_extended_key_usages() -> None:
    uses: list[Plain] = ["digital_signature", "key_encipherment", "server_auth", "client_auth"]
    extensions = parsed(server_below_issuer(allowedUses=uses)).extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.digital_signature, usage.value.key_encipherment, usage.value.key_cert_sign) == (
        True,
        True,
        False,
    )
    extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def test_key_ids_link_a_certificate_to_its_authority() -> None:
    root, issuer = parsed(chain().root), parsed(chain().issuer)
    above = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    link = issuer.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert link.key_identifier == above.digest
    with pytest.raises(x509.ExtensionNotFound):
        root.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)


def test_a_leaf_has_a_subject_key_id_only_when_asked_for() -> None:
    parsed(server_below_issuer(setSubjectKeyId=True)).extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    with pytest.raises(x509.ExtensionNotFound):
        parsed(server_below_issuer()).extensions.get_extension_for_class(x509.SubjectKeyIdentifier)


def test_a_self_signed_certificate_can_point_at_itself() -> None:
    certificate = parsed(create("SelfSignedCert", {**root_inputs(), "setAuthorityKeyId": True}))
    link = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert link.key_identifier == own.digest


def test_a_p256_certificate_is_signed_with_sha256() -> None:
    assert isinstance(parsed(chain().issuer).signature_hash_algorithm, hashes.SHA256)
    assert isinstance(parsed(chain().issuer).public_key(), ec.EllipticCurvePublicKey)


def test_the_certificate_belongs_to_the_requests_key_and_names() -> None:
    certificate = parsed(chain().issuer)
    own = load_pem_private_key(chain().request.text("privateKeyPem").encode(), None)
    assert certificate.public_key() == own.public_key()
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "identity.linkerd.cluster.local"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["identity.linkerd.cluster.local"]


def test_all_alternative_names_and_subject_fields_arrive_in_upstreams_order() -> None:
    subject: Plain = {"commonName": "x", "country": "DE", "organization": "o", "streetAddresses": ["a 1"]}
    names: dict[str, Plain] = {"dnsNames": ["x.example"], "ipAddresses": ["10.0.0.1", "::1"], "uris": ["spiffe://x/y"]}
    request = create("CertRequest", {"privateKeyPem": key(), "subject": subject, **names})
    certificate = parsed(create("LocallySignedCert", sign(request, chain().root, {})))
    assert certificate.subject.rfc4514_string() == "CN=x,STREET=a 1,O=o,C=DE"
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in found] == ["x.example", "10.0.0.1", "::1", "spiffe://x/y"]


def test_validity_starts_now_and_lasts_the_hours_asked_for() -> None:
    made = server_below_issuer(validityPeriodHours=48)
    start, end = (datetime.fromisoformat(made.text(name)) for name in ("validityStartTime", "validityEndTime"))
    assert end - start == timedelta(hours=48)
    assert abs(datetime.now(UTC) - start) < timedelta(minutes=1)
    assert parsed(made).not_valid_after_utc == end.replace(microsecond=0)
    assert made.text("validityEndTime").endswith("Z")


def test_the_id_is_the_random_serial_number() -> None:
    first, second = server_below_issuer(), server_below_issuer()
    assert first.id == str(parsed(first).serial_number)
    assert first.id != second.id


def test_the_key_algorithms_are_outputs() -> None:
    assert chain().root.text("keyAlgorithm") == "ECDSA"
    assert chain().request.text("keyAlgorithm") == "ECDSA"
    assert chain().issuer.text("caKeyAlgorithm") == "ECDSA"
