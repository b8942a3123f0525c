"""Records as Route 53 writes them, and as the program does."""

from typing import Any

from sandbox.providers.aws.kind import Given, text, texts
from sandbox.providers.property_values import Object, Plain

QUOTED = ("TXT", "SPF")


def folded(name: str) -> str:
    """Return a name as it is compared; Route 53 writes the asterisk as a number."""
    return name.rstrip(".").lower().replace("\\052", "*")


def full_name(name: str, zone: str) -> str:
    """Return the full name of a record whose name may be relative to its zone."""
    name, zone = folded(name), folded(zone)
    if not name:
        return zone
    return name if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}"


def wanted(fqdn: str, given: Given) -> dict[str, Any]:
    """Return the record set that the inputs describe."""
    kind = text(given, "type")
    record: dict[str, Any] = {"Name": fqdn, "Type": kind}
    aliases = given.get("aliases")
    if isinstance(aliases, list) and aliases and isinstance(aliases[0], dict):
        alias = aliases[0]
        target = {"DNSName": alias["name"], "HostedZoneId": alias["zoneId"]}
        record["AliasTarget"] = target | {"EvaluateTargetHealth": alias["evaluateTargetHealth"]}
        return record
    values = [f'"{value}"' if kind in QUOTED else value for value in texts(given, "records")]
    return record | {"TTL": given["ttl"], "ResourceRecords": [{"Value": value} for value in values]}


def shown(record: dict[str, Any]) -> Object:
    """Return the values of a record set, by the names of outputs."""
    alias = record.get("AliasTarget")
    if alias:
        target = {"name": folded(alias["DNSName"]), "zoneId": alias["HostedZoneId"]}
        told: Plain = {**target, "evaluateTargetHealth": bool(alias["EvaluateTargetHealth"])}
        return {"aliases": [told], "records": None, "ttl": None}
    quoted = record["Type"] in QUOTED
    values: list[str] = [each["Value"] for each in record.get("ResourceRecords", [])]
    records: list[Plain] = [value[1:-1] if quoted else value for value in values]
    return {"aliases": None, "records": records, "ttl": record["TTL"]}


def normal_alias(value: Plain) -> Plain:
    """Write an alias so that equal ones are written alike."""
    if not isinstance(value, list):
        return value
    return [
        {**each, "name": folded(name)} if isinstance(each, dict) and isinstance(name := each.get("name"), str) else each
        for each in value
    ]
