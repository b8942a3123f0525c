"""The mesh's identity, and how little of it anybody gets to see."""

from collections.abc import Callable
from functools import cache

import pytest

from components.mesh.control_plane import restart_key
from components.mesh.trust import Trust
from model.names import TrustPhase
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import UNKNOWN, Secret, at, decoded

CERTIFICATES = ("tls:index/selfSignedCert:SelfSignedCert", "tls:index/locallySignedCert:LocallySignedCert")


STATES = [(number, phase) for number in (1, 2) for phase in TrustPhase]
FIRST = "certificate trust-anchor-1"
SECOND = "certificate trust-anchor-2"


@cache
def trust(anchor: int = 1, phase: TrustPhase = TrustPhase.STABLE, *, preview: bool = False) -> Deployment:
    return deploy(lambda: Trust("trust", {"namespace": "linkerd", "anchor": anchor, "phase": phase}), preview=preview)


def inputs(deployment: Deployment) -> dict[str, object]:
    return {each.name: each.inputs for each in deployment.registrations if each.name != "trust-bundle"}


def lives(program: Callable[[], Trust]) -> tuple[object, object, object]:
    deployment = deploy(program)
    anchor, issuer = (deployment.one(kind) for kind in CERTIFICATES)
    return anchor.at("validityPeriodHours"), issuer.at("validityPeriodHours"), issuer.at("earlyRenewalHours")


@pytest.mark.parametrize("name", ["trust-anchor-1-key", "trust-issuer-key"])
def test_keys_are_ecdsa_p256_because_linkerd_takes_no_other(name: str) -> None:
    assert trust().named(name).inputs == {"algorithm": "ECDSA", "ecdsaCurve": "P256"}


def test_the_anchor_never_renews_by_itself() -> None:
    assert "earlyRenewalHours" not in trust().named("trust-anchor-1").inputs, "its replacement in one step is an outage"


def test_the_issuer_may_sign_leaves_but_no_further_authority() -> None:
    issuer = trust().named("trust-issuer")

    assert issuer.at("isCaCertificate") is True
    assert issuer.at("maxPathLength") == 0
    assert issuer.at("allowedUses") == ["cert_signing", "crl_signing"]


def test_the_issuer_is_signed_by_the_anchor_with_the_anchors_key() -> None:
    issuer = trust().named("trust-issuer")

    assert issuer.at("caCertPem") == FIRST
    assert issuer.at("caPrivateKeyPem") == Secret("SEC1 key of trust-anchor-1-key")
    assert issuer.at("certRequestPem") == "request trust-issuer-request"


def test_names_are_those_that_linkerds_identity_uses() -> None:
    assert trust().named("trust-anchor-1").at("subject", "commonName") == "root.linkerd.cluster.local"
    assert trust().named("trust-issuer-request").at("subject", "commonName") == "identity.linkerd.cluster.local"


def test_the_bundle_holds_the_anchors_certificate_and_nothing_else() -> None:
    bundle = trust().one("kubernetes:core/v1:ConfigMap")

    assert bundle.at("metadata", "name") == "linkerd-identity-trust-roots"
    assert bundle.at("metadata", "namespace") == "linkerd"
    assert bundle.at("data") == {"ca-bundle.crt": FIRST}


def test_the_issuers_secret_is_the_one_that_linkerd_reads() -> None:
    issuer = trust().one("kubernetes:core/v1:Secret")

    assert issuer.at("metadata") == {"name": "linkerd-identity-issuer", "namespace": "linkerd"}
    assert issuer.at("type") == "kubernetes.io/tls"
    assert decoded(issuer.at("data", "tls.crt")) == Secret("certificate trust-issuer")
    assert decoded(issuer.at("data", "tls.key")) == Secret("PKCS#8 key of trust-issuer-key"), "Linkerd reads no SEC1"
    assert decoded(issuer.at("data", "ca.crt")) == Secret(FIRST), "`linkerd check` wants it"


def test_the_anchors_key_is_used_to_sign_and_is_stored_in_no_object() -> None:
    users = {each.name for each in trust().registrations if "key of trust-anchor-1-key" in str(each.inputs)}

    assert users == {"trust-anchor-1", "trust-issuer"}


def test_in_a_first_preview_the_issuers_secret_is_unknown_and_still_secret() -> None:
    assert trust(preview=True).one("kubernetes:core/v1:Secret").at("data") == Secret(UNKNOWN)


