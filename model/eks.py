"""The facts of an EKS environment that are known before anything is created."""

from dataclasses import dataclass

from model.problem import Check

EVERYWHERE = "0.0.0.0/0"
OIDC_AUDIENCE = "sts.amazonaws.com"
"""The audience of the cluster's tokens for AWS."""


@dataclass(frozen=True)
class EksCluster:
    """An existing EKS cluster, as `eks:DescribeCluster` describes it."""

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
    """ISO 8601, UTC; with the ARN it distinguishes the cluster from a later one of the same name."""
    public_networks: tuple[str, ...] = (EVERYWHERE,)
    """The networks that reach the endpoint from outside the VPC; none if empty."""
    auto_mode: bool = False
    """True if EKS runs the nodes (Auto Mode), with the Pod Identity agent on each."""

    @property
    def oidc_provider_arn(self) -> str:
        """The ARN of the identity provider through which IAM trusts the cluster's tokens."""
        return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{self.oidc_issuer}"


@dataclass(frozen=True)
class Zone:
    """A public Route 53 hosted zone."""

    id: str
    """For example `Z0123456789ABCDEFGHIJ`, without `/hostedzone/`."""
    name: str
    """Without the dot at its end."""


@dataclass(frozen=True)
class EksFacts:
    """The cluster and the zone of a stack on EKS."""

    cluster: EksCluster
    zone: Zone | None
    """None if the settings name none."""


@dataclass(frozen=True)
class Survey:
    """The answers of AWS about a stack."""

    cluster: EksCluster | None = None
    """None if it was not found, or cannot be used."""
    zone: Zone | None = None
    """None if it was not found, or if the settings name none."""
    checks: tuple[Check, ...] = ()


def regional_arn(cluster: EksCluster, service: str, resource: str) -> str:
    """Return the ARN of a resource, or a pattern of such, in the cluster's account and region."""
    return f"arn:{cluster.partition}:{service}:{cluster.region}:{cluster.account}:{resource}"
