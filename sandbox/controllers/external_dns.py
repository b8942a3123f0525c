"""Simulates ExternalDNS with its TXT registry."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.api_client import ApiClient
from sandbox.controllers.aws import Aws
from sandbox.controllers.cluster import ingresses
from sandbox.controllers.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_route53.literals import ChangeActionType
    from mypy_boto3_route53.type_defs import (
        AliasTargetTypeDef,
        ChangeTypeDef,
        ResourceRecordSetTypeDef,
        ResourceRecordTypeDef,
    )

HOSTNAME = "external-dns.alpha.kubernetes.io/hostname"
REACTION = 1.0
"""Seconds between a change of Ingresses and that of their records; the real one waits for 5."""


@dataclass
class ExternalDns:
    """Keeps a record for each Ingress, and knows its own by their owner id."""

    api: ApiClient
    aws: Aws
    cluster: str
    is_dead: bool = False
    """True if it does nothing at all, like one whose zone is not found."""
    deployment: Deployment = field(default_factory=lambda: Deployment("external-dns"))
    _seen: Mapping[str, str] = field(default_factory=dict[str, str])
    _since: float = 0.0

    def step(self) -> None:
        """Reconcile once; raises what the API server and AWS raise."""
        if self.is_dead or not self.deployment.works(self.api, self.aws, self.cluster):
            return
        wanted = self._wanted()
        if wanted != self._seen:
            self._seen, self._since = wanted, time.monotonic()
        if time.monotonic() - self._since >= REACTION:
            self._sync(wanted)

    def wait(self, seconds: float = 180.0) -> None:
        """Return when everything that is seen has its record; raises TimeoutError if that takes too long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if set(self._owned()) == set(self._wanted()):
                return
            time.sleep(REACTION / 4)
        message = f"records are not what the Ingresses say after {seconds:g} s"
        raise TimeoutError(message)

    def _wanted(self) -> dict[str, str]:
        """Return the load balancer's name by host."""
        domains = self.deployment.values("domain-filter")
        return {
            host: each.address
            for each in ingresses(self.api)
            if (host := each.annotation(HOSTNAME)) and each.address and _is_below(host, domains)
        }

    def _sync(self, wanted: Mapping[str, str]) -> None:
        owned = self._owned()
        missing = [host for host in wanted if host not in owned]
        changes: list[ChangeTypeDef] = [change for host in missing for change in self._creation(host, wanted[host])]
        if self.deployment.value("policy") == "sync":
            left = [records for host, records in owned.items() if host not in wanted]
            changes += [_change("DELETE", each) for records in left for each in records]
        if changes:
            self.aws.route53.change_resource_record_sets(HostedZoneId=self._zone, ChangeBatch={"Changes": changes})

    def _owned(self) -> "dict[str, list[ResourceRecordSetTypeDef]]":
        """Return the records of each host that belongs to this owner, and the TXT record that says so."""
        known = self.aws.route53.list_resource_record_sets(HostedZoneId=self._zone)["ResourceRecordSets"]
        mark = f"external-dns/owner={self._owner},"
        owned: dict[str, list[ResourceRecordSetTypeDef]] = {}
        for txt in known:
            if txt["Type"] == "TXT" and any(mark in each["Value"] for each in txt.get("ResourceRecords", [])):
                host = next((each for each in known if self._title(each["Name"]) == txt["Name"]), None)
                name = (host or txt)["Name"].rstrip(".")
                owned[name] = [{**each} for each in known if each in (host, txt)]
        return owned

    def _creation(self, host: str, address: str) -> "list[ChangeTypeDef]":
        owner = f'"heritage=external-dns,external-dns/owner={self._owner},external-dns/resource=ingress"'
        balancers = self.aws.elbv2.describe_load_balancers()["LoadBalancers"]
        zone = next(each.get("CanonicalHostedZoneId", "") for each in balancers if each.get("DNSName") == address)
        target: AliasTargetTypeDef = {"HostedZoneId": zone, "DNSName": address, "EvaluateTargetHealth": True}
        alias: ResourceRecordSetTypeDef = {"Name": host, "Type": "A", "AliasTarget": target}
        values: list[ResourceRecordTypeDef] = [{"Value": owner}]
        title = self._title(f"{host}.")
        txt: ResourceRecordSetTypeDef = {"Name": title, "Type": "TXT", "TTL": 300, "ResourceRecords": values}
        return [_change("CREATE", each) for each in (alias, txt)]

    def _title(self, name: str) -> str:
        """Return the name of the TXT record of an alias, which is called a CNAME there."""
        prefix = self.deployment.value("txt-prefix")
        if "%{record_type}" in prefix:
            return prefix.replace("%{record_type}", "cname") + name
        return f"{prefix}cname-{name}"

    @property
    def _owner(self) -> str:
        return self.deployment.value("txt-owner-id", "default")

    @property
    def _zone(self) -> str:
        return self.deployment.value("zone-id-filter")


def _change(action: "ChangeActionType", record: "ResourceRecordSetTypeDef") -> "ChangeTypeDef":
    return {"Action": action, "ResourceRecordSet": record}


def _is_below(host: str, domains: list[str]) -> bool:
    return not domains or any(host == each or host.endswith(f".{each}") for each in domains)