def test_lives_are_given_in_days_and_have_defaults() -> None:
    assert lives(lambda: Trust("trust", {"namespace": "linkerd"})) == (3650 * 24, 365 * 24, 90 * 24)
    assert lives(
        lambda: Trust("trust", {"namespace": "linkerd", "anchor_days": 30, "issuer_days": 20, "renewal_days": 10})
    ) == (30 * 24, 20 * 24, 10 * 24)


@pytest.mark.parametrize(
    ("phase", "ends"),
    [
        (TrustPhase.STABLE, {"trustAnchor", "issuer"}),
        (TrustPhase.BUNDLED, {"trustAnchor", "nextTrustAnchor", "issuer"}),
        (TrustPhase.REISSUED, {"trustAnchor", "nextTrustAnchor", "issuer"}),
    ],
)
def test_it_says_when_every_certificate_ends(phase: TrustPhase, ends: set[str]) -> None:
    outputs = trust(phase=phase).one("linkerd-workshop:mesh:Trust").outputs

    assert outputs is not None
    assert at(outputs, "expires") == dict.fromkeys(ends, "2036-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("anchor", "phase", "bundle", "signer"),
    [
        (1, TrustPhase.STABLE, FIRST, 1),
        (1, TrustPhase.BUNDLED, FIRST + SECOND, 1),
        (1, TrustPhase.REISSUED, FIRST + SECOND, 2),
        (2, TrustPhase.STABLE, SECOND, 2),
    ],
)
def test_each_state_has_its_bundle_and_its_signer(anchor: int, phase: TrustPhase, bundle: str, signer: int) -> None:
    deployment = trust(anchor, phase)
    issuer = deployment.named("trust-issuer")

    assert deployment.named("trust-bundle").at("data") == {"ca-bundle.crt": bundle}
    assert decoded(deployment.named("trust-issuer-secret").at("data", "ca.crt")) == Secret(bundle)
    assert issuer.at("caCertPem") == f"certificate trust-anchor-{signer}"
    assert issuer.at("caPrivateKeyPem") == Secret(f"SEC1 key of trust-anchor-{signer}-key")


@pytest.mark.parametrize(("anchor", "phase"), STATES)
def test_the_bundle_says_which_state_it_belongs_to_once_the_issuer_does(anchor: int, phase: TrustPhase) -> None:
    bundle = trust(anchor, phase).named("trust-bundle")

    assert bundle.at("metadata", "annotations") == {
        "linkerd-workshop/trust-anchor": str(anchor),
        "linkerd-workshop/trust-phase": phase.value,
    }
    assert "trust-issuer-secret" in trust(anchor, phase).before(bundle), "or a killed `up` claims what is not done"


def test_from_one_state_to_the_next_only_what_the_step_is_about_changes() -> None:
    """What keeps its name and inputs is the same resource with the same certificate."""
    stable, bundled, reissued, renewed = (
        inputs(trust(anchor, phase)) for anchor, phase in [*STATES[:3], (2, TrustPhase.STABLE)]
    )

    def changed(old: dict[str, object], new: dict[str, object]) -> set[str]:
        return {name for name in old | new if old.get(name) != new.get(name)}

    assert changed(stable, bundled) == {"trust-anchor-2", "trust-anchor-2-key", "trust-issuer-secret"}
    assert changed(bundled, reissued) == {"trust-issuer"}, "its Secret follows in the provider"
    assert changed(reissued, renewed) == {"trust-anchor-1", "trust-anchor-1-key", "trust-issuer-secret"}


def test_a_stack_from_before_anchors_had_numbers_keeps_its_own() -> None:
    assert trust().named("trust-anchor-1").options["aliases"] == ["trust-anchor"]
    assert trust().named("trust-anchor-1-key").options["aliases"] == ["trust-anchor-key"]
    assert "aliases" not in trust(2).named("trust-anchor-2").options
    assert "aliases" not in trust(2).named("trust-anchor-2-key").options


def test_an_anchor_stays_as_it_was_made_whatever_the_settings_say_later() -> None:
    ignored = trust().named("trust-anchor-1").options["ignoreChanges"]

    assert ignored == ["validityPeriodHours", "maxPathLength"], "its replacement in one step is an outage"


def test_below_an_anchor_is_room_for_the_issuer_and_no_further_authority() -> None:
    assert trust().named("trust-anchor-1").at("maxPathLength") == 1, "the tls provider drops the issuer's 0"


def test_every_state_and_every_generation_has_a_restart_key_of_its_own() -> None:
    keys = {restart_key(generation, *state) for generation in (1, 2) for state in STATES}

    assert len(keys) == 2 * len(STATES)
