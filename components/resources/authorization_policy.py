"""AuthorizationPolicy of Linkerd's own group (`policy.linkerd.io/v1alpha1`), typed: who may call a port of the mesh."""

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
    """The identity that a client has to prove: a ServiceAccount's, by its proxy's certificate."""

    kind: Input[str]
    name: Input[str]
    namespace: NotRequired[Input[str]]
    """The policy's own if left out."""


class AuthorizationPolicySpec(TypedDict):
    """The spec of an AuthorizationPolicy."""

    targetRef: Input[TargetRef]
    requiredAuthenticationRefs: Input[Sequence[Input[AuthenticationRef]]]
    """A client has to satisfy all of them; several policies of one target admit whom any of them admits."""


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
