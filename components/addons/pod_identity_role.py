"""One IAM role for one ServiceAccount: no other can assume it, in this cluster or in another."""

from collections.abc import Callable, Mapping, Sequence
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Resource, ResourceOptions
from pulumi_aws.eks import PodIdentityAssociation
from pulumi_aws.iam import Role, RolePolicy

from components.resources.charts import ChartArgs
from components.resources.iam_policy import Statement, TrustStatement, policy_document
from model.eks import OIDC_AUDIENCE, EksCluster
from model.names import Identity

POD_IDENTITY = "pods.eks.amazonaws.com"
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
"""Annotation of a service account that gets its role by IRSA."""


class IamRoleArgs(TypedDict):
    """The inputs by which pods of a cluster get an IAM role; all known at preview."""

    cluster: EksCluster
    role_name: str
    """The role's name, unique in the account, at most 64 characters."""
    identity: Identity


class AwsAddOnArgs(IamRoleArgs, ChartArgs):
    """The inputs that all add-ons with an IAM role have."""

    ingress_class: str
    """The IngressClass of the stack's hosts; Ingresses of another one are somebody else's."""
    wait: NotRequired[Callable[[], None]]
    """Returns once all of its pods have credentials; not called in a preview."""


class PodIdentityRoleArgs(IamRoleArgs):
    """Inputs of a PodIdentityRole; all known at preview, since a chart with an unknown value registers no children."""

    namespace: str
    service_account: str
    statements: Sequence[Statement]
    """The role's permissions."""


class PodIdentityRole(ComponentResource):
    """A role with its policy and, for EKS Pod Identity, its association with the ServiceAccount.

    Credentials are injected when a pod is created: workloads of the account have to depend on this component, and
    keep their permissions until they are deleted.
    """

    annotations: Mapping[str, str]
    """The annotations that the ServiceAccount needs; known at preview."""

    def __init__(self, name: str, args: PodIdentityRoleArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:PodIdentityRole", name, {}, opts)
        child = ResourceOptions(parent=self)
        account, by_irsa = f"{args['namespace']}/{args['service_account']}", args["identity"] is Identity.IRSA
        role = Role(
            f"{name}-role",
            name=args["role_name"],
            description=f"For service account {account} of EKS cluster {args['cluster'].name}",
            assume_role_policy=policy_document([irsa_trust(args) if by_irsa else pod_identity_trust(args)]),
            opts=child,
        )
        policy = RolePolicy(
            f"{name}-policy",
            name="rights",
            role=role.name,
            policy=policy_document(args["statements"]),
            opts=child,
        )
        if not by_irsa:
            PodIdentityAssociation(
                f"{name}-association",
                cluster_name=args["cluster"].name,
                namespace=args["namespace"],
                service_account=args["service_account"],
                role_arn=role.arn,
                # Otherwise a pod could get the role before its rights, or keep it after they are removed.
                opts=ResourceOptions(parent=self, depends_on=[policy]),
            )
        self.annotations = {ROLE_ANNOTATION: _arn(args)} if by_irsa else {}
        self.register_outputs({})


def add_on_role(
    name: str, args: IamRoleArgs, account: str, statements: Sequence[Statement], parent: Resource
) -> PodIdentityRole:
    """Return the role of an add-on, whose ServiceAccount `account` has the name of its namespace."""
    inputs: PodIdentityRoleArgs = {
        "cluster": args["cluster"],
        "role_name": args["role_name"],
        "identity": args["identity"],
        "namespace": account,
        "service_account": account,
        "statements": statements,
    }
    return PodIdentityRole(name, inputs, ResourceOptions(parent=parent))


def pod_identity_trust(args: PodIdentityRoleArgs) -> TrustStatement:
    """Return the trust policy for EKS Pod Identity: the one ServiceAccount, by the tags of EKS's session.

    Without the conditions any association in the account could hand the role to any pod.
    Source: docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
    """
    session = {
        "aws:SourceAccount": args["cluster"].account,
        "aws:RequestTag/eks-cluster-arn": args["cluster"].arn,
        "aws:RequestTag/kubernetes-namespace": args["namespace"],
        "aws:RequestTag/kubernetes-service-account": args["service_account"],
    }
    return {
        "Sid": "PodIdentity",
        "Principal": {"Service": POD_IDENTITY},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": session},
    }


def irsa_trust(args: PodIdentityRoleArgs) -> TrustStatement:
    """Return the trust policy for IRSA: the one ServiceAccount, by the token that the cluster signs for it.

    Source: docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    """
    issuer = args["cluster"].oidc_issuer
    subject = f"system:serviceaccount:{args['namespace']}:{args['service_account']}"
    return {
        "Sid": "ServiceAccount",
        "Principal": {"Federated": args["cluster"].oidc_provider_arn},
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {"StringEquals": {f"{issuer}:sub": subject, f"{issuer}:aud": OIDC_AUDIENCE}},
    }


def _arn(args: PodIdentityRoleArgs) -> str:
    """Return the role's ARN, which the role itself outputs only when it is created."""
    cluster = args["cluster"]
    return f"arn:{cluster.partition}:iam::{cluster.account}:role/{args['role_name']}"
