"""The mesh's identity: trust anchors, the issuer that one of them signs, and the objects by which Linkerd reads them.

Neither passes through chart values: an unknown value there makes a chart register no children, and a preview in which
the issuer renews would announce the deletion of the whole control plane.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypedDict

from pulumi import Alias, ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap, Secret
from pulumi_tls import CertRequest, LocallySignedCert, PrivateKey, SelfSignedCert

from components.resources.certificates import HOURS_A_DAY, TLS_SECRET, tls_data
from model.names import TRUST_ANCHOR, TRUST_PHASE, TrustPhase

CA_USES = ["cert_signing", "crl_signing"]


class CertificatesArgs(TypedDict):
    """The trust anchor, the step of its replacement, and the lifetimes of certificates in days."""

    anchor: int
    """The number of the trust anchor, from 1; in the phases between two anchors that of the old one."""
    phase: TrustPhase
    """The phase of the anchor's replacement by the next one."""
    anchor_days: int
    """Days that a new trust anchor lives. None renews by itself: that would be an outage."""
    issuer_days: int
    """Days that the issuer lives."""
    renewal_days: int
    """Days before its end from which an `up` replaces the issuer or a webhook's leaf."""


class TrustArgs(CertificatesArgs):
    """Inputs of a Trust."""

    namespace: Input[str]
    """The control plane's namespace."""


class Authority(NamedTuple):
    """A certificate that signs others, and its key."""

    key: PrivateKey
    certificate: SelfSignedCert


class Trust(ComponentResource):
    """One or two self-signed trust anchors and the issuer below one of them (ECDSA P-256, which Linkerd demands)."""

    expires: Output[Mapping[str, str]]
    """The ends of `trustAnchor`, `issuer` and, between two anchors, `nextTrustAnchor`, RFC 3339."""

    def __init__(self, name: str, args: TrustArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:mesh:Trust", name, {}, opts)
        self._name, self._child, self._args = name, ResourceOptions(parent=self), args
        first, phase = args["anchor"], args["phase"]
        both = phase != TrustPhase.STABLE
        trusted = [self._anchor(number) for number in ([first, first + 1] if both else [first])]
        issuer_key = self._key("issuer")
        issuer = self._issuer(issuer_key, trusted[-1 if phase == TrustPhase.REISSUED else 0])
        bundle = Output.all(*(anchor.certificate.cert_pem for anchor in trusted)).apply("".join)
        secret = Secret(
            f"{name}-issuer-secret",
            metadata={"name": "linkerd-identity-issuer", "namespace": args["namespace"]},
            type=TLS_SECRET,
            # The mesh does not read the bundle there, but `linkerd check` does, and judges each anchor in it.
            data=tls_data(issuer.cert_pem, issuer_key, bundle),
            opts=self._child,
        )
        ConfigMap(
            f"{name}-bundle",
            metadata={
                "name": "linkerd-identity-trust-roots",
                "namespace": args["namespace"],
                "annotations": {TRUST_ANCHOR: str(first), TRUST_PHASE: phase},
            },
            data={"ca-bundle.crt": bundle},
            # Otherwise an `up` that ends in between leaves a bundle that claims a phase before its issuer is there.
            opts=ResourceOptions(parent=self, depends_on=[secret]),
        )
        ends = [each.certificate.validity_end_time for each in trusted]
        named = dict(zip(("trustAnchor", "nextTrustAnchor"), ends, strict=False))
        self.expires = Output.all(issuer=issuer.validity_end_time, **named)
        self.register_outputs({"expires": self.expires})

    def _anchor(self, number: int) -> Authority:
        """Create the anchor with a number."""
        # In older versions the first anchor had no number in its name.
        former = f"{self._name}-anchor" if number == 1 else None
        key = self._key(f"anchor-{number}", f"{former}-key" if former else None)
        certificate = SelfSignedCert(
            f"{self._name}-anchor-{number}",
            private_key_pem=key.private_key_pem,
            subject={"common_name": "root.linkerd.cluster.local"},
            validity_period_hours=self._args["anchor_days"] * HOURS_A_DAY,
            is_ca_certificate=True,
            max_path_length=1,
            set_subject_key_id=True,
            allowed_uses=CA_USES,
            opts=ResourceOptions(
                parent=self,
                aliases=[Alias(name=former)] if former else None,
                # A changed lifetime would replace the anchor in one step, which is an outage; it applies only to a new
                # anchor.
                ignore_changes=["validity_period_hours", "max_path_length"],
            ),
        )
        return Authority(key, certificate)

    def _issuer(self, key: PrivateKey, authority: Authority) -> LocallySignedCert:
        request = CertRequest(
            f"{self._name}-issuer-request",
            private_key_pem=key.private_key_pem,
            subject={"common_name": "identity.linkerd.cluster.local"},
            opts=self._child,
        )
        return LocallySignedCert(
            f"{self._name}-issuer",
            ca_private_key_pem=authority.key.private_key_pem,
            ca_cert_pem=authority.certificate.cert_pem,
            cert_request_pem=request.cert_request_pem,
            validity_period_hours=self._args["issuer_days"] * HOURS_A_DAY,
            early_renewal_hours=self._args["renewal_days"] * HOURS_A_DAY,
            is_ca_certificate=True,
            max_path_length=0,
            set_subject_key_id=True,
            allowed_uses=CA_USES,
            opts=self._child,
        )

    def _key(self, owner: str, former: str | None = None) -> PrivateKey:
        options = ResourceOptions(parent=self, aliases=[Alias(name=former)] if former else None)
        return PrivateKey(f"{self._name}-{owner}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=options)
