"""The part of the EKS API that moto does not have, and the facts of the cluster that is the sandbox."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Response

from model.json_values import mapping
from sandbox import ports
from sandbox.api_client import ApiClient
from sandbox.aws import backends
from sandbox.aws.addons import Addons
from sandbox.aws.answers import answer, not_found
from sandbox.aws.calls import Call
from sandbox.aws.pod_identity import Associations
from sandbox.paths import Home


@dataclass
class Extras:
    """The part of one cluster that moto does not have."""

    associations: Associations
    addons: Addons

    def tags_of(self, arn: str) -> dict[str, str] | None:
        """Return the tags of an association or add-on, to be changed in place; None if there is none."""
        named = (("associationArn", self.associations.by_id), ("addonArn", self.addons.by_name))
        for key, found in named:
            for each in found.values():
                if each[key] == arn:
                    tags: Any = each["tags"]
                    return tags
        return None


class Eks:
    """Answers the requests that moto has no path for."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._extras: dict[tuple[str, str, str], Extras] = {}

    def extras(self, account: str, region: str, cluster: str) -> Extras:
        """Return the part of a cluster that moto does not have; raises if there is no such cluster."""
        if cluster not in backends.clusters(account, region):
            raise not_found(f"No cluster found for name: {cluster}.")
        return self._extras.setdefault(
            (account, region, cluster), Extras(Associations(cluster, account, region), Addons(cluster, account, region))
        )

    def serve(self, call: Call) -> Response | None:
        """Answer, or leave it to moto."""
        if call.scope("service") != "eks":
            return None
        account, region = backends.account_of(call), call.scope("region")
        self._update_facts(account, region)
        if call.path[0] == "tags":
            return self._tags("/".join(call.path[1:]), call)
        match call.path:
            case ("clusters", cluster, "pod-identity-associations", *rest):
                return associations_answer(self.extras(account, region, cluster).associations, rest, call)
            case ("clusters", cluster, "addons", *rest):
                return addons_answer(self.extras(account, region, cluster).addons, rest, call)
            case _:
                return None

    def _tags(self, arn: str, call: Call) -> Response | None:
        found = next((tags for each in self._extras.values() if (tags := each.tags_of(arn)) is not None), None)
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


def associations_answer(kept: Associations, rest: list[str], call: Call) -> Response | None:
    """Answer a request about associations; None if it is none."""
    match (call.method, *rest):
        case ("POST",):
            return answer({"association": kept.create(call.json())})
        case ("GET",):
            return answer({"associations": kept.listed(call.query)})
        case ("POST", key):
            return answer({"association": kept.update(key, call.json())})
        case ("GET", key):
            return answer({"association": kept.describe(key)})
        case ("DELETE", key):
            return answer({"association": kept.delete(key)})
        case _:
            return None


def addons_answer(kept: Addons, rest: list[str], call: Call) -> Response | None:
    """Answer a request about add-ons; None if it is none."""
    match (call.method, *rest):
        case ("POST",):
            return answer({"addon": kept.create(call.json())})
        case ("GET", name):
            return answer({"addon": kept.describe(name)})
        case ("DELETE", name):
            return answer({"addon": kept.delete(name)})
        case _:
            return None


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
