"""The check that pods of the cluster can get the permissions of an IAM role, in the way that the settings choose."""

from botocore.exceptions import ClientError

from clients.aws.api import AwsApi
from clients.aws.refusals import ABSENT, code
from model.eks import OIDC_AUDIENCE, EksCluster
from model.names import POD_IDENTITY_AGENT, PROJECT, Identity
from model.problem import InputError, Problem


def check_pod_rights(api: AwsApi, cluster: EksCluster, stack: str) -> None:
    """Check that the add-ons' pods can get their roles. Raises InputError if they cannot."""
    if not (api.login.load_balancer_controller.enabled or api.login.external_dns.enabled):
        return
    found = _provider(api, cluster) if api.login.identity == Identity.IRSA else _agent(api, cluster, stack)
    if found:
        raise InputError(found)


def _agent(api: AwsApi, cluster: EksCluster, stack: str) -> list[Problem]:
    """Return the problem of an agent that is missing, or that another owner has installed."""
    key, installs = f"{PROJECT}:eks.installPodIdentityAgent", api.login.install_pod_identity_agent
    tags = None if cluster.auto_mode else _agents_tags(api, cluster)
    fix = f"Set it with `pulumi config set --path '{key}' false`."
    if cluster.auto_mode:  # which has the agent on every node, and nobody can install it there
        found, rule = f"cluster {cluster.name} is in Auto Mode", "EKS brings the agent there itself"
        return [Problem(key, found, rule, fix)] if installs else []
    if tags is None and not installs:
        found = f"cluster {cluster.name} has no add-on {POD_IDENTITY_AGENT}"
        rule = "without it no pod gets the rights of its role"
        return [Problem(key, found, rule, f"Let this stack install it with `pulumi config set --path '{key}' true`.")]
    is_own = tags is not None and (tags.get("project"), tags.get("stack")) == (PROJECT, stack)
    if tags is not None and installs and not is_own:
        found, rule = f"cluster {cluster.name} has the add-on {POD_IDENTITY_AGENT} already", "only one can exist"
        return [Problem(key, found, rule, fix)]
    return []


def _agents_tags(api: AwsApi, cluster: EksCluster) -> dict[str, str] | None:
    """Return the tags of the add-on; None if it is not there."""
    with api.asking("eks:DescribeAddon"):
        try:
            answer = api.eks.describe_addon(clusterName=cluster.name, addonName=POD_IDENTITY_AGENT)
            return answer["addon"].get("tags", {})
        except ClientError as error:
            if code(error) not in ABSENT:
                raise
            return None


def _provider(api: AwsApi, cluster: EksCluster) -> list[Problem]:
    arn = cluster.oidc_provider_arn
    where, rule = f"{PROJECT}:eks.identity, {arn}", "a role trusts the cluster's pods through it"
    with api.asking("iam:GetOpenIDConnectProvider"):
        try:
            audiences = api.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]
        except ClientError as error:
            if code(error) not in ABSENT:
                raise
            fix = (
                "Create it with `eksctl utils associate-iam-oidc-provider --approve"
                f" --cluster {cluster.name} --region {cluster.region}`, or set eks.identity to pod-identity."
            )
            return [Problem(where, "the account has no such identity provider", rule, fix)]
    if OIDC_AUDIENCE in audiences:
        return []
    command = f"add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn}"
    fix = f"Add it with `aws iam {command} --client-id {OIDC_AUDIENCE}`."
    return [Problem(where, f"its audiences lack {OIDC_AUDIENCE}", rule, fix)]
