"""The add-ons: the Gateway API's definitions, and on EKS those that serve public hosts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from pulumi import Output

from components.addons.external_dns import ExternalDnsArgs
from components.addons.gateway_api import GatewayApi
from components.addons.load_balancer_controller import LoadBalancerControllerArgs, ReadableSecretArgs
from components.addons.load_balancer_policy import Extra
from components.addons.pod_identity_role import AwsAddOnArgs
from components.traffic.hosts import Exposure
from model.charts import Part
from model.eks import EksCluster, EksFacts
from model.names import dns_owner, load_balancer_group
from settings import parts
from settings.eks import Eks
from stack.cluster import Base, tags

if TYPE_CHECKING:
    from components.addons.aws_add_ons import AwsAddOns, AwsAddOnsArgs
    from components.addons.host_certificate import HostCertificateArgs

LONGEST_ROLE_NAME = 64
DIGITS = 8


@dataclass(frozen=True)
class AddOns:
    """The add-ons' results that the mesh and the demos need."""

    gateway_api: GatewayApi | None
    """None where the definitions are in the cluster already."""
    exposure: Exposure
    """The exposure of every public host."""
    expires: Output[Mapping[str, str]] | None
    """The ends of the certificates of the add-ons' webhooks; None where there are none."""


def install_add_ons(base: Base) -> AddOns:
    """Install the add-ons that the settings ask for."""
    aws = _install_aws_add_ons(base)
    gateway_api = None
    if base.settings.gateway_api.install:
        chart = base.start.charts[Part.GATEWAY_API_CRDS]["chart"]
        gateway_api = GatewayApi("gateway-api", {"chart": chart}, base.after())
    return AddOns(gateway_api, exposure(base, aws), aws.expires if aws else None)


def _install_aws_add_ons(base: Base) -> "AwsAddOns | None":
    if not base.start.eks or not base.settings.eks:
        return None
    # Importing what pulumi_aws has of them takes a third of a second, which other stacks need not wait for.
    from components.addons.aws_add_ons import AwsAddOns  # noqa: PLC0415

    eks, facts = base.settings.eks, base.start.eks
    args: AwsAddOnsArgs = {
        "pod_identity_agent": {"cluster": facts.cluster.name} if eks.install_pod_identity_agent else None,
        "load_balancer_controller": _load_balancer_controller_args(base, eks, facts),
        "external_dns": _external_dns_args(base, eks, facts),
        "certificate": certificate_args(base),
    }
    return AwsAddOns("add-ons", args, base.after())


def _load_balancer_controller_args(base: Base, eks: Eks, facts: EksFacts) -> LoadBalancerControllerArgs | None:
    settings, part = base.settings, Part.LOAD_BALANCER_CONTROLLER
    if not parts.has_load_balancer_controller(settings):
        return None
    return {
        **_aws_add_on_args(base, eks, facts, part, "load-balancers"),
        "namespace": base.namespaces.names[part],
        "crds_chart": base.start.charts[Part.LOAD_BALANCER_CONTROLLER_CRDS],
        "high_availability": settings.high_availability,
        "extras": extras(eks),
        "tags": tags(settings, base.stack),
        "oidc_secrets": _oidc_secrets(base),
        "renewal_days": settings.trust.renewal_days,
    }


def _external_dns_args(base: Base, eks: Eks, facts: EksFacts) -> ExternalDnsArgs | None:
    settings, cluster = base.settings, facts.cluster
    if settings.dns is None or facts.zone is None or not parts.has_external_dns(settings):
        return None
    return {
        **_aws_add_on_args(base, eks, facts, Part.EXTERNAL_DNS, "dns"),
        "namespaces": base.namespaces,
        "zone": facts.zone,
        "domain": settings.dns.base_domain,
        "owner_id": dns_owner(base.stack, cluster.region, cluster.name),
    }


def _aws_add_on_args(base: Base, eks: Eks, facts: EksFacts, part: Part, role: str) -> AwsAddOnArgs:
    return {
        "chart": base.start.charts[part],
        "cluster": facts.cluster,
        "identity": eks.identity,
        "role_name": role_name(base.stack, facts.cluster, role),
        "ingress_class": base.settings.ingress_class,
        "image_registry": base.settings.image_registry,
        # Its namespace has the part's name.
        "wait": partial(base.start.wait_for_credentials, part),
    }


def _oidc_secrets(base: Base) -> list[ReadableSecretArgs]:
    """Return the Secrets with which the hosts behind a login ask the identity provider."""
    viz = base.settings.viz
    if not viz.enabled or not viz.dashboard:
        return []
    return [{"namespace": base.namespaces.names[parts.VIZ], "name": viz.dashboard.oidc.secret_name}]


def extras(eks: Eks) -> list[Extra]:
    """Return the permissions of the load balancer controller beyond load balancers."""
    chosen = eks.load_balancer_controller
    wanted = {Extra.WAF: chosen.waf, Extra.SHIELD: chosen.shield, Extra.COGNITO: chosen.cognito}
    return [extra for extra, on in wanted.items() if on]


def role_name(stack: str, cluster: EksCluster, role: str) -> str:
    """Return a name that is unique among the account's stacks, clusters and roles, and that names its owner."""
    unique = sha256(f"{stack}\n{cluster.arn}\n{role}".encode()).hexdigest()[:DIGITS]
    end = f"-{role}-{unique}"
    return f"{stack}-{cluster.name}"[: LONGEST_ROLE_NAME - len(end)] + end


def certificate_args(base: Base) -> "HostCertificateArgs | None":
    """Return the arguments of the hosts' certificate; None if one is given or not needed, or there is no zone."""
    settings, zone = base.settings, base.start.eks.zone if base.start.eks else None
    if not parts.needs_certificate(settings) or zone is None or settings.dns is None:
        return None
    if settings.public_hosts.certificate_arn:
        return None
    return {"domain": settings.dns.base_domain, "zone_id": zone.id}


def exposure(base: Base, add_ons: "AwsAddOns | None") -> Exposure:
    """Return the exposure of every host."""
    chosen = base.settings.public_hosts
    own = add_ons.certificate_arn if add_ons and certificate_args(base) else None
    arn = chosen.certificate_arn or own
    return {
        "ingress_class": base.settings.ingress_class,
        "group": load_balancer_group(base.stack),
        "scheme": chosen.scheme,
        # Without a certificate a load balancer has no listener for HTTPS, and the controller an error.
        "https": chosen.https and arn is not None,
        "inbound_cidrs": chosen.inbound_cidrs,
        "certificate_arn": arn,
        "served_by": [add_ons] if add_ons else [],
    }
