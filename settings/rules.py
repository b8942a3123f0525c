"""The rules across settings: which ones contradict each other, or need one another.

Each rule yields a problem for each contradiction that it finds in settings whose values are valid by themselves.
"""

from collections.abc import Iterator

from model.eks import EVERYWHERE
from model.failure_accrual import ORDER_RULE, milliseconds
from model.names import PROJECT, CanaryOwner, Scheme
from model.problem import Problem
from settings import Settings, parts

_DNS, _HOSTS, _ATTENDEES = f"{PROJECT}:dns", f"{PROJECT}:publicHosts", f"{PROJECT}:attendees"
_CANARY = "demos.progressiveDelivery"
LONGEST_LABEL = 63
"""Characters between two dots of a DNS name. Source: RFC 1035, 2.3.4."""
MOST_HOSTS = 100
"""Target groups of a load balancer, one for each host; AWS does not raise this quota.

Source: docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html.
"""
LONGEST_CERTIFIED = 64
"""Source: "Domain names" in docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html."""


def _lifetimes(settings: Settings) -> Iterator[Problem]:
    trust = settings.trust
    if not trust.renewal_days < trust.issuer_days <= trust.anchor_days:
        found = f"renewalDays {trust.renewal_days}, issuerDays {trust.issuer_days}, anchorDays {trust.anchor_days}"
        rule = "renewalDays has to be below issuerDays, and issuerDays not above anchorDays"
        fix = "An issuer that outlives its anchor, or is due at once, would be replaced in every `up`; change one."
        yield Problem(f"{PROJECT}:trust", found, rule, fix)


def _penalties(settings: Settings) -> Iterator[Problem]:
    breaker = settings.demos.circuit_breaking.breaker
    if milliseconds(breaker.min_penalty) > milliseconds(breaker.max_penalty):
        found = f"minPenalty is {breaker.min_penalty}, and maxPenalty {breaker.max_penalty}"
        fix = "Linkerd would leave the Service without a breaker; change one."
        yield Problem(f"{PROJECT}:demos.circuitBreaking.breaker", found, ORDER_RULE, fix)


def _plugin(settings: Settings) -> Iterator[Problem]:
    plugin = settings.delivery.argo_rollouts.plugin
    if plugin.sha256 and not plugin.location:
        key = f"{PROJECT}:delivery.argoRollouts.plugin"
        fix = f"Set `{key}.location`, too, or remove it with `pulumi config rm --path '{key}.sha256'`."
        yield Problem(f"{key}.sha256", "it is set without a location", "it is the checksum of the file there", fix)


def _canary(settings: Settings) -> Iterator[Problem]:
    demo = settings.demos.progressive_delivery
    if demo.enabled and not settings.delivery.argo_rollouts.enabled:
        yield _needs(f"{_CANARY}.enabled", "delivery.argoRollouts.enabled", "its Rollout needs a controller")
    if demo.enabled and demo.analysis and not settings.viz.enabled:
        yield _needs(f"{_CANARY}.analysis", "viz.enabled", "it asks viz's Prometheus for the success rate")


def _canary_of_argo_cd(settings: Settings) -> Iterator[Problem]:
    argo_cd, demo, key = settings.delivery.argo_cd, settings.demos.progressive_delivery, f"{PROJECT}:{_CANARY}"
    if not demo.enabled or demo.owner is not CanaryOwner.ARGO_CD:
        return
    if not argo_cd.enabled:
        yield _needs(f"{_CANARY}.owner", "delivery.argoCd.enabled", "Argo CD is to own the demo", demo.owner)
    elif not argo_cd.application.repository:
        name = f"{PROJECT}:delivery.argoCd.application.repository"
        fix = f"Set it with `pulumi config set --path '{name}' https://github.com/example/workshop.git`."
        yield Problem(name, "it is not set", "Argo CD takes the demo that it owns from a git repository", fix)
    for name in (each for each, on in {"analysis": demo.analysis, "randomErrors": demo.random_errors}.items() if on):
        fix = f"Remove it with `pulumi config rm --path '{key}.{name}'`, and write it into the repository."
        yield Problem(f"{key}.{name}", "it is true while Argo CD owns the demo", "the repository says what it is", fix)
    if demo.host:
        found, rule = f"Argo CD owns the demo, and its host is '{demo.host}'", "the Ingress belongs to the owner"
        yield Problem(f"{key}.host", found, rule, f"Remove it with `pulumi config rm --path '{key}.host'`.")


def _dashboard(settings: Settings) -> Iterator[Problem]:
    if settings.viz.dashboard and not settings.viz.enabled:
        yield _needs("viz.dashboard", "viz.enabled", "the dashboard is a part of viz", "set")


