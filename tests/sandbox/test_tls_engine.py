"""The tls stand-in under the real engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pulumi
import pulumi_tls as tls
import pytest

from tests.sandbox.stack import Stack

pytestmark = pytest.mark.sandbox

HOURS = 24 * 365


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    made = Stack(folder)
    made.up(trust())
    yield made
    made.destroy()


def trust(*, early: int = 0, curve: str = "P256", uses: str = "cert_signing") -> Callable[[], None]:
    """Give a program: an anchor, an issuer below it and an app certificate, all children of a component."""

    def program() -> None:
        parent = pulumi.ResourceOptions(parent=pulumi.ComponentResource("linkerd-workshop:mesh:Trust", "trust"))
        key = tls.PrivateKey("anchor-key", algorithm="ECDSA", ecdsa_curve=curve, opts=parent)
        anchor = tls.SelfSignedCert(
            "anchor",
            private_key_pem=key.private_key_pem,
            subject={"common_name": "root.linkerd.cluster.local"},
            is_ca_certificate=True,
            allowed_uses=[uses, "crl_signing"],
            validity_period_hours=HOURS,
            early_renewal_hours=early,
            opts=parent,
        )
        issuer_key = tls.PrivateKey("issuer-key", algorithm="ECDSA", ecdsa_curve="P256", opts=parent)
        request = tls.CertRequest(
            "request",
            private_key_pem=issuer_key.private_key_pem_pkcs8,
            subject={"common_name": "identity.linkerd.cluster.local"},
            opts=parent,
        )
        tls.LocallySignedCert(
            "issuer",
            ca_cert_pem=anchor.cert_pem,
            ca_private_key_pem=key.private_key_pem,
            cert_request_pem=request.cert_request_pem,
            allowed_uses=["cert_signing"],
            is_ca_certificate=True,
            validity_period_hours=HOURS,
            opts=parent,
        )
        pulumi.export("anchor", anchor.cert_pem)

    return program


def test_a_second_preview_and_a_refresh_find_no_change(stack: Stack) -> None:
    assert {step.operation for step in stack.preview(trust()).steps} == {"same"}
    assert {step.operation for step in stack.refresh(trust()).steps} <= {"same", "refresh"}


def test_a_due_anchor_shows_as_a_replacement_in_a_plain_preview_with_what_hangs_on_it(stack: Stack) -> None:
    seen = stack.preview(trust(early=HOURS))
    assert "replace" in seen.operations("anchor")
    assert "replace" in seen.operations("issuer"), "the issuer is signed by an anchor that is not known yet"
    for untouched in ("anchor-key", "issuer-key", "request"):
        assert seen.operations(untouched) == ["same"]


def test_the_renewal_window_alone_is_an_update_in_place(stack: Stack) -> None:
    seen = stack.preview(trust(early=24))
    assert seen.operations("anchor") == ["update"]
    assert seen.operations("issuer") == ["same"]


def test_a_new_curve_replaces_the_key_and_every_certificate_of_it(stack: Stack) -> None:
    seen = stack.preview(trust(curve="P384"))
    assert {step.name for step in seen.steps if step.operation == "replace"} == {"anchor-key", "anchor", "issuer"}


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (trust(curve="P255"), "ecdsaCurve should be 'P224', 'P256', 'P384' or 'P521'"),
        (trust(uses="signing"), "'signing' is not an allowed use"),
        (trust(early=-1), "earlyRenewalHours should be greater than or equal to 0"),
    ],
)
def test_a_bad_input_fails_the_preview_with_one_sentence_and_no_traceback(
    stack: Stack, program: Callable[[], None], words: str
) -> None:
    seen = stack.preview(program)
    assert not seen.ok
    assert sum(words in message for message in seen.messages) == 1, seen.messages
    assert "Traceback" not in seen.text


def test_a_private_key_that_cannot_be_read_is_refused_without_being_shown(stack: Stack) -> None:
    def program() -> None:
        key = pulumi.Output.secret("-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n")
        tls.CertRequest("request", private_key_pem=key)

    seen = stack.preview(program)
    assert "privateKeyPem is no unencrypted private key in PEM form" in seen.message
    assert "c2VjcmV0" not in seen.text + seen.message


def test_no_private_key_is_in_clear_in_the_state_or_in_what_the_engine_prints(stack: Stack, folder: Path) -> None:
    for seen in (stack.preview(trust(early=HOURS)), stack.preview(trust(curve="P384"))):
        assert "PRIVATE KEY" not in seen.text + seen.message
    written = [path.read_text() for path in (folder / "state").rglob("*.json*")]
    assert [text for text in written if "BEGIN CERTIFICATE" in text], "the state holds the certificates in clear"
    assert not [text for text in written if "PRIVATE KEY" in text]
