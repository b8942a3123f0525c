"""The part of the EKS API that moto does not have, and the facts of the cluster that is the sandbox."""

import base64
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Response

from model.json_values import mapping
from sandbox import ports
from sandbox.api_client import ApiClient
from sandbox.aws import backends
from sandbox.aws.calls import Call, answer, not_found
from sandbox.aws.cluster_records import Addons, Associations, Records
from sandbox.paths import Home

KINDS = {"addons": Addons, "pod-identity-associations": Associations}
"""The kinds of records that moto does not have, by their part of the path."""


class Eks:
    """Answers the requests that moto has no path for."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._records: dict[tuple[str, str, str, str], Records] = {}

    def records(self, account: str, region: str, cluster: str, kind: str) -> Records:
        """Return a cluster's records of one of `KINDS`; raises RefusalError if there is no such cluster."""
        if cluster not in backends.clusters(account, region):
            raise not_found(f"No cluster found for name: {cluster}.")
        return self._records.setdefault((account, region, cluster, kind), KINDS[kind](cluster, account, region))

    def serve(self, call: Call) -> Response | None:
        """Answer, or leave it to moto."""
        if call.scope("service") != "eks":
            return None
        account, region = backends.account_of(call), call.scope("region")
        self._update_facts(account, region)
        if call.path[0] == "tags":
            return self._tags("/".join(call.path[1:]), call)
        match call.path:
            case ("clusters", cluster, kind, *rest) if kind in KINDS:
                return self.records(account, region, cluster, kind).serve(rest, call)
            case _:
                return None

    def _tags(self, arn: str, call: Call) -> Response | None:
        every = ((f"{each.kind}Arn", record) for each in self._records.values() for record in each.by_key.values())
        found: Any = next((record["tags"] for key, record in every if record[key] == arn), None)
        if found is None:
            return None
        if call.method == "POST":
            found.update({key: str(value) for key, value in mapping(call.json().get("tags")).items()})
        if call.method == "DELETE":
            for key in call.all("tagKeys"):
                found.pop(key, None)
        return answer({"tags": found} if call.method == "GET" else {})

    def _update_facts(self, account: str, region: str) -> None:
        """Set the clusters that are this sandbox to its address, authority and version, as they are now."""
        for cluster in backends.clusters(account, region).values():
            if getattr(cluster, "sandbox", False):
                cluster.endpoint, cluster.created_at = address(self._home), created_at(self._home)
                cluster.version = version(self._home) or cluster.version
                cluster.certificate_authority = {"data": authority(self._home)}


def address(home: Home) -> str:
    """Return the address of the sandbox's API server."""
    chosen = ports.recorded(home)
    return f"https://127.0.0.1:{chosen.api}" if chosen else "https://127.0.0.1:1"


def authority(home: Home) -> str:
    """Return the authority of the API server's certificate, as EKS writes it."""
    file = home.certificates / "ca.crt"
    return base64.b64encode(file.read_bytes() if file.exists() else b"").decode()


def created_at(home: Home) -> datetime:
    """Return when the sandbox's authority was created; it distinguishes a cluster from an earlier one of its name."""
    file = home.certificates / "complete"
    return datetime.fromtimestamp(int(file.stat().st_mtime) if file.exists() else 0, UTC).replace(tzinfo=None)


def version(home: Home) -> str | None:
    """Return the API server's version, such as 1.36; None while it does not answer."""
    chosen = ports.recorded(home)
    try:
        answer = ApiClient(chosen.api, home.certificates, 2).get("/version") if chosen else None
    except OSError:
        return None
    return ".".join(str(mapping(answer)["gitVersion"]).lstrip("v").split(".")[:2]) if answer else None
