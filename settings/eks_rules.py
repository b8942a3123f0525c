"""What one setting alone cannot tell of a stack on EKS: where it is, under which names it answers, and for whom."""

from collections.abc import Iterator

from model.eks import EVERYWHERE
from model.names import PROJECT, Scheme
from model.problem import Problem
from settings import Settings, parts
from settings.eks import Dns, Eks

_DNS, _HOSTS = f"{PROJECT}:dns", f"{PROJECT}:publicHosts"


def contradictions(settings: Settings) -> Iterator[Problem]:
    """Yield what does not go together."""
    if settings.eks is None:
        yield from _without_eks(settings)
        return
    yield from _two_clusters(settings)
    if settings.dns:
        yield from _outside(settings, settings.dns)
        yield from _too_deep(settings, settings.dns)
    elif settings.eks.external_dns.enabled:
        yield _records_without_zone()
    if parts.hosts(settings):
        yield from _certificate(settings, settings.eks)
        yield from _world(settings)


def _without_eks(settings: Settings) -> Iterator[Problem]:
    if settings.dns:
        cure = f"Set {PROJECT}:eks, too, or remove it with `pulumi config rm '{_DNS}'`."
        yield Problem(_DNS, "it is set without eks", "the zone is looked up in the cluster's account", cure)


def _two_clusters(settings: Settings) -> Iterator[Problem]:
    for key, value in {"kubeconfig": settings.kubeconfig, "context": settings.context}.items():
        if value:
            cure = f"Remove one, such as with `pulumi config rm '{PROJECT}:{key}'`."
            yield Problem(f"{PROJECT}:{key}", "it is set beside eks", "each names a cluster, and a stack has one", cure)


def _outside(settings: Settings, dns: Dns) -> Iterator[Problem]:
    domain, key = dns.base_domain, f"{_DNS}.domain"
    if domain != dns.zone and not domain.endswith(f".{dns.zone}"):
        cure = f"Set it with `pulumi config set --path '{key}' dev.{dns.zone}`, or correct dns.zone."
        found, rule = f"the domain '{domain}' lies outside the zone '{dns.zone}'", "the records lie in the zone"
        yield Problem(key, found, rule, cure)
        return
    for key, host in parts.hosts(settings).items():
        # Not the domain's own name, either: the records that say whose it is would lie beside the domain.
        if not host.endswith(f".{domain}"):
            cure = f"Set it with `pulumi config set --path '{PROJECT}:{key}' {host.partition('.')[0]}.{domain}`."
            found, rule = f"the host '{host}' does not lie below '{domain}'", "all hosts of the stack do"
            yield Problem(f"{PROJECT}:{key}", found, rule, cure)


def _too_deep(settings: Settings, dns: Dns) -> Iterator[Problem]:
    """Yield the hosts for which the stack's own certificate, a wildcard, would not be valid."""
    domain, hosts = dns.base_domain, parts.hosts(settings)
    if settings.public_hosts.certificate_arn or not (settings.public_hosts.https or parts.DASHBOARD_HOST in hosts):
        return
    for key, host in hosts.items():
        if host.endswith(f".{domain}") and "." in host.removesuffix(f".{domain}"):
            flat = host.removesuffix(f".{domain}").replace(".", "-")
            cure = f"Set it with `pulumi config set --path '{PROJECT}:{key}' {flat}.{domain}`, or give a certificate."
            found, rule = (
                f"the host '{host}' lies more than one label below '{domain}'",
                f"the certificate is for *.{domain}",
            )
            yield Problem(f"{PROJECT}:{key}", found, rule, cure)


def _records_without_zone() -> Problem:
    key = f"{PROJECT}:eks.externalDns.enabled"
    cure = (
        f"Set the zone with `pulumi config set --path '{_DNS}.zone' example.com`,"
        f" or switch ExternalDNS off with `pulumi config set --path '{key}' false`."
    )
    return Problem(key, "it is true while dns.zone is not set", "ExternalDNS may change records of one zone only", cure)


def _certificate(settings: Settings, eks: Eks) -> Iterator[Problem]:
    """HTTPS needs a certificate: the given one, or the stack's own, which the zone has to vouch for."""
    chosen, arn = settings.public_hosts, f"{_HOSTS}.certificateArn"
    needed = chosen.https or parts.DASHBOARD_HOST in parts.hosts(settings)
    if needed and not chosen.certificate_arn and not settings.dns:
        found = "it is true" if chosen.https else "the dashboard is public, and always over HTTPS"
        rule = "there is neither a certificate nor a zone to make one in"
        cure = (
            f"Set `pulumi config set --path '{_DNS}.zone' example.com`, a certificate with"
            f" `pulumi config set --path '{arn}' <arn>`, or plain HTTP with https false."
        )
        yield Problem(f"{_HOSTS}.https", found, rule, cure)
    if chosen.certificate_arn and chosen.certificate_arn.split(":")[3] != eks.region:
        found = f"the certificate is in {chosen.certificate_arn.split(':')[3]}, and the cluster in {eks.region}"
        cure = (
            f"Take one of {eks.region}, or remove it with `pulumi config rm --path '{arn}'` to get one of the stack's."
        )
        yield Problem(arn, found, "a load balancer takes those of its region only", cure)


def _world(settings: Settings) -> Iterator[Problem]:
    chosen, key = settings.public_hosts, f"{_HOSTS}.inboundCidrs"
    if chosen.scheme is Scheme.INTERNET_FACING and chosen.inbound_cidrs is None:
        names = ", ".join(parts.hosts(settings))
        cure = (
            f"Set it with `pulumi config set --path '{key}[0]' 203.0.113.0/24` (your network;"
            f" {EVERYWHERE} for the whole world), or set publicHosts.scheme to internal."
        )
        yield Problem(key, "it is not set", f"who may reach {names} is chosen on purpose", cure)
