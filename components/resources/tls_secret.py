"""A certificate with its key, the way Kubernetes keeps it."""

from base64 import b64encode
from typing import NotRequired, TypedDict

from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import Secret

HOURS_A_DAY = 24
"""Lifetimes are days in arguments, and hours in the tls provider."""


class TlsSecretArgs(TypedDict):
    """The contents of a Secret of type `kubernetes.io/tls`."""

    name: Input[str]
    namespace: Input[str]
    certificate: Output[str]
    """The certificate, PEM."""
    key: Output[str]
    """The private key, PEM in PKCS#8: Linkerd's policy controller reads no SEC1."""
    authority: NotRequired[Output[str]]
    """The certificate of the authority that signed it, PEM."""


def tls_secret(name: str, args: TlsSecretArgs, opts: ResourceOptions) -> Secret:
    """Create the Secret."""
    return Secret(
        name,
        metadata={"name": args["name"], "namespace": args["namespace"]},
        type="kubernetes.io/tls",
        # `data` and not `string_data`: the server moves that into `data`, and a refresh would report drift.
        data=tls_data(args["certificate"], args["key"], args.get("authority")),
        opts=opts,
    )


def tls_data(certificate: Output[str], key: Output[str], authority: Output[str] | None) -> dict[str, Output[str]]:
    """Return the data of such a Secret: each PEM in base64."""
    data = {"tls.crt": certificate.apply(base64), "tls.key": key.apply(base64)}
    return data | ({"ca.crt": authority.apply(base64)} if authority else {})


def base64(text: str) -> str:
    """Return `text` as Kubernetes' JSON wants bytes."""
    return b64encode(text.encode()).decode()
