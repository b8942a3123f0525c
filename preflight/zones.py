"""The checks that the stack's hosted zone exists, is the one that resolvers ask, and has room for its certificate."""

import re
from collections.abc import Iterator

from clients.aws.api import AwsApi
from clients.limits import limited
from model.eks import Zone
from model.names import PROJECT
from model.problem import InputError, Problem
from settings.eks import Dns

_KEY = f"{PROJECT}:dns.zone"
MOST = "20"
"""Zones of one name that are looked at."""


class NoZoneError(InputError):
    """The account has no such zone."""


@limited()
def find_zone(api: AwsApi, dns: Dns) -> Zone:
    """Return the public zone of the stack.

    Raises InputError if there is none, if more than one has the name, or if it delegates the domain.
    """
    zone = find_public_zone(api, dns)
    below = (name for name in _with_parents(dns.base_domain) if name.endswith(f".{dns.zone}"))
    if given := next((name for name in below if _is_delegated(api, zone, name)), None):
        found = f"zone {dns.zone} delegates {given} (it has NS records of that name)"
        fix = f"Set it with `pulumi config set --path '{_KEY}' {given}`."
        raise InputError([Problem(_KEY, found, "resolvers would ask another zone for the stack's hosts", fix)])
    return zone


def find_public_zone(api: AwsApi, dns: Dns) -> Zone:
    """Return the one public zone that matches the settings. Raises NoZoneError if there is none."""
    found = _zones(api, dns.zone)
    public = [id_ for id_, private in found if not private]
    if not public:
        raise NoZoneError([_private(api, dns) if found else _absent(api, dns)])
    chosen = [id_ for id_ in public if dns.zone_id in (None, id_)]
    if len(chosen) != 1:
        raise (InputError if chosen else NoZoneError)([_several(api, dns, public)])
    return Zone(chosen[0], dns.zone)


def _zones(api: AwsApi, name: str) -> list[tuple[str, bool]]:
    """Return id and privacy of each zone of a name."""
    with api.asking("route53:ListHostedZonesByName"):
        answer = api.route53.list_hosted_zones_by_name(DNSName=name, MaxItems=MOST)
        return [
            (zone["Id"].rpartition("/")[2], zone.get("Config", {}).get("PrivateZone", False))
            for zone in answer["HostedZones"]
            if zone["Name"].rstrip(".") == name  # they are in alphabetical order, and go on with others
        ]


def _with_parents(name: str) -> Iterator[str]:
    """Yield a domain and its parents, without a top level domain."""
    while "." in name:
        yield name
        name = name.partition(".")[2]


def _is_delegated(api: AwsApi, zone: Zone, name: str) -> bool:
    with api.asking("route53:ListResourceRecordSets"):
        answer = api.route53.list_resource_record_sets(
            HostedZoneId=zone.id, StartRecordName=name, StartRecordType="NS", MaxItems="1"
        )
        first = next(iter(answer["ResourceRecordSets"]), None)
        return first is not None and (first["Name"].rstrip("."), first["Type"]) == (name, "NS")


PROOF = "_[0-9a-f]{32}"
"""The first label of a record by which ACM validates a domain."""


@limited()
def check_proof(api: AwsApi, zone: Zone, dns: Dns, stack: str) -> None:
    """Check that no other certificate of the domain needs the record of the stack's own, which a destroy deletes.

    ACM gives every certificate for `example.com` or `*.example.com` in an account the same record, in all regions.
    Raises InputError if the record is there, and the stack has no certificate.
    """
    domain = dns.base_domain
    if (name := _proof(api, zone, domain)) and not _has_certificate(api, domain, stack):
        found = f"record {name} validates a certificate that is not this stack's"
        rule = f"the stack's own for *.{domain} would get the same record, and its destroy delete it"
        fix = (
            f"Take that certificate with `pulumi config set --path '{PROJECT}:publicHosts.certificateArn' <arn>` or"
            f" another domain with dns.domain; if no certificate needs the record any more, delete it."
        )
        raise InputError([Problem(f"{_KEY}, hosted zone {zone.id}", found, rule, fix)])


def _proof(api: AwsApi, zone: Zone, domain: str) -> str | None:
    with api.asking("route53:ListResourceRecordSets"):
        # In the zone's order names that begin with `_` come before letters, and are few.
        answer = api.route53.list_resource_record_sets(
            HostedZoneId=zone.id, StartRecordName=f"_.{domain}", StartRecordType="CNAME", MaxItems="100"
        )
        names = (each["Name"].rstrip(".") for each in answer["ResourceRecordSets"] if each["Type"] == "CNAME")
        return next((each for each in names if re.fullmatch(rf"{PROOF}\.{re.escape(domain)}", each)), None)


def _has_certificate(api: AwsApi, domain: str, stack: str) -> bool:
    """Return whether the stack itself has requested a certificate for the domain's hosts."""
    with api.asking("acm:ListCertificates"):
        pages = api.acm.get_paginator("list_certificates").paginate()
        known = [each for page in pages for each in page["CertificateSummaryList"]]
    with api.asking("acm:ListTagsForCertificate"):
        for each in known:
            if each.get("DomainName") == f"*.{domain}":
                found = api.acm.list_tags_for_certificate(CertificateArn=each.get("CertificateArn", ""))["Tags"]
                tags = {tag["Key"]: tag.get("Value") for tag in found}
                if (tags.get("project"), tags.get("stack")) == (PROJECT, stack):
                    return True
    return False


def _where(api: AwsApi) -> str:
    return f"{_KEY}, AWS account {api.account}"


def _absent(api: AwsApi, dns: Dns) -> Problem:
    found, rule = f"there is no hosted zone '{dns.zone}'", "the stack's hosts and certificate need an existing one"
    fix = f"Set it with `pulumi config set --path '{_KEY}' <zone>` (`aws route53 list-hosted-zones` lists them)."
    if parent := next((name for name in list(_with_parents(dns.zone))[1:] if _zones(api, name)), None):
        fix = (
            f"There is one of the name {parent}: run `pulumi config set --path '{_KEY}' {parent}`"
            f" and `pulumi config set --path '{PROJECT}:dns.domain' {dns.base_domain}`."
        )
    return Problem(_where(api), found, rule, fix)


def _private(api: AwsApi, dns: Dns) -> Problem:
    rule = "resolvers and the certificate's issuer have to reach it"
    fix = f"Create a public one, or set another with `pulumi config set --path '{_KEY}' <zone>`."
    return Problem(_where(api), f"zone {dns.zone} is private", rule, fix)


def _several(api: AwsApi, dns: Dns, ids: list[str]) -> Problem:
    key, known = f"{PROJECT}:dns.zoneId", ", ".join(sorted(ids))
    fix = f"Set it with `pulumi config set --path '{key}' <id>`: the one whose name servers `dig NS {dns.zone}` lists."
    if dns.zone_id:
        found = f"no public zone of the name {dns.zone} has the id {dns.zone_id}"
        return Problem(f"{key}, AWS account {api.account}", found, f"the known ones are {known}", fix)
    found = f"{len(ids)} public zones have the name {dns.zone} ({known})"
    return Problem(_where(api), found, "resolvers ask only the one that the parent zone delegates to", fix)