def _hosts(settings: Settings) -> Iterator[Problem]:
    takers: dict[str, str] = {}
    for key, host in parts.hosts(settings).items():
        if host in takers:
            found, rule = f"the host '{host}' is that of {takers[host]}, too", "each host leads to one app"
            yield Problem(f"{PROJECT}:{key}", found, rule, "Choose another name for one of them.")
        takers.setdefault(host, key)


def _end(settings: Settings) -> Iterator[Problem]:
    if settings.workshop_ends and settings.workshop_days:
        key = f"{PROJECT}:workshopDays"
        found = f"it is {settings.workshop_days}, and workshopEnds is {settings.workshop_ends}"
        rule = "a workshop ends on a day, or some days after its last `up`"
        fix = f"Remove one with `pulumi config rm '{key}'` or `pulumi config rm '{PROJECT}:workshopEnds'`."
        yield Problem(key, found, rule, fix)


def _without_eks(settings: Settings) -> Iterator[Problem]:
    if settings.dns and not settings.eks:
        fix = f"Set {PROJECT}:eks, too, or remove it with `pulumi config rm '{_DNS}'`."
        yield Problem(_DNS, "it is set without eks", "the zone is looked up in the cluster's account", fix)


def _two_clusters(settings: Settings) -> Iterator[Problem]:
    for key, value in {"kubeconfig": settings.kubeconfig, "context": settings.context}.items():
        if value and settings.eks:
            fix = f"Remove one, such as with `pulumi config rm '{PROJECT}:{key}'`."
            yield Problem(f"{PROJECT}:{key}", "it is set, as is eks", "each names a cluster, and a stack has one", fix)


def _outside(settings: Settings) -> Iterator[Problem]:
    dns, key = settings.dns, f"{_DNS}.domain"
    if not settings.eks or not dns:
        return
    domain = dns.base_domain
    if domain != dns.zone and not domain.endswith(f".{dns.zone}"):
        fix = f"Set it with `pulumi config set --path '{key}' dev.{dns.zone}`, or correct dns.zone."
        found, rule = f"the domain '{domain}' lies outside the zone '{dns.zone}'", "the records lie in the zone"
        yield Problem(key, found, rule, fix)
        return
    for key, host in parts.hosts(settings).items():
        # Not the domain itself, either: the stack's wildcard certificate does not cover it.
        if not host.endswith(f".{domain}"):
            fix = f"Set it with `pulumi config set --path '{PROJECT}:{key}' {host.partition('.')[0]}.{domain}`."
            found, rule = f"the host '{host}' does not lie below '{domain}'", "all hosts of the stack do"
            yield Problem(f"{PROJECT}:{key}", found, rule, fix)


def _uncertified(settings: Settings) -> Iterator[Problem]:
    """Yield the domain that is too long for the stack's own certificate, and the hosts for which it is not valid."""
    given = settings.public_hosts.certificate_arn
    if not settings.eks or not settings.dns or given or not parts.needs_certificate(settings):
        return
    domain = settings.dns.base_domain
    if len(f"*.{domain}") > LONGEST_CERTIFIED:
        found = f"the domain '{domain}' has {len(domain)} characters"
        rule = f"ACM issues certificates for names of at most {LONGEST_CERTIFIED}, and this one would be for *.{domain}"
        fix = f"Choose a shorter one, or give one with `pulumi config set --path '{_HOSTS}.certificateArn' <arn>`."
        yield Problem(f"{_DNS}.{'domain' if settings.dns.domain else 'zone'}", found, rule, fix)
    for key, host in parts.hosts(settings).items():
        if host.endswith(f".{domain}") and "." in host.removesuffix(f".{domain}"):
            flat = host.removesuffix(f".{domain}").replace(".", "-")
            fix = f"Set it with `pulumi config set --path '{PROJECT}:{key}' {flat}.{domain}`, or give a certificate."
            found = f"the host '{host}' lies more than one label below '{domain}'"
            yield Problem(f"{PROJECT}:{key}", found, f"the certificate is for *.{domain}", fix)


def _records_without_zone(settings: Settings) -> Iterator[Problem]:
    if settings.dns or not settings.eks or not settings.eks.external_dns.enabled:
        return
    key = f"{PROJECT}:eks.externalDns.enabled"
    fix = (
        f"Set the zone with `pulumi config set --path '{_DNS}.zone' example.com`,"
        f" or switch ExternalDNS off with `pulumi config set --path '{key}' false`."
    )
    yield Problem(key, "it is true while dns.zone is not set", "ExternalDNS may change records of one zone only", fix)


