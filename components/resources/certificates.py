"""Certificates of admission webhooks: one long-lived authority, and for each webhook a leaf that an `up` renews.

The charts would create their own, new ones in every render and never renewed in between: every preview would change
them, and after a year the injector would silently stop injecting.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import Secret
from pulumi_tls import CertRequest, LocallySignedCert, PrivateKey, SelfSignedCert

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

TLS_SECRET = "kubernetes.io/tls"  # noqa: S105  a type
HOURS_A_DAY = 24
"""Lifetimes are days in arguments, and hours in the tls provider."""
AUTHORITY_DAYS = 3650
LEAF_DAYS = 365
LONGEST_COMMON_NAME = 64
"""Characters (RFC 5280, appendix A, ub-common-name)."""

FORMER_TYPE = "linkerd-workshop:mesh:WebhookCertificates"
"""Its type while only the mesh had webhooks; without the alias an `up` would replace every certificate."""


class WebhookCertificatesArgs(TypedDict):
    """Inputs of a WebhookCertificates."""

    namespace: Input[str]
    """The namespace of the webhooks' Services and Secrets."""
    secrets: Mapping[str, str]
    """The name of each Secret, with the host name that its certificate is for (`<service>.<namespace>.svc`)."""
    authority: str
    """The name of the authority's end in `expires`, which no other component uses."""
    renewal_days: int
    """Days before its end from which an `up` replaces a leaf."""
    rendered: NotRequired[bool]
    """True if a chart creates the Secrets, and a transform fills them; they are created here if left out."""


class Leaf(NamedTuple):
    """A server's certificate."""

    end: Output[str]
    data: Mapping[str, Output[str]]
    """The data of its Secret."""


class WebhookCertificates(ComponentResource):
    """An authority and, for each webhook, a Secret with a leaf that it signs."""

    ca_bundle: Output[str]
    """The authority's certificate in base64, as a webhook configuration's `caBundle` wants it."""
    expires: Output[Mapping[str, str]]
    """The end of each certificate, RFC 3339, by its Secret's name; the authority's under its own."""
    data: Mapping[str, Mapping[str, Output[str]]]
    """The data of each Secret, by its name."""

    def __init__(self, name: str, args: WebhookCertificatesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:resources:WebhookCertificates", name, {}, opts)
        self._name = name
        self._child = ResourceOptions(parent=self)
        self._key = PrivateKey(f"{name}-authority-key", algorithm="ECDSA", ecdsa_curve="P256", opts=self._child)
        self._authority = SelfSignedCert(
            f"{name}-authority",
            private_key_pem=self._key.private_key_pem,
            subject={"common_name": f"{name}.linkerd-workshop"},
            validity_period_hours=AUTHORITY_DAYS * HOURS_A_DAY,
            is_ca_certificate=True,
            set_subject_key_id=True,
            allowed_uses=["cert_signing"],
            opts=self._child,
        )
        leaves = {secret: self._leaf(secret, host, args) for secret, host in args["secrets"].items()}
        self.ca_bundle = self._authority.cert_pem.apply(base64)
        self.data = {secret: leaf.data for secret, leaf in leaves.items()}
        ends = {secret: leaf.end for secret, leaf in leaves.items()}
        self.expires = Output.all(**{args["authority"]: self._authority.validity_end_time, **ends})
        self.register_outputs({"ca_bundle": self.ca_bundle, "expires": self.expires})

    def _leaf(self, secret: str, host: str, args: WebhookCertificatesArgs) -> Leaf:
        key = PrivateKey(f"{secret}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=self._child)
        certificate = LocallySignedCert(
            f"{secret}-leaf",
            ca_private_key_pem=self._key.private_key_pem,
            ca_cert_pem=self._authority.cert_pem,
            cert_request_pem=self._request(secret, host, key),
            validity_period_hours=LEAF_DAYS * HOURS_A_DAY,
            early_renewal_hours=args["renewal_days"] * HOURS_A_DAY,
            allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
            opts=self._child,
        )
        rendered = args.get("rendered")
        data = tls_data(certificate.cert_pem, key, self._authority.cert_pem if rendered else None)
        if not rendered:
            metadata: ObjectMetaArgsDict = {"name": secret, "namespace": args["namespace"]}
            Secret(f"{secret}-secret", metadata=metadata, type=TLS_SECRET, data=data, opts=self._child)
        return Leaf(certificate.validity_end_time, data)

    def _request(self, secret: str, host: str, key: PrivateKey) -> Output[str]:
        return CertRequest(
            f"{secret}-request",
            private_key_pem=key.private_key_pem,
            # Clients check only the DNS name, but X.509 allows 64 characters here, and some signers enforce it.
            subject={"common_name": host if len(host) <= LONGEST_COMMON_NAME else host.partition(".")[0]},
            dns_names=[host],
            opts=self._child,
        ).cert_request_pem


def tls_data(certificate: Output[str], key: PrivateKey, authority: Output[str] | None) -> dict[str, Output[str]]:
    """Return the data of a TLS_SECRET, each PEM in base64; `authority` is the certificate that signed the other."""
    # In PKCS#8: Linkerd's policy controller reads no SEC1. `data` and not `string_data`: the server moves that into
    # `data`, and a refresh would report drift.
    data = {"tls.crt": certificate.apply(base64), "tls.key": key.private_key_pem_pkcs8.apply(base64)}
    return data | ({"ca.crt": authority.apply(base64)} if authority else {})


def base64(text: str) -> str:
    """Return `text` as Kubernetes' JSON wants bytes."""
    return b64encode(text.encode()).decode()
