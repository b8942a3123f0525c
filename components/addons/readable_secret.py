"""Permission for one ServiceAccount to read one Secret of another namespace."""

from typing import TYPE_CHECKING, TypedDict

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict


class SecretName(TypedDict):
    """The namespace and name of a Secret."""

    namespace: Input[str]
    name: str


class ReadableSecretArgs(TypedDict):
    """Inputs of a ReadableSecret."""

    secret: SecretName
    account: str
    """The ServiceAccount that may read it."""
    account_namespace: str


class ReadableSecret(ComponentResource):
    """A role for the one Secret, and its binding to the one account."""

    def __init__(self, name: str, args: ReadableSecretArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:ReadableSecret", name, {}, opts)
        secret = args["secret"]
        metadata: ObjectMetaArgsDict = {"name": f"{args['account']}-{secret['name']}", "namespace": secret["namespace"]}
        role = Role(
            f"{name}-role",
            metadata=metadata,
            # `resourceNames` also allows a list or a watch of that single name.
            rules=[
                {
                    "api_groups": [""],
                    "resources": ["secrets"],
                    "resource_names": [secret["name"]],
                    "verbs": ["get", "list", "watch"],
                }
            ],
            opts=ResourceOptions(parent=self),
        )
        RoleBinding(
            f"{name}-binding",
            metadata=metadata,
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": role.metadata["name"],
            },
            subjects=[{"kind": "ServiceAccount", "name": args["account"], "namespace": args["account_namespace"]}],
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})
