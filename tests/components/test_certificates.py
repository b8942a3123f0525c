"""The certificates of the mesh and of webhooks: their names, their ends, and how little anybody sees of their keys."""

from functools import cache

import pytest

from components.mesh.linkerd import WEBHOOK_SECRETS, restart_key
from components.mesh.trust import Trust, TrustArgs
from components.resources.certificates import WebhookCertificates, WebhookCertificatesArgs
from model.names import TrustPhase
from tests.components.charts import CERTIFICATES
from tests.deployment import Deployment
from tests.engine import CERTIFICATE_ENDS, deploy
from tests.recorded_values import UNKNOWN, Secret, at, decoded

SELF_SIGNED, SIGNED = "tls:index/selfSignedCert:SelfSignedCert", "tls:index/locallySignedCert:LocallySignedCert"
STATES = [(number, phase) for number in (1, 2) for phase in TrustPhase]
FIRST, SECOND = "certificate trust-anchor-1", "certificate trust-anchor-2"
DAY, TRUST = 24, "linkerd-workshop:mesh:Trust"


@cache
def trust(anchor: int = 1, phase: TrustPhase = TrustPhase.STABLE, *, preview: bool = False) -> Deployment:
    args: TrustArgs = {"namespace": "linkerd", **CERTIFICATES, "anchor": anchor, "phase": phase}
    return deploy(lambda: Trust("trust", args), preview=preview)


def inputs(deployment: Deployment) -> dict[str, object]:
    return {each.name: each.inputs for each in deployment.registrations if each.name != "trust-bundle"}


@pytest.mark.parametrize("name", ["trust-anchor-1-key", "trust-issuer-key"])
def test_keys_are_ecdsa_p256_because_linkerd_takes_no_other(name: str) -> None:
    assert trust().named(name).inputs == {"algorithm": "ECDSA", "ecdsaCurve": "P256"}


def test_an_anchor_never_changes_or_renews_by_itself_because_its_replacement_in_one_step_is_an_outage() -> None:
    anchor = trust().named("trust-anchor-1")

    assert "earlyRenewalHours" not in anchor.inputs
    assert anchor.options["ignoreChanges"] == ["validityPeriodHours", "maxPathLength"], "whatever the settings become"
    assert anchor.at("maxPathLength") == 1, "room for the issuer alone; the tls provider drops the issuer's 0"
    assert anchor.at("subject", "commonName") == "root.linkerd.cluster.local"


def test_the_issuer_may_sign_leaves_but_no_further_authority() -> None:
    issuer, request = trust().named("trust-issuer"), trust().named("trust-issuer-request")

    assert issuer.at("isCaCertificate") is True
    assert issuer.at("maxPathLength") == 0
    assert issuer.at("allowedUses") == ["cert_signing", "crl_signing"]
    assert issuer.at("certRequestPem") == "request trust-issuer-request"
    assert request.at("subject", "commonName") == "identity.linkerd.cluster.local"


def test_the_issuers_secret_is_the_one_that_linkerd_reads() -> None:
    issuer = trust().one("kubernetes:core/v1:Secret")

    assert issuer.at("metadata") == {"name": "linkerd-identity-issuer", "namespace": "linkerd"}
    assert issuer.at("type") == "kubernetes.io/tls"
    assert decoded(issuer.at("data", "tls.crt")) == Secret("certificate trust-issuer")
    assert decoded(issuer.at("data", "tls.key")) == Secret("PKCS#8 key of trust-issuer-key"), "Linkerd reads no SEC1"
    assert decoded(issuer.at("data", "ca.crt")) == Secret(FIRST), "`linkerd check` wants it"
    assert trust(preview=True).one("kubernetes:core/v1:Secret").at("data") == Secret(UNKNOWN), "in a first preview, too"


def test_the_anchors_key_signs_and_is_stored_in_no_object() -> None:
    users = {each.name for each in trust().registrations if "key of trust-anchor-1-key" in str(each.inputs)}

    assert users == {"trust-anchor-1", "trust-issuer"}


