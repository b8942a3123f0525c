"""The policies of the add-ons, as the program renders them for one cluster."""

from collections.abc import Collection
from dataclasses import replace
from functools import cache

from pulumi import Resource
from pulumi_kubernetes.core.v1 import ConfigMap

from components.addons.aws_add_ons import AwsAddOns, AwsAddOnsArgs
from components.addons.external_dns import ExternalDnsArgs
from components.addons.load_balancer_controller import LoadBalancerControllerArgs
from components.addons.load_balancer_policy import Extra
from model.names import Identity
from tests.deployment import Deployment
from tests.engine import deploy
from tests.program import EKS, ZONE

ACCOUNT, REGION = "123456789012", "eu-central-1"
ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
CLUSTER = replace(EKS, oidc_issuer=ISSUER)
TAGS = {"owner": "platform team", "stack": "dev"}
EXTRAS: list[tuple[Extra, ...]] = [(), *((extra,) for extra in Extra), tuple(Extra)]
"""None of them, each alone, all of them."""


def arguments(
    identity: Identity = Identity.POD_IDENTITY, extras: Collection[Extra] = (), namespaces: Resource | None = None
) -> AwsAddOnsArgs:
    """Return the arguments of both add-ons; only a program may call it, for it creates a missing namespace resource."""
    return {
        "pod_identity_agent": None,
        "certificate": None,
        "load_balancer_controller": _controller(identity, extras),
        "external_dns": _dns(identity, namespaces or ConfigMap("namespaces")),
    }


def _controller(identity: Identity, extras: Collection[Extra]) -> LoadBalancerControllerArgs:
    return {
        "namespace": "aws-load-balancer-controller",
        "crds_chart": {"chart": ".charts/crds.tgz"},
        "chart": {"chart": ".charts/chart.tgz"},
        "cluster": CLUSTER,
        "identity": identity,
        "role_name": "dev-workshop-load-balancers-01234567",
        "ingress_class": "alb",
        "extras": extras,
        "tags": TAGS,
        "renewal_days": 10,
        "high_availability": False,
        "image_registry": None,
        "oidc_secrets": [],
    }


def _dns(identity: Identity, namespaces: Resource) -> ExternalDnsArgs:
    return {
        "namespaces": namespaces,
        "chart": {"chart": ".charts/dns.tgz"},
        "cluster": CLUSTER,
        "identity": identity,
        "role_name": "dev-workshop-dns-01234567",
        "zone": ZONE,
        "domain": "dev.example.com",
        "ingress_class": "alb",
        "image_registry": None,
        "owner_id": f"linkerd-workshop/dev/{REGION}/workshop",
    }


@cache
def deployed(identity: Identity = Identity.POD_IDENTITY, extras: tuple[Extra, ...] = ()) -> Deployment:
    """Return both add-ons."""
    return deploy(lambda: AwsAddOns("aws", arguments(identity, extras)))


def rights(add_on: str, identity: Identity = Identity.POD_IDENTITY, extras: tuple[Extra, ...] = ()) -> str:
    """Return what the role of an add-on (`external-dns`, `load-balancer-controller`) may do."""
    return str(deployed(identity, extras).named(f"aws-{add_on}-identity-policy").at("policy"))


def trust(add_on: str, identity: Identity) -> str:
    """Return who may assume the role of an add-on."""
    return str(deployed(identity).named(f"aws-{add_on}-identity-role").at("assumeRolePolicy"))
