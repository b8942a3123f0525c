"""Arguments of what the stack's names in the world have in common."""

from collections.abc import Sequence

from pulumi import Resource

from components.addons.host_certificate import HostCertificate
from components.resources.host_ingress import Exposure, Scheme
from conventions import load_balancer_group
from operations.startup import Start


def exposure(
    start: Start, stack: str, certificate: HostCertificate | None = None, served_by: Sequence[Resource] = ()
) -> Exposure:
    """Return how every host faces the world: `certificate` is the stack's own, `served_by` what serves Ingresses."""
    chosen = start.settings.public_hosts
    arn = chosen.certificate_arn or (certificate.arn if certificate else None)
    found: Exposure = {
        "ingress_class": start.settings.ingress_class,
        "group": load_balancer_group(stack),
        "scheme": Scheme(chosen.scheme),
        # Without a certificate a load balancer has no listener for HTTPS, and the controller an error.
        "https": chosen.https and arn is not None,
        "served_by": served_by,
    }
    if chosen.inbound_cidrs:
        found["inbound_cidrs"] = chosen.inbound_cidrs
    if arn is not None:
        found["certificate_arn"] = arn
    return found
