"""`aws.route53.Record`, without aliases and routing policies."""

from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import override

from sandbox.providers.aws.connection import Aws
from sandbox.providers.aws.kind import Inputs, Kind
from sandbox.providers.aws.values import Given, Plain, text, texts, unordered

TYPES = "^(A|AAAA|CAA|CNAME|DS|HTTPS|MX|NAPTR|NS|PTR|SOA|SPF|SRV|SSHFP|SVCB|TLSA|TXT)$"


class RecordInputs(Inputs):
    """The record's zone, name and values."""

    name: str
    type: Annotated[str, Field(pattern=TYPES)]
    zone_id: Annotated[str, Field(min_length=1)]
    records: Annotated[list[str], Field(min_length=1)]
    ttl: int


class Record(Kind):
    """A record in a hosted zone. The real provider changes its type in place; the program never does."""

    title, inputs = "Route53 Record", RecordInputs
    replaces = frozenset({"name", "type", "zoneId"})
    computed = frozenset({"fqdn"})
    spellings: ClassVar = {"records": unordered, "name": lambda name: _folded(str(name))}

    @override
    def create(self, aws: Aws, given: Given) -> str:
        """Create the record; one that is there already is somebody else's."""
        zone = text(given, "zoneId")
        self._change(aws, zone, {"Action": "CREATE", "ResourceRecordSet": self._wanted(aws, given)})
        return f"{zone}_{text(given, 'name').lower()}_{text(given, 'type')}"

    @override
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        record = self._find(aws, state)
        if record is None:
            return None
        records: list[Plain] = [each["Value"] for each in record["ResourceRecords"]]
        return {"fqdn": self._full_name(aws, state), "records": records, "ttl": record["TTL"]}

    @override
    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        self._change(aws, text(new, "zoneId"), {"Action": "UPSERT", "ResourceRecordSet": self._wanted(aws, new)})

    @override
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        if present := self._find(aws, state):
            self._change(aws, text(state, "zoneId"), {"Action": "DELETE", "ResourceRecordSet": present})

    def _wanted(self, aws: Aws, given: Given) -> dict[str, Any]:
        records = [{"Value": value} for value in texts(given, "records")]
        name, kind = self._full_name(aws, given), text(given, "type")
        return {"Name": name, "Type": kind, "TTL": given["ttl"], "ResourceRecords": records}

    def _full_name(self, aws: Aws, given: Given) -> str:
        answer = aws.client("route53").get_hosted_zone(Id=text(given, "zoneId"))
        name, zone = _folded(text(given, "name")), _folded(answer["HostedZone"]["Name"])
        return name if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}".lstrip(".")

    def _change(self, aws: Aws, zone: str, change: dict[str, Any]) -> None:
        aws.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})

    def _find(self, aws: Aws, given: Given) -> dict[str, Any] | None:
        sought = (self._full_name(aws, given), text(given, "type"))
        lister = aws.client("route53").get_paginator("list_resource_record_sets")
        every = lister.paginate(HostedZoneId=text(given, "zoneId")).search("ResourceRecordSets[]")
        return next((each for each in every if (_folded(each["Name"]), each["Type"]) == sought), None)


def _folded(name: str) -> str:
    """Return a name as it is compared; Route 53 writes the asterisk as a number."""
    return name.rstrip(".").lower().replace("\\052", "*")