def _certificate(settings: Settings) -> Iterator[Problem]:
    """HTTPS needs a certificate: the given one, or the stack's own, which a record in the zone validates."""
    chosen, arn, eks = settings.public_hosts, f"{_HOSTS}.certificateArn", settings.eks
    if not eks or not parts.hosts(settings):
        return
    if parts.needs_certificate(settings) and not chosen.certificate_arn and not settings.dns:
        found = "it is true" if chosen.https else "the dashboard is public, and always over HTTPS"
        rule = "there is neither a certificate nor a zone to validate one in"
        fix = (
            f"Set a zone with `pulumi config set --path '{_DNS}.zone' example.com`, a certificate with"
            f" `pulumi config set --path '{arn}' <arn>`, or plain HTTP with https false."
        )
        yield Problem(f"{_HOSTS}.https", found, rule, fix)
    if chosen.certificate_arn and chosen.certificate_arn.split(":")[3] != eks.region:
        found = f"the certificate is in {chosen.certificate_arn.split(':')[3]}, and the cluster in {eks.region}"
        fix = f"Take one of {eks.region}, or remove it with `pulumi config rm --path '{arn}'` for one of the stack's."
        yield Problem(arn, found, "a load balancer takes those of its region only", fix)


def _networks(settings: Settings) -> Iterator[Problem]:
    chosen, key = settings.public_hosts, f"{_HOSTS}.inboundCidrs"
    if not settings.eks or not parts.hosts(settings):
        return
    if chosen.scheme is Scheme.INTERNET_FACING and chosen.inbound_cidrs is None:
        names = ", ".join(parts.hosts(settings))
        fix = (
            f"Set it with `pulumi config set --path '{key}[0]' 203.0.113.0/24` (your network;"
            f" {EVERYWHERE} for the whole internet), or set publicHosts.scheme to internal."
        )
        yield Problem(key, "it is not set", f"it has to name the networks that may reach {names}", fix)


def _needs(key: str, needed: str, why: str, value: str = "true") -> Problem:
    fix = f"Set the one with `pulumi config set --path '{PROJECT}:{needed}' true`, or switch the other off."
    return Problem(f"{PROJECT}:{key}", f"it is {value} while {needed} is false", why, fix)


def _attendees(settings: Settings) -> Iterator[Problem]:
    """Yield the reasons why attendees cannot have namespaces of their own."""
    chosen = settings.attendees
    if not chosen:
        return
    if (chosen.count is None) == (chosen.names is None):
        found = "neither count nor names is set" if chosen.names is None else "count and names are both set"
        fix = f"Set one with `pulumi config set --path '{_ATTENDEES}.count' 20`, and remove the other."
        yield Problem(_ATTENDEES, found, "attendees have either a number or a name each", fix)
        return
    own = set(parts.namespaces(settings.model_copy(update={"attendees": None})))
    for number, name in enumerate(chosen.all_names):
        key = f"{_ATTENDEES}.names[{number}]" if chosen.names else f"{_ATTENDEES}.prefix"
        fix = "Choose another name."
        if name in own or name == "default" or name.startswith("kube-"):
            yield Problem(key, f"'{name}' is the name of another namespace", "each attendee has one of their own", fix)
        if name in chosen.all_names[:number]:
            yield Problem(key, f"'{name}' is the name of another attendee", "each has a name of their own", fix)


def _attendee_hosts(settings: Settings) -> Iterator[Problem]:
    """Yield the problems with attendees' public hosts; of names that are too long, only the longest."""
    found = parts.attendee_hosts(settings)
    fix = f"Choose shorter names, or none with `pulumi config set --path '{_ATTENDEES}.hosts' false`."
    longest = max((host.partition(".")[0] for host in found), key=len, default="")
    if len(longest) > LONGEST_LABEL:
        rule = f"a label of a DNS name has at most {LONGEST_LABEL}"
        yield Problem(f"{_ATTENDEES}.hosts", f"the label '{longest}' has {len(longest)} characters", rule, fix)
    taken = {host: key for key, host in parts.hosts(settings).items()}
    for host in sorted(taken.keys() & found.keys()):
        clash = f"the host '{host}' of attendee {found[host]} is that of {taken[host]}, too"
        fix = "Choose another name for one of them."
        yield Problem(f"{_ATTENDEES}.hosts", clash, "each host leads to one app", fix)
    if settings.eks and len(found) + len(taken) > MOST_HOSTS:
        seen = f"there are {len(found) + len(taken)} hosts, of which {len(found)} are of attendees"
        rule = f"the load balancer that they share has at most {MOST_HOSTS} target groups"
        fix = f"Have none with `pulumi config set --path '{_ATTENDEES}.hosts' false`, or several stacks and clusters."
        yield Problem(f"{_ATTENDEES}.hosts", seen, rule, fix)


def contradictions(settings: Settings) -> list[Problem]:
    """Return the contradictions among a stack's settings, by all rules; their order decides nothing."""
    rules = (
        *(_lifetimes, _penalties, _plugin, _canary, _canary_of_argo_cd, _dashboard, _hosts, _end),
        *(_without_eks, _two_clusters, _outside, _uncertified, _records_without_zone, _certificate, _networks),
        *(_attendees, _attendee_hosts),
    )
    return [problem for rule in rules for problem in rule(settings)]
