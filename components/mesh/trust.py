"""The mesh's identity: a trust anchor, the issuer that it signs, and the two objects by which Linkerd reads them.

Neither passes through chart values: an unknown value there makes a chart register no children, and a preview in which
the issuer renews would announce the deletion of the whole control plane.
"""

from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_tls import CertRequest, LocallySignedCert, PrivateKey, SelfSignedCert

from components.resources.tls_secret import tls_secret

HOURS_A_DAY = 24
CA_USES = ["cert_signing", "crl_signing"]


class TrustArgs(TypedDict):
    """Inputs of a Trust."""

    namespace: Input[str]
    """The control plane's namespace."""
    anchor_days: NotRequired[int]
    """Days that the trust anchor lives; ten years if left out. It never renews by itself: that would be an outage."""
    issuer_days: NotRequired[int]
    """Days that the issuer lives; one year if left out."""
    renewal_days: NotRequired[int]
    """Days before its end from which an `up` replaces the issuer; 90 if left out."""


class Trust(ComponentResource):
    """A self-signed trust anchor and the issuer below it (ECDSA P-256, which Linkerd demands)."""

    anchor_expires: Output[str]
    """When the trust anchor ends, RFC 3339."""
    issuer_expires: Output[str]
    """When the issuer ends, RFC 3339."""

    def __init__(self, name: str, args: TrustArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:mesh:Trust", name, {}, opts)
        self._name, self._child = name, ResourceOptions(parent=self)
        anchor_key = self._key("anchor")
        anchor = SelfSignedCert(
            f"{name}-anchor",
            private_key_pem=anchor_key.private_key_pem,
            subject={"common_name": "root.linkerd.cluster.local"},
            validity_period_hours=args.get("anchor_days", 3650) * HOURS_A_DAY,
            is_ca_certificate=True,
            set_subject_key_id=True,
            allowed_uses=CA_USES,
            opts=self._child,
        )
        issuer_key = self._key("issuer")
        issuer = LocallySignedCert(
            f"{name}-issuer",
            ca_private_key_pem=anchor_key.private_key_pem,
            ca_cert_pem=anchor.cert_pem,
            cert_request_pem=self._request(issuer_key),
            validity_period_hours=args.get("issuer_days", 365) * HOURS_A_DAY,
            early_renewal_hours=args.get("renewal_days", 90) * HOURS_A_DAY,
            is_ca_certificate=True,
            max_path_length=0,
            set_subject_key_id=True,
            allowed_uses=CA_USES,
            opts=self._child,
        )
        self._publish(args["namespace"], anchor, issuer, issuer_key)
        self.anchor_expires = anchor.validity_end_time
        self.issuer_expires = issuer.validity_end_time
        self.register_outputs({"anchor_expires": self.anchor_expires, "issuer_expires": self.issuer_expires})

    def _key(self, owner: str) -> PrivateKey:
        return PrivateKey(f"{self._name}-{owner}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=self._child)

    def _request(self, key: PrivateKey) -> Output[str]:
        return CertRequest(
            f"{self._name}-issuer-request",
            private_key_pem=key.private_key_pem,
            subject={"common_name": "identity.linkerd.cluster.local"},
            opts=self._child,
        ).cert_request_pem

    def _publish(
        self, namespace: Input[str], anchor: SelfSignedCert, issuer: LocallySignedCert, issuer_key: PrivateKey
    ) -> None:
        """Make the two objects that the control plane reads."""
        ConfigMap(
            f"{self._name}-bundle",
            metadata={"name": "linkerd-identity-trust-roots", "namespace": namespace},
            data={"ca-bundle.crt": anchor.cert_pem},
            opts=self._child,
        )
        tls_secret(
            f"{self._name}-issuer-secret",
            {
                "name": "linkerd-identity-issuer",
                "namespace": namespace,
                "certificate": issuer.cert_pem,
                "key": issuer_key.private_key_pem_pkcs8,
                "authority": anchor.cert_pem,  # not read by the mesh, but by `linkerd check`
            },
            self._child,
        )
