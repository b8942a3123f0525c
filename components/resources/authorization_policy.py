"""Policies of Linkerd's own group (`policy.linkerd.io`), typed: who may call a port of the mesh."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import CustomResource, Input, ResourceOptions

POLICY_GROUP = "policy.linkerd.io"


class TargetRef(TypedDict):
    """The object that clients call, in the policy's own namespace."""

    group: Input[str]
    kind: Input[str]
    name: Input[str]


class AuthenticationRef(TypedDict):
    """The identity that a client has to prove by its proxy's certificate: a ServiceAccount's, or one of a list."""

    group: NotRequired[Input[str]]
    """The core group if left out, for a ServiceAccount; `policy.linkerd.io` for a MeshTLSAuthentication."""
    kind: Input[str]
    name: Input[str]
    namespace: NotRequired[Input[str]]
    """The policy's own if left out."""


class AuthorizationPolicySpec(TypedDict):
    """The spec of an AuthorizationPolicy."""

    targetRef: Input[TargetRef]
    requiredAuthenticationRefs: Input[Sequence[Input[AuthenticationRef]]]
    """A client has to satisfy all of them. Where several policies have one target, one of them is enough."""


class AuthorizationPolicyArgs(TypedDict):
    """Inputs of an AuthorizationPolicy."""

    name: Input[str]
    """The object's name."""
    namespace: Input[str]
    spec: Input[AuthorizationPolicySpec]


class AuthorizationPolicy(CustomResource):
    """An AuthorizationPolicy object."""

    def __init__(self, name: str, args: AuthorizationPolicyArgs, opts: ResourceOptions | None = None) -> None:
        version = f"{POLICY_GROUP}/v1alpha1"
        super().__init__(
            f"kubernetes:{version}:AuthorizationPolicy",
            name,
            {
                "apiVersion": version,
                "kind": "AuthorizationPolicy",
                "metadata": {"name": args["name"], "namespace": args["namespace"]},
                "spec": args["spec"],
            },
            opts,
        )


class LabelRequirement(TypedDict):
    """A requirement on one label of a pod."""

    key: Input[str]
    operator: Input[str]
    """In, NotIn, Exists or DoesNotExist."""
    values: NotRequired[Input[Sequence[Input[str]]]]


class PodSelector(TypedDict):
    """The pods that a Server guards: those that satisfy all requirements."""

    matchExpressions: Input[Sequence[Input[LabelRequirement]]]


class ServerSpec(TypedDict):
    """The spec of a Server."""

    podSelector: Input[PodSelector]
    port: Input[str]
    """The name of the pods' port."""
    accessPolicy: Input[str]
    """The clients that are admitted without an AuthorizationPolicy: `deny` for none, `all-unauthenticated` for all."""


class ServerArgs(TypedDict):
    """Inputs of a Server."""

    name: Input[str]
    """The object's name."""
    namespace: Input[str]
    spec: Input[ServerSpec]


class Server(CustomResource):
    """A Server object: a port of some pods, for which the mesh enforces policies."""

    def __init__(self, name: str, args: ServerArgs, opts: ResourceOptions | None = None) -> None:
        version, metadata = f"{POLICY_GROUP}/v1beta3", {"name": args["name"], "namespace": args["namespace"]}
        properties = {"apiVersion": version, "kind": "Server", "metadata": metadata, "spec": args["spec"]}
        super().__init__(f"kubernetes:{version}:Server", name, properties, opts)


class IdentityRef(TypedDict):
    """The clients that have the identity of a ServiceAccount, or of any in a Namespace."""

    kind: Input[str]
    name: Input[str]


class MeshTlsAuthenticationSpec(TypedDict):
    """The spec of a MeshTLSAuthentication."""

    identityRefs: Input[Sequence[Input[IdentityRef]]]
    """A client has to have one of them."""


class MeshTlsAuthenticationArgs(TypedDict):
    """Inputs of a MeshTlsAuthentication."""

    name: Input[str]
    """The object's name."""
    namespace: Input[str]
    spec: Input[MeshTlsAuthenticationSpec]


class MeshTlsAuthentication(CustomResource):
    """A MeshTLSAuthentication object: a list of identities."""

    def __init__(self, name: str, args: MeshTlsAuthenticationArgs, opts: ResourceOptions | None = None) -> None:
        kind, version = "MeshTLSAuthentication", f"{POLICY_GROUP}/v1alpha1"
        metadata = {"name": args["name"], "namespace": args["namespace"]}
        properties = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": args["spec"]}
        super().__init__(f"kubernetes:{version}:{kind}", name, properties, opts)
