"""Route 53: the changes that it refuses because of existing records; moto also compares with past changes."""

from typing import Any

from sandbox.aws.backends import failure


def checked_before(_: Any, __: Any, **___: Any) -> bool:  # noqa: ANN401
    """Accept a deletion, which was compared with the existing records before."""
    return True


def change_as_a_whole(original: Any, backend: Any, zoneid: str, change_list: list[Any]) -> None:  # noqa: ANN401
    """Refuse a batch that creates what exists, deletes what does not, or is outside the zone."""
    zone = backend.get_hosted_zone(zoneid)
    present = {key_of(record.name, record.type, record.set_identifier): record for record in zone.rrsets}
    for change in change_list:
        wanted = change["ResourceRecordSet"]
        name, kind = folded(wanted["Name"]), wanted["Type"]
        if name != folded(zone.name) and not name.endswith(f".{folded(zone.name)}"):
            refuse(f"RRSet with DNS name {name}. is not permitted in zone {zone.name}")
        found = present.get(key_of(name, kind, wanted.get("SetIdentifier")))
        tried = f"Tried to {change['Action'].lower()} resource record set [name='{name}.', type='{kind}'] but"
        if change["Action"] == "CREATE" and found:
            refuse(f"{tried} it already exists")
        if change["Action"] == "DELETE" and not found:
            refuse(f"{tried} it was not found")
        if change["Action"] == "DELETE" and not same(found, wanted):
            refuse(f"{tried} the values provided do not match the current values")
    # moto also compares with past changes: with them, a deleted record that is created again is refused.
    zone.rr_changes = type(zone.rr_changes)()
    original(backend, zoneid, change_list)


def folded(name: str) -> str:
    """Return a name as it is compared."""
    return name.rstrip(".").lower()


def key_of(name: str, kind: str, identifier: str | None) -> tuple[str, str, str]:
    """Return the key that is unique in a zone."""
    return folded(name), kind, identifier or ""


def same(record: Any, wanted: Any) -> bool:  # noqa: ANN401
    """Return whether a record has exactly these values."""
    alias: Any = record.alias_target or {}
    other: Any = wanted.get("AliasTarget") or {}
    if alias or other:
        keys = ("HostedZoneId", "DNSName")
        return [folded(str(alias.get(key))) for key in keys] == [folded(str(other.get(key))) for key in keys]
    values = [each["Value"] for each in wanted.get("ResourceRecords", [])]
    return sorted(record.records) == sorted(values) and int(record.ttl) == int(wanted.get("TTL", -1))


def refuse(message: str) -> None:
    """Raise what Route 53 answers."""
    raise failure("moto.route53.exceptions:Route53ClientError", "InvalidChangeBatch", message)
