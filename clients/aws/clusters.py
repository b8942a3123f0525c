"""Finds an EKS cluster, and checks that it can be used."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import AliasPath, BaseModel, Field

from clients.aws.api import AwsApi
from clients.aws.refusals import ABSENT, code
from clients.limits import limited
from model.eks import EVERYWHERE, EksCluster
from model.moments import in_utc
from model.names import PROJECT
from model.problem import InputError, Problem

USABLE = ("ACTIVE", "UPDATING")
AT_ONCE = 16
SECONDS = 3
"""The time limit of the question to each other region."""
_CLUSTER, _REGION = f"{PROJECT}:eks.cluster", f"{PROJECT}:eks.region"


class _Cluster(BaseModel):
    """The part of DescribeCluster's answer that the program needs."""

    name: str
    arn: str = Field(pattern=r"^arn:[a-z-]+:eks:[a-z0-9-]+:\d{12}:cluster/.+$")
    version: str
    endpoint: str
    created_at: datetime = Field(validation_alias="createdAt")
    certificate_authority: str = Field(validation_alias=AliasPath("certificateAuthority", "data"))
    vpc_id: str = Field(validation_alias=AliasPath("resourcesVpcConfig", "vpcId"))
    is_public: bool = Field(True, validation_alias=AliasPath("resourcesVpcConfig", "endpointPublicAccess"))
    networks: tuple[str, ...] = Field(
        (EVERYWHERE,), validation_alias=AliasPath("resourcesVpcConfig", "publicAccessCidrs")
    )
    issuer: str = Field(validation_alias=AliasPath("identity", "oidc", "issuer"))
    auto_mode: bool = Field(False, validation_alias=AliasPath("computeConfig", "enabled"))
    ip_family: str = Field("ipv4", validation_alias=AliasPath("kubernetesNetworkConfig", "ipFamily"))


@limited()
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
        status = found.get("status", "of an unknown status")
        if status not in USABLE:
            rule, fix = "the API server has to answer", f"Wait for it (`aws eks wait cluster-active --name {name}`)."
            raise InputError([Problem(f"{api.where}, cluster {name}", f"the cluster is {status}", rule, fix)])
        known = _Cluster.model_validate(found)
        if known.ip_family == "ipv6":
            # Source: model_build_target_group.go of the controller 3.5; linkerd.io/2/features/ipv6.
            where, rule = f"{api.where}, cluster {name}", "load balancers and proxies of this stack use IPv4"
            fix = "Choose a cluster of the IP family ipv4: that of a cluster cannot be changed."
            raise InputError([Problem(where, "its pods have IPv6 addresses only (ipFamily ipv6)", rule, fix)])
        return _facts(known, api.login.region)


def _facts(found: _Cluster, region: str) -> EksCluster:
    return EksCluster(
        name=found.name,
        arn=found.arn,
        region=region,
        account=found.arn.split(":")[4],
        partition=found.arn.split(":")[1],
        version=found.version,
        endpoint=found.endpoint,
        certificate_authority=found.certificate_authority,
        vpc_id=found.vpc_id,
        oidc_issuer=found.issuer.removeprefix("https://"),
        created_at=in_utc(found.created_at).isoformat(),
        public_networks=found.networks if found.is_public else (),
        auto_mode=found.auto_mode,
    )


def _absent(api: AwsApi, name: str) -> Problem:
    found, rule = f"there is no cluster '{name}' in {api.login.region}", "the stack needs an existing one"
    if elsewhere := _elsewhere(api, name):
        fix = f"It is in {', '.join(elsewhere)}: run `pulumi config set --path '{_REGION}' {elsewhere[0]}`."
        return Problem(f"{_REGION}, AWS account {api.account}", found, rule, fix)
    known = _there(api)
    others = f"those in {api.login.region} are {', '.join(known)}" if known else "the region has none that you may see"
    fix = f"Set it with `pulumi config set --path '{_CLUSTER}' <name>` ({others}), or choose another account."
    return Problem(f"{_CLUSTER}, AWS account {api.account}", found, rule, fix)


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
        # Each in a context of its own, which knows when all of this has to end.
        asked = {region: pool.submit(copy_context().run, has_it, region) for region in clients}
        return [region for region, there in asked.items() if there.result()]
