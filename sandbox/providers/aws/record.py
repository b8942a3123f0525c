"""`aws.route53.Record`, without routing policies."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from sandbox.providers.aws import record_sets
from sandbox.providers.aws.connection import Aws, clearly, unless_gone
from sandbox.providers.aws.inputs import Fields, Inputs, Whole
from sandbox.providers.aws.kind import Given, Kind, text
from sandbox.providers.aws.reading import found
from sandbox.providers.property_values import Plain

TYPES = "^(A|AAAA|CAA|CNAME|DS|HTTPS|MX|NAPTR|NS|PTR|SOA|SPF|SRV|SSHFP|SVCB|TLSA|TXT)$"


class RecordAlias(Fields):
    """A name of AWS whose addresses are the answer."""

    evaluate_target_health: bool
    name: Annotated[str, Field(min_length=1, max_length=1024)]
    zone_id: Annotated[str, Field(min_length=1, max_length=32)]


class RecordInputs(Inputs):
    """The record's zone, name and values."""

    name: str
    type: Annotated[str, Field(pattern=TYPES)]
    zone_id: Annotated[str, Field(min_length=1)]
    aliases: Annotated[list[RecordAlias], Field(max_length=1)] | None = None
    allow_overwrite: bool | None = None
    records: list[str] | None = None
    ttl: Whole | None = None

    def problems(self) -> Iterator[str]:
        """Yield the contradictions between alias, records and ttl."""
        if bool(self.aliases) == bool(self.records):
            yield "exactly one of `alias,records` must be specified"
        if self.aliases and self.ttl is not None:
            yield "`ttl` conflicts with `alias`"
        if self.records and self.ttl is None:
            yield "`ttl` must be specified with `records`"


class Record(Kind):
    """A record in a hosted zone."""

    title, inputs = "Route 53 Record", RecordInputs
    replaces = frozenset({"name", "zoneId"})
    computed = frozenset({"allowOverwrite", "fqdn"})
    kept = frozenset({"allowOverwrite"})
    sets = frozenset({"records"})

    def create(self, aws: Aws, given: Given) -> str:
        """Make the record; one that is there already is somebody else's, unless it may be overwritten."""
        action = "UPSERT" if given.get("allowOverwrite") else "CREATE"
        zone, name, kind = text(given, "zoneId"), text(given, "name"), text(given, "type")
        with clearly("creating Route53 Record"):
            self._change(aws, zone, {"Action": action, "ResourceRecordSet": self._wanted(aws, given)})
        return f"{zone.rpartition('/')[2]}_{name.lower()}_{kind}"

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Give the record as Route 53 has it; an import has only the id."""
        zone, _, rest = key.partition("_")
        name, _, kind = rest.rpartition("_")
        zone, name = text(state, "zoneId") or zone, text(state, "name") or name
        kind = text(state, "type") or kind
        fqdn = found(f"reading Route 53 Record ({key})", lambda: self._fqdn(aws, zone, name))
        record = self._present(aws, zone, fqdn, kind) if fqdn else None
        told = {"allowOverwrite": state.get("allowOverwrite"), "fqdn": fqdn, "name": name, "type": kind, "zoneId": zone}
        return record and {**told, **record_sets.shown(record)}

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Update the record's values; a new type deletes the old record and creates another, in one batch."""
        zone, wanted = text(new, "zoneId"), self._wanted(aws, new)
        with clearly(f"updating Route 53 Record ({key})"):
            if text(old, "type") == text(new, "type"):
                self._change(aws, zone, {"Action": "UPSERT", "ResourceRecordSet": wanted})
                return
            present = self._present(aws, zone, self._fqdn(aws, zone, text(old, "name")), text(old, "type"))
            gone = [{"Action": "DELETE", "ResourceRecordSet": present}] if present else []
            self._change(aws, zone, *gone, {"Action": "CREATE", "ResourceRecordSet": wanted})

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Remove the record as it is now."""
        zone = text(state, "zoneId")
        with unless_gone(f"deleting Route 53 Record ({key})"):
            present = self._present(aws, zone, self._fqdn(aws, zone, text(state, "name")), text(state, "type"))
            if present:
                self._change(aws, zone, {"Action": "DELETE", "ResourceRecordSet": present})

    def normal(self, key: str, value: Plain) -> Plain:
        """Compare names without case and without the last period."""
        if key == "name" and isinstance(value, str):
            return value.rstrip(".").lower()
        return record_sets.normal_alias(value) if key == "aliases" else value

    def _wanted(self, aws: Aws, given: Given) -> dict[str, Any]:
        fqdn = self._fqdn(aws, text(given, "zoneId"), text(given, "name"))
        return record_sets.wanted(fqdn, given)

    def _fqdn(self, aws: Aws, zone: str, name: str) -> str:
        answer = aws.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"]
        return record_sets.full_name(name, answer)

    def _change(self, aws: Aws, zone: str, *changes: dict[str, Any]) -> None:
        aws.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [*changes]})

    def _present(self, aws: Aws, zone: str, fqdn: str, kind: str) -> dict[str, Any] | None:
        pages = aws.client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
        every = (each for page in pages for each in page["ResourceRecordSets"])
        same = (each for each in every if record_sets.folded(each["Name"]) == fqdn and each["Type"] == kind)
        return next(same, None)
