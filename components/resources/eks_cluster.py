"""What is known of an EKS cluster before anything is made."""

from typing import TypedDict


class EksCluster(TypedDict):
    """An existing EKS cluster, as `eks:DescribeCluster` tells of it; all known at preview."""

    name: str
    arn: str
    region: str
    account: str
    """The account's number, twelve digits."""
    partition: str
    """`aws`, `aws-cn` or `aws-us-gov`: the second part of every ARN."""
    version: str
    """Kubernetes' minor version, for example `1.36`."""
    endpoint: str
    """The API server's URL."""
    certificate_authority: str
    """The API server's authority, PEM in base64."""
    vpc_id: str
    oidc_issuer: str
    """The URL of the cluster's OpenID Connect issuer, without `https://`."""
    created_at: str
    """ISO 8601; with the ARN it tells the cluster from a later one of the same name."""


def regional_arn(cluster: EksCluster, service: str, resource: str) -> str:
    """Return the ARN of a resource, or a pattern of such, in the cluster's account and region."""
    return f"arn:{cluster['partition']}:{service}:{cluster['region']}:{cluster['account']}:{resource}"
