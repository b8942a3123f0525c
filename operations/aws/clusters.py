"""Where an EKS cluster is, and whether it can be used."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from conventions import PROJECT
from operations.aws.api import AwsApi
from operations.aws.facts import EksCluster
from operations.aws.refusals import ABSENT, code
from operations.problem import InputError, Problem

if TYPE_CHECKING:
    from mypy_boto3_eks.type_defs import ClusterTypeDef

USABLE = ("ACTIVE", "UPDATING")
AT_ONCE = 16
SECONDS = 3
"""How long each other region may take to say whether the cluster is there."""
_CLUSTER, _REGION = f"{PROJECT}:eks.cluster", f"{PROJECT}:eks.region"


def find_cluster(api: AwsApi) -> EksCluster:
    """Return the facts of the stack's cluster. Raises InputError if it is not there, or not ready."""
    name = api.login.cluster
    with api.asking("eks:DescribeCluster"):
        try:
            found = api.eks.describe_cluster(name=name)["cluster"]
        except ClientError as error:
            if code(error) not in ABSENT:
                raise
            raise InputError([_absent(api, name)]) from None
    status = found.get("status", "")
    if status not in USABLE:
        rule, cure = "the API server has to answer", f"Wait for it (`aws eks wait cluster-active --name {name}`)."
        raise InputError([Problem(f"{api.where}, cluster {name}", f"the cluster is {status}", rule, cure)])
    return _facts(found, api.login.region)


def _facts(found: "ClusterTypeDef", region: str) -> EksCluster:
    arn, network = found.get("arn", ""), found.get("resourcesVpcConfig", {})
    _, partition, _, _, account, _ = arn.split(":", 5)
    is_public = network.get("endpointPublicAccess", True)
    created = found.get("createdAt")
    return EksCluster(
        name=found.get("name", ""),
        arn=arn,
        region=region,
        account=account,
        partition=partition,
        version=found.get("version", ""),
        endpoint=found.get("endpoint", ""),
        certificate_authority=found.get("certificateAuthority", {}).get("data", ""),
        vpc_id=network.get("vpcId", ""),
        oidc_issuer=found.get("identity", {}).get("oidc", {}).get("issuer", "").removeprefix("https://"),
        created_at=created.astimezone(UTC).isoformat() if created else "",
        public_networks=tuple(network.get("publicAccessCidrs", ["0.0.0.0/0"])) if is_public else (),
        auto_mode=found.get("computeConfig", {}).get("enabled", False),
    )


def _absent(api: AwsApi, name: str) -> Problem:
    found, rule = f"there is no cluster '{name}' in {api.login.region}", "the stack goes to an existing one"
    if elsewhere := _elsewhere(api, name):
        cure = f"It is in {', '.join(elsewhere)}: set `pulumi config set --path '{_REGION}' {elsewhere[0]}`."
        return Problem(f"{_REGION}, AWS account {api.account}", found, rule, cure)
    known = _there(api)
    told = f"those in {api.login.region} are {', '.join(known)}" if known else "the region has none that you may see"
    cure = f"Set it with `pulumi config set --path '{_CLUSTER}' <name>` ({told}), or choose another account."
    return Problem(f"{_CLUSTER}, AWS account {api.account}", found, rule, cure)


def _there(api: AwsApi) -> list[str]:
    """Return the clusters of the region; none if the user may not list them."""
    try:
        return sorted(api.eks.list_clusters(maxResults=20)["clusters"])
    except (ClientError, BotoCoreError):
        return []


def _elsewhere(api: AwsApi, name: str) -> list[str]:
    """Return the other regions with a cluster of that name; those that do not answer have none."""
    # Made one after the other: a session is not safe to share between threads, a client is.
    clients = {region: api.client("eks", region, seconds=SECONDS) for region in api.regions()}
    clients.pop(api.login.region, None)

    def has_it(region: str) -> bool:
        try:
            clients[region].describe_cluster(name=name)
        except (ClientError, BotoCoreError):
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [region for region, there in zip(clients, pool.map(has_it, clients), strict=True) if there]
