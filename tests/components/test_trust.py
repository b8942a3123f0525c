"""The mesh's identity, and how little of it anybody gets to see."""

from collections.abc import Callable
from functools import cache

import pytest

from components.mesh.trust import Trust
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import UNKNOWN, Secret, at
from tests.texts import decoded

CERTIFICATES = ("tls:index/selfSignedCert:SelfSignedCert", "tls:index/locallySignedCert:LocallySignedCert")


@cache
def trust(*, preview: bool = False) -> Deployment:
    return deploy(lambda: Trust("trust", {"namespace": "linkerd"}), preview=preview)


def lives(program: Callable[[], Trust]) -> tuple[object, object, object]:
    deployment = deploy(program)
    anchor, issuer = (deployment.one(kind) for kind in CERTIFICATES)
    return anchor.at("validityPeriodHours"), issuer.at("validityPeriodHours"), issuer.at("earlyRenewalHours")


@pytest.mark.parametrize("name", ["trust-anchor-key", "trust-issuer-key"])
def test_keys_are_ecdsa_p256_because_linkerd_takes_no_other(name: str) -> None:
    assert trust().named(name).inputs == {"algorithm": "ECDSA", "ecdsaCurve": "P256"}


def test_the_anchor_never_renews_by_itself() -> None:
    assert "earlyRenewalHours" not in trust().named("trust-anchor").inputs, "its replacement in one step is an outage"


def test_the_issuer_may_sign_leaves_but_no_further_authority() -> None:
    issuer = trust().named("trust-issuer")

    assert issuer.at("isCaCertificate") is True
    assert issuer.at("maxPathLength") == 0
    assert issuer.at("allowedUses") == ["cert_signing", "crl_signing"]


def test_the_issuer_is_signed_by_the_anchor_with_the_anchors_key() -> None:
    issuer = trust().named("trust-issuer")

    assert issuer.at("caCertPem") == "certificate trust-anchor"
    assert issuer.at("caPrivateKeyPem") == Secret("SEC1 key of trust-anchor-key")
    assert issuer.at("certRequestPem") == "request trust-issuer-request"


def test_names_are_those_that_linkerds_identity_uses() -> None:
    assert trust().named("trust-anchor").at("subject", "commonName") == "root.linkerd.cluster.local"
    assert trust().named("trust-issuer-request").at("subject", "commonName") == "identity.linkerd.cluster.local"


def test_the_bundle_holds_the_anchors_certificate_and_nothing_else() -> None:
    bundle = trust().one("kubernetes:core/v1:ConfigMap")

    assert bundle.at("metadata") == {"name": "linkerd-identity-trust-roots", "namespace": "linkerd"}
    assert bundle.at("data") == {"ca-bundle.crt": "certificate trust-anchor"}


def test_the_issuers_secret_is_the_one_that_linkerd_reads() -> None:
    issuer = trust().one("kubernetes:core/v1:Secret")

    assert issuer.at("metadata") == {"name": "linkerd-identity-issuer", "namespace": "linkerd"}
    assert issuer.at("type") == "kubernetes.io/tls"
    assert decoded(issuer.at("data", "tls.crt")) == Secret("certificate trust-issuer")
    assert decoded(issuer.at("data", "tls.key")) == Secret("PKCS#8 key of trust-issuer-key"), "Linkerd reads no SEC1"
    assert decoded(issuer.at("data", "ca.crt")) == Secret("certificate trust-anchor"), "`linkerd check` wants it"


def test_the_anchors_key_is_used_to_sign_and_is_stored_in_no_object() -> None:
    users = {each.name for each in trust().registrations if "key of trust-anchor-key" in str(each.inputs)}

    assert users == {"trust-anchor", "trust-issuer"}


def test_in_a_first_preview_the_issuers_secret_is_unknown_and_still_secret() -> None:
    assert trust(preview=True).one("kubernetes:core/v1:Secret").at("data") == Secret(UNKNOWN)


def test_lives_are_given_in_days_and_have_defaults() -> None:
    assert lives(lambda: Trust("trust", {"namespace": "linkerd"})) == (3650 * 24, 365 * 24, 90 * 24)
    assert lives(
        lambda: Trust("trust", {"namespace": "linkerd", "anchor_days": 30, "issuer_days": 20, "renewal_days": 10})
    ) == (30 * 24, 20 * 24, 10 * 24)


def test_it_says_when_both_certificates_end() -> None:
    outputs = trust().one("linkerd-workshop:mesh:Trust").outputs

    assert outputs is not None
    assert set(outputs) == {"anchor_expires", "issuer_expires"}
    assert at(outputs, "issuer_expires") == "2036-01-01T00:00:00Z"
