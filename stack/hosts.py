"""Arguments of what the stack's names in the world have in common."""

from typing import TYPE_CHECKING

from components.resources.host_ingress import Exposure
from model.names import load_balancer_group
from preflight.startup import Start
from settings import parts

if TYPE_CHECKING:
    from components.addons.aws_add_ons import AwsAddOns
    from components.addons.host_certificate import HostCertificateArgs


def certificate(start: Start) -> "HostCertificateArgs | None":
    """Return those of the hosts' certificate; None if they have one, or need none, or nobody could prove it."""
    settings, zone = start.settings, start.eks.zone if start.eks else None
    hosts, chosen = parts.hosts(settings), settings.public_hosts
    # The dashboard is always over HTTPS: a login over plain HTTP would be none.
    needed = hosts and (chosen.https or parts.DASHBOARD_HOST in hosts)
    if not needed or chosen.certificate_arn or zone is None or settings.dns is None:
        return None
    return {"domain": settings.dns.base_domain, "zone_id": zone.id}


def exposure(start: Start, stack: str, add_ons: "AwsAddOns | None") -> Exposure:
    """Return how every host faces the world."""
    chosen = start.settings.public_hosts
    made = add_ons.certificate_arn if add_ons and certificate(start) else None
    arn = chosen.certificate_arn or made
    found: Exposure = {
        "ingress_class": start.settings.ingress_class,
        "group": load_balancer_group(stack),
        "scheme": chosen.scheme,
        # Without a certificate a load balancer has no listener for HTTPS, and the controller an error.
        "https": chosen.https and arn is not None,
        "served_by": [add_ons] if add_ons else [],
    }
    if chosen.inbound_cidrs:
        found["inbound_cidrs"] = chosen.inbound_cidrs
    if arn is not None:
        found["certificate_arn"] = arn
    return found
