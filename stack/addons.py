"""Arguments of the add-ons of an EKS cluster."""

from collections.abc import Mapping
from hashlib import sha256
from typing import TypedDict

from components.addons.aws_add_ons import AwsAddOnsArgs
from components.addons.external_dns import ExternalDnsArgs
from components.addons.load_balancer_controller import LoadBalancerControllerArgs
from components.addons.load_balancer_extras import Extra
from components.addons.readable_secret import SecretName
from components.resources.meshed_namespace import Namespaces
from model.charts import Part
from model.eks import EksCluster, Zone
from model.names import dns_owner
from preflight.startup import Start
from settings import parts
from settings.eks import Eks
from stack import cluster as base
from stack import hosts

LONGEST_ROLE_NAME = 64
DIGITS = 8


class _Account(TypedDict):
    """What the add-ons have to know of the AWS account."""

    stack: str
    cluster: EksCluster
    zone: Zone | None
    tags: Mapping[str, str]
    """Tags of everything that the stack has in the account."""


def aws_add_ons(start: Start, stack: str, namespaces: Namespaces) -> AwsAddOnsArgs:
    """Return those of all add-ons that the settings want. Raises LookupError where the stack is not on EKS."""
    zone = start.eks.zone if start.eks else None
    account: _Account = {
        "stack": stack,
        "cluster": base.eks_cluster(start),
        "zone": zone,
        "tags": base.tags(start.settings, stack),
    }
    installs_agent = start.settings.eks and start.settings.eks.install_pod_identity_agent
    return {
        "pod_identity_agent": base.pod_identity_agent(start) if installs_agent else None,
        "load_balancer_controller": _load_balancer_controller(start, namespaces, account),
        "external_dns": _external_dns(start, namespaces, account),
        "certificate": hosts.certificate(start),
    }


def _load_balancer_controller(
    start: Start, namespaces: Namespaces, account: _Account
) -> LoadBalancerControllerArgs | None:
    settings, cluster = start.settings, account["cluster"]
    if settings.eks is None or not parts.has_load_balancer_controller(settings):
        return None
    return {
        "namespace": namespaces.names[parts.LOAD_BALANCER_CONTROLLER],
        "crds_chart": start.charts[Part.LOAD_BALANCER_CONTROLLER_CRDS],
        "chart": start.charts[Part.LOAD_BALANCER_CONTROLLER],
        "image_registry": settings.image_registry,
        "cluster": cluster,
        "identity": settings.eks.identity,
        "role_name": role_name(account["stack"], cluster, "load-balancers"),
        "ingress_class": settings.ingress_class,
        "extras": extras(settings.eks),
        "tags": account["tags"],
        "oidc_secrets": oidc_secrets(start, namespaces),
        "renewal_days": settings.trust.renewal_days,
    }


def _external_dns(start: Start, namespaces: Namespaces, account: _Account) -> ExternalDnsArgs | None:
    settings, cluster, zone = start.settings, account["cluster"], account["zone"]
    if settings.eks is None or settings.dns is None or zone is None or not parts.has_external_dns(settings):
        return None
    return {
        "namespaces": namespaces,
        "chart": start.charts[Part.EXTERNAL_DNS],
        "image_registry": settings.image_registry,
        "cluster": cluster,
        "identity": settings.eks.identity,
        "role_name": role_name(account["stack"], cluster, "dns"),
        "zone": zone,
        "domain": settings.dns.base_domain,
        "ingress_class": settings.ingress_class,
        "owner_id": dns_owner(account["stack"], cluster.region, cluster.name),
    }


def oidc_secrets(start: Start, namespaces: Namespaces) -> list[SecretName]:
    """Return the Secrets that the hosts with a login name."""
    viz = start.settings.viz
    if not viz.enabled or not viz.dashboard:
        return []
    return [{"namespace": namespaces.names[parts.VIZ], "name": viz.dashboard.oidc.secret_name}]


def extras(eks: Eks) -> list[Extra]:
    """Return what the load balancer controller may do beyond load balancers."""
    chosen = eks.load_balancer_controller
    wanted = {Extra.WAF: chosen.waf, Extra.SHIELD: chosen.shield, Extra.COGNITO: chosen.cognito}
    return [extra for extra, on in wanted.items() if on]


def role_name(stack: str, cluster: EksCluster, role: str) -> str:
    """Return a name that no other stack, cluster or role in the account gets, and that says whose it is."""
    unique = sha256(f"{stack}\n{cluster.arn}\n{role}".encode()).hexdigest()[:DIGITS]
    end = f"-{role}-{unique}"
    return f"{stack}-{cluster.name}"[: LONGEST_ROLE_NAME - len(end)] + end
