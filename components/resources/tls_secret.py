"""A certificate with its key, the way Kubernetes keeps it."""

from base64 import b64encode
from typing import NotRequired, TypedDict

from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import Secret


class TlsSecretArgs(TypedDict):
    """What goes into a Secret of type `kubernetes.io/tls`."""

    name: Input[str]
    namespace: Input[str]
    certificate: Output[str]
    """The certificate, PEM."""
    key: Output[str]
    """The private key, PEM in PKCS#8: Linkerd's policy controller reads no SEC1."""
    authority: NotRequired[Output[str]]
    """The certificate of who signed it, PEM."""


def tls_secret(name: str, args: TlsSecretArgs, opts: ResourceOptions) -> Secret:
    """Make the Secret."""
    data = {"tls.crt": args["certificate"].apply(base64), "tls.key": args["key"].apply(base64)}
    if "authority" in args:
        data["ca.crt"] = args["authority"].apply(base64)
    return Secret(
        name,
        metadata={"name": args["name"], "namespace": args["namespace"]},
        type="kubernetes.io/tls",
        # `data` and not `string_data`: the server moves that into `data`, and a refresh would report drift.
        data=data,
        opts=opts,
    )


def base64(text: str) -> str:
    """Return `text` as Kubernetes' JSON wants bytes."""
    return b64encode(text.encode()).decode()
