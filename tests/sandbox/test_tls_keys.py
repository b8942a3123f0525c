"""Private keys of the tls stand-in."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from sandbox.providers.property_values import UNKNOWN, to_plain
from tests.sandbox.tls_calls import check, create, diff, failures, preview_create

P256 = {"algorithm": "ECDSA", "ecdsaCurve": "P256"}
ALL = [
    {"algorithm": "ECDSA", "ecdsaCurve": "P224"},
    P256,
    {"algorithm": "ECDSA", "ecdsaCurve": "P384"},
    {"algorithm": "ECDSA", "ecdsaCurve": "P521"},
    {"algorithm": "RSA"},
    {"algorithm": "ED25519"},
]


def public_pem(private_pem: str) -> str:
    key = load_pem_private_key(private_pem.encode(), None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("given", ALL, ids=lambda given: "-".join(given.values()))
def test_every_encoding_holds_the_same_key(given: dict[str, str]) -> None:
    key = create("PrivateKey", given)
    assert public_pem(key.text("privateKeyPem")) == key.text("publicKeyPem")
    assert public_pem(key.text("privateKeyPemPkcs8")) == key.text("publicKeyPem")


@pytest.mark.parametrize(
    ("given", "label"), [(P256, "EC PRIVATE KEY"), (ALL[4], "RSA PRIVATE KEY"), (ALL[5], "PRIVATE KEY")]
)
def test_private_key_pem_has_the_algorithms_own_form_and_pkcs8_beside_it(given: dict[str, str], label: str) -> None:
    key = create("PrivateKey", given)
    assert key.text("privateKeyPem").startswith(f"-----BEGIN {label}-----\n")
    assert key.text("privateKeyPemPkcs8").startswith("-----BEGIN PRIVATE KEY-----\n")


def test_an_ecdsa_key_lies_on_the_curve_asked_for() -> None:
    key = load_pem_private_key(create("PrivateKey", P256).text("privateKeyPem").encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"


def test_the_openssh_outputs_are_there_but_for_the_curve_that_openssh_does_not_have() -> None:
    key = create("PrivateKey", P256)
    assert key.text("publicKeyOpenssh").startswith("ecdsa-sha2-nistp256 ")
    assert key.text("publicKeyFingerprintSha256").startswith("SHA256:")
    assert len(key.text("publicKeyFingerprintMd5").split(":")) == 16
    p224 = create("PrivateKey", ALL[0])
    names = ("publicKeyOpenssh", "privateKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256")
    assert [p224.text(name) for name in names] == [""] * 4


def test_two_keys_are_not_the_same_key() -> None:
    assert create("PrivateKey", P256).id != create("PrivateKey", P256).id


def test_the_private_outputs_are_secret_and_the_public_ones_are_not() -> None:
    key = create("PrivateKey", P256)
    assert {name for name, value in key.outputs.items() if value.is_secret} == {
        "privateKeyPem",
        "privateKeyPemPkcs8",
        "privateKeyOpenssh",
    }


def test_defaults_are_outputs() -> None:
    key = create("PrivateKey", {"algorithm": "RSA"})
    assert to_plain(key.outputs["rsaBits"]) == 2048
    assert key.text("ecdsaCurve") == "P224"


def test_a_preview_knows_the_inputs_and_none_of_the_keys() -> None:
    outputs = preview_create("PrivateKey", P256)
    assert to_plain(outputs["privateKeyPem"]) is UNKNOWN
    assert to_plain(outputs["publicKeyPem"]) is UNKNOWN
    assert outputs["privateKeyPem"].is_secret
    assert to_plain(outputs["algorithm"]) == "ECDSA"


def test_the_same_inputs_change_nothing() -> None:
    assert diff(create("PrivateKey", P256), P256).changes is False


@pytest.mark.parametrize("changed", [{"ecdsaCurve": "P384"}, {"algorithm": "RSA"}, {"rsaBits": 4096}])
def test_every_input_of_a_key_replaces_it(changed: dict[str, str | float]) -> None:
    answer = diff(create("PrivateKey", P256), {**P256, **changed})
    assert answer.replaces == list(changed)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"algorithm": "ECDSA", "ecdsaCurve": "P255"}, "ecdsaCurve should be 'P224', 'P256', 'P384' or 'P521'"),
        ({"algorithm": "DSA"}, "algorithm should be 'RSA', 'ECDSA' or 'ED25519'"),
        ({"ecdsaCurve": "P256"}, "algorithm is missing"),
        ({"algorithm": "RSA", "rsaBits": 512}, "rsaBits should be greater than or equal to 1024"),
        ({**P256, "curve": "P256"}, "curve is not an input that the stand-in for the tls provider knows"),
    ],
)
def test_a_bad_input_is_one_clear_sentence(given: dict[str, str | float], words: str) -> None:
    assert failures("PrivateKey", given) == [words]


def test_check_hands_the_inputs_on_as_they_are() -> None:
    assert {name: to_plain(value) for name, value in (check("PrivateKey", P256).inputs or {}).items()} == P256