@pytest.mark.parametrize(
    ("anchor", "phase", "bundle", "signer"),
    [
        (1, TrustPhase.STABLE, FIRST, 1),
        (1, TrustPhase.BUNDLED, FIRST + SECOND, 1),
        (1, TrustPhase.REISSUED, FIRST + SECOND, 2),
        (2, TrustPhase.STABLE, SECOND, 2),
    ],
)
def test_each_state_has_its_bundle_its_signer_and_its_ends(
    anchor: int, phase: TrustPhase, bundle: str, signer: int
) -> None:
    deployment = trust(anchor, phase)
    issuer = deployment.named("trust-issuer")
    ends = ["trustAnchor", *(["nextTrustAnchor"] if bundle == FIRST + SECOND else []), "issuer"]

    assert at(deployment.one(TRUST).outputs, "expires") == dict.fromkeys(ends, CERTIFICATE_ENDS)
    assert deployment.named("trust-bundle").at("data") == {"ca-bundle.crt": bundle}
    assert decoded(deployment.named("trust-issuer-secret").at("data", "ca.crt")) == Secret(bundle)
    assert issuer.at("caCertPem") == f"certificate trust-anchor-{signer}"
    assert issuer.at("caPrivateKeyPem") == Secret(f"SEC1 key of trust-anchor-{signer}-key")


@pytest.mark.parametrize(("anchor", "phase"), STATES)
def test_the_bundle_names_its_state_once_the_issuer_belongs_to_it(anchor: int, phase: TrustPhase) -> None:
    bundle = trust(anchor, phase).named("trust-bundle")

    assert bundle.at("metadata") == {
        "name": "linkerd-identity-trust-roots",
        "namespace": "linkerd",
        "annotations": {
            "linkerd-workshop/trust-anchor": str(anchor),
            "linkerd-workshop/trust-phase": phase.value,
        },
    }
    reason = "a killed `up` would claim a state that is not reached"
    assert "trust-issuer-secret" in trust(anchor, phase).before(bundle), reason


def test_a_step_changes_only_the_certificates_that_it_is_about() -> None:
    """A resource with the same name and inputs keeps its certificate."""
    stable, bundled, reissued, renewed = (
        inputs(trust(anchor, phase)) for anchor, phase in [*STATES[:3], (2, TrustPhase.STABLE)]
    )

    def changed(old: dict[str, object], new: dict[str, object]) -> set[str]:
        return {name for name in old | new if old.get(name) != new.get(name)}

    assert changed(stable, bundled) == {"trust-anchor-2", "trust-anchor-2-key", "trust-issuer-secret"}
    assert changed(bundled, reissued) == {"trust-issuer"}, "its Secret follows in the provider"
    assert changed(reissued, renewed) == {"trust-anchor-1", "trust-anchor-1-key", "trust-issuer-secret"}


def test_every_state_and_every_generation_has_a_restart_key_of_its_own() -> None:
    keys = {restart_key(generation, *state) for generation in (1, 2) for state in STATES}

    assert len(keys) == 2 * len(STATES)


@cache
def webhooks() -> Deployment:
    args: WebhookCertificatesArgs = {
        "namespace": "linkerd",
        "secrets": WEBHOOK_SECRETS,
        "authority": "webhookAuthority",
        "renewal_days": 90,
    }
    return deploy(lambda: WebhookCertificates("w", args))


@pytest.mark.parametrize("name", ["proxy-injector", "sp-validator", "policy-validator"])
def test_each_webhook_has_a_leaf_for_the_name_by_which_the_api_server_calls_it(name: str) -> None:
    secret, host = f"linkerd-{name}-k8s-tls", f"linkerd-{name}.linkerd.svc"
    found, request, leaf = (webhooks().named(f"{secret}-{kind}") for kind in ("secret", "request", "leaf"))

    assert (len(WEBHOOK_SECRETS), WEBHOOK_SECRETS[secret]) == (3, host)
    assert found.at("metadata") == {"name": secret, "namespace": "linkerd"}
    assert found.at("type") == "kubernetes.io/tls"
    assert decoded(found.at("data", "tls.crt")) == Secret(f"certificate {secret}-leaf")
    reason = "Linkerd's policy controller reads no SEC1"
    assert decoded(found.at("data", "tls.key")) == Secret(f"PKCS#8 key of {secret}-key"), reason
    assert (request.at("dnsNames"), request.at("subject", "commonName")) == ([host], host)
    assert leaf.at("certRequestPem") == f"request {secret}-request"
    assert leaf.at("caCertPem") == "certificate w-authority"
    assert "server_auth" in str(leaf.at("allowedUses"))
    assert "isCaCertificate" not in leaf.inputs


def test_leaves_renew_before_they_end_and_the_authority_outlives_them() -> None:
    lives = {(each.at("validityPeriodHours"), each.at("earlyRenewalHours")) for each in webhooks().of(SIGNED)}

    assert lives == {(365 * DAY, 90 * DAY)}
    assert webhooks().one(SELF_SIGNED).at("validityPeriodHours") == 3650 * DAY


def test_the_authoritys_key_is_in_no_object_of_the_cluster() -> None:
    holders = {each.type for each in webhooks().registrations if "key of w-authority-key" in str(each.inputs)}

    assert holders == {SELF_SIGNED, SIGNED}
