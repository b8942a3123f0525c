"""Policies of Linkerd's own group (`policy.linkerd.io`), typed: who may call a port of the mesh."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import Input

from components.resources.custom_object import CustomObject

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


class AuthorizationPolicy(CustomObject[AuthorizationPolicySpec]):
    """An AuthorizationPolicy object."""

    _api_version, _kind = f"{POLICY_GROUP}/v1alpha1", "AuthorizationPolicy"


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


class Server(CustomObject[ServerSpec]):
    """A Server object: a port of some pods, for which the mesh enforces policies."""

    _api_version, _kind = f"{POLICY_GROUP}/v1beta3", "Server"


class IdentityRef(TypedDict):
    """The clients that have the identity of a ServiceAccount, or of any in a Namespace."""

    kind: Input[str]
    name: Input[str]


class MeshTlsAuthenticationSpec(TypedDict):
    """The spec of a MeshTLSAuthentication."""

    identityRefs: Input[Sequence[Input[IdentityRef]]]
    """A client has to have one of them."""


class MeshTlsAuthentication(CustomObject[MeshTlsAuthenticationSpec]):
    """A MeshTLSAuthentication object: a list of identities."""

    _api_version, _kind = f"{POLICY_GROUP}/v1alpha1", "MeshTLSAuthentication"
