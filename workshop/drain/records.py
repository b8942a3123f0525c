"""What ExternalDNS has made: records, each with a TXT record that says whose it is."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from clients.limits import limited
from workshop.drain.account import Account, Found, Kind, Marks

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef

TITLES = {"A": ("a", "cname"), "AAAA": ("aaaa",), "CNAME": ("cname",)}
"""What the name of a record's TXT record begins with, by type: an alias, which is an A record, is called a CNAME there.

Source: registry/txt and registry/mapper of ExternalDNS 0.22.
"""

TYPE_IN_PREFIX = "%{record_type}"
"""Where a prefix has the type; it stands between prefix and name otherwise."""


@limited()
def records(account: Account, marks: Marks) -> list[Found]:
    """Return the stack's records, TXT records last. Raises InputError if AWS does not tell."""
    if marks.zone is None:
        return []
    with account.asking("route53:ListResourceRecordSets"):
        pages = account.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=marks.zone)
        known = [each for page in pages for each in page["ResourceRecordSets"]]
        owned = [each for each in known if each["Type"] == "TXT" and _says(each, marks.owner)]
        names = {each["Name"] for each in owned}
        return [_found(each) for each in (*(each for each in known if _is_meant(each, names, marks.prefix)), *owned)]


def _says(txt: "ResourceRecordSetOutputTypeDef", owner: str) -> bool:
    """Return whether a TXT record says that `owner` has made what it is about."""
    values = (value["Value"].strip('"').split(",") for value in txt.get("ResourceRecords", []))
    return any({"heritage=external-dns", f"external-dns/owner={owner}"} <= set(parts) for parts in values)


def _is_meant(record: "ResourceRecordSetOutputTypeDef", names: Collection[str], prefix: str) -> bool:
    """Return whether one of the TXT records `names` is about a record."""
    titles = TITLES.get(record["Type"], ())
    if TYPE_IN_PREFIX in prefix:
        return any(prefix.replace(TYPE_IN_PREFIX, title) + record["Name"] in names for title in titles)
    return any(f"{prefix}{title}-{record['Name']}" in names for title in titles)


def _found(record: "ResourceRecordSetOutputTypeDef") -> Found:
    name = record["Name"].rstrip(".")
    return Found(Kind.RECORD, f"{record['Type']} {name}", f"{name} ({record['Type']})", record)
