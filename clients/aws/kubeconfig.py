"""The kubeconfig of an EKS cluster, for the program's provider and the command alike."""

from model.eks import EksCluster
from settings.eks import Eks

_API = "client.authentication.k8s.io/v1"


def document(cluster: EksCluster, login: Eks) -> dict[str, object]:
    """Return the kubeconfig of a cluster; it holds no secret, since the AWS CLI creates a token when one is needed.

    The context has the cluster's name.
    """
    arguments = ["eks", "get-token", "--cluster-name", cluster.name, "--region", cluster.region, "--output", "json"]
    # As an option: the AWS CLI prefers exported keys (AWS_ACCESS_KEY_ID) to a profile in AWS_PROFILE.
    arguments += ["--profile", login.profile] if login.profile else []
    arguments += ["--role-arn", login.role_arn] if login.role_arn else []
    helper = {
        "apiVersion": _API,
        "command": "aws",
        "args": arguments,
        "interactiveMode": "Never",
        "installHint": "Install the AWS CLI, version 2.",
    }
    server = {"server": cluster.endpoint, "certificate-authority-data": cluster.certificate_authority}
    name = cluster.name
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"exec": helper}}],
    }
