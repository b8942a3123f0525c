"""The one place that knows how a stack's cluster is found and reached.

What needs boto3 is imported where a stack is on EKS: it takes 0.3 s, and other stacks need none.
"""

from dataclasses import replace

from clients.cluster_api import ClusterApi
from clients.kubeconfig import EXEC_API, Advice, Document, Kubeconfig, create_document, find
from clients.limits import limited
from model.eks import EVERYWHERE, EksCluster
from settings import Settings
from settings.eks import Eks


def find_kubeconfig(settings: Settings, cluster: EksCluster | None = None) -> Kubeconfig:
    """Return the kubeconfig of a stack's cluster; on EKS the cluster is looked up in AWS, unless `cluster` is given.

    Raises InputError if it cannot be found.
    """
    if settings.eks is None:
        return find(settings.kubeconfig, settings.context)
    cluster = cluster or _found(settings.eks)
    document = create_eks_document(cluster, settings.eks)
    found = Kubeconfig(document, f"EKS cluster {cluster.name}", _advice(cluster, settings.eks))
    return replace(found, provider=found.contents)  # no secret is in it


def create_eks_document(cluster: EksCluster, login: Eks) -> Document:
    """Return the kubeconfig of an EKS cluster; it holds no secret: the AWS CLI creates a token when one is needed."""
    arguments = ["eks", "get-token", "--cluster-name", cluster.name, "--region", cluster.region, "--output", "json"]
    # As an option: the AWS CLI prefers exported keys (AWS_ACCESS_KEY_ID) to a profile in AWS_PROFILE.
    arguments += ["--profile", login.profile] if login.profile else []
    arguments += ["--role-arn", login.role_arn] if login.role_arn else []
    helper = {
        "apiVersion": EXEC_API,
        "command": "aws",
        "args": arguments,
        "interactiveMode": "Never",
        "installHint": "Install the AWS CLI, version 2.",
    }
    server: Document = {"server": cluster.endpoint, "certificate-authority-data": cluster.certificate_authority}
    return create_document(cluster.name, server, {"exec": helper})


def create_api(settings: Settings, cluster: EksCluster | None = None) -> ClusterApi:
    """Return the client of the same cluster.

    Raises InputError if it cannot be found, or there are no credentials.
    """
    return ClusterApi(find_kubeconfig(settings, cluster))


@limited()
def _found(login: Eks) -> EksCluster:
    from clients.aws.api import AwsApi  # noqa: PLC0415
    from clients.aws.clusters import find_cluster  # noqa: PLC0415

    return find_cluster(AwsApi(login))


def _advice(cluster: EksCluster, login: Eks) -> Advice:
    command = f"aws eks get-token --cluster-name {cluster.name} --region {cluster.region}"
    # EKS does not accept a session's ARN, which also lacks the role's path.
    own = "`aws iam get-role --role-name <role> --query Role.Arn` for an assumed-role/<role>/<session>"
    who = login.role_arn or f"your IAM user or role ({own} of `aws sts get-caller-identity`)"
    return Advice(
        login=f"Install the AWS CLI, version 2, or log in again, until `{command}` works.",
        silence=_silence(cluster),
        stranger=(
            f"Give {who} an access entry with `aws eks create-access-entry` and `aws eks associate-access-policy`"
            " (AmazonEKSClusterAdminPolicy), or choose another profile or role."
        ),
    )


def _silence(cluster: EksCluster) -> str:
    if not cluster.public_networks:
        vpn = f"run this inside {cluster.vpc_id} or through a VPN into it, or switch the public endpoint on"
        return f"Its endpoint is private: {vpn}."
    if EVERYWHERE in cluster.public_networks:
        return Advice().silence
    return f"Its endpoint answers to {', '.join(cluster.public_networks)} only: run this from there, or add yourself."
