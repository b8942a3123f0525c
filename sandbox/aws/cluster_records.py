"""What EKS records of a cluster, and moto does not: its add-ons and Pod Identity associations."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from typing_extensions import override
from werkzeug.wrappers import Response

from sandbox.aws import backends
from sandbox.aws.calls import Call, RefusalError, answer, not_found

Fields = dict[str, object]
VERSIONS = {
    "coredns": "v1.12.2-eksbuild.4",
    "eks-pod-identity-agent": "v1.3.8-eksbuild.2",
    "external-dns": "v0.19.0-eksbuild.2",
    "kube-proxy": "v1.34.0-eksbuild.2",
    "metrics-server": "v0.8.0-eksbuild.2",
    "vpc-cni": "v1.20.1-eksbuild.3",
}
"""The add-ons that the double knows, each in one version."""
SHOWN_IN_LISTS = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")


@dataclass
class Records(ABC):
    """The records of one kind, by name or id; nothing is installed."""

    cluster: str
    account: str
    region: str
    by_key: dict[str, Fields] = field(default_factory=dict[str, Fields])
    kind: ClassVar[str]
    """The name of one in answers, and the beginning of its ARN's."""

    def serve(self, rest: Sequence[str], call: Call) -> Response | None:
        """Answer a request; None if there is no such request. Raises RefusalError."""
        match (call.method, *rest):
            case ("POST",):
                return answer({self.kind: self.create(call.json())})
            case ("GET", key):
                return answer({self.kind: self.describe(key)})
            case ("DELETE", key):
                self.describe(key)
                return answer({self.kind: self.by_key.pop(key)})
            case _:
                return None

    @abstractmethod
    def create(self, body: Fields) -> Fields:
        """Record one; raises RefusalError if it exists or cannot be."""

    def describe(self, key: str) -> Fields:
        """Return one; raises RefusalError if there is none."""
        if key not in self.by_key:
            raise not_found(f"No {self.kind} found with name or id: {key} in cluster: {self.cluster}")
        return self.by_key[key]

    def keep(self, key: str, arn: str, body: Fields, given: Fields) -> Fields:
        """Record one under its key; return it."""
        arn, now = f"arn:aws:eks:{self.region}:{self.account}:{arn}", time.time()
        usual = {"clusterName": self.cluster, f"{self.kind}Arn": arn, "createdAt": now, "modifiedAt": now}
        self.by_key[key] = {**usual, "tags": body.get("tags") or {}, **given}
        return self.by_key[key]


class Addons(Records):
    """The add-ons by name, active at once."""

    kind = "addon"

    @override
    def create(self, body: Fields) -> Fields:
        name = str(body.get("addonName"))
        version = body.get("addonVersion") or VERSIONS.get(name)
        if VERSIONS.get(name) != version:
            message = f"Addon version specified is not supported, the double knows {VERSIONS.get(name)} of {name}"
            raise RefusalError("InvalidParameterException", message)
        if name in self.by_key:
            raise RefusalError("ResourceInUseException", "Addon already exists.", 409)
        arn = f"addon/{self.cluster}/{name}/{backends.draw_hex(32)}"
        return self.keep(name, arn, body, {"addonName": name, "addonVersion": version, "status": "ACTIVE"})


class Associations(Records):
    """The roles of service accounts, by the association's id."""

    kind = "association"

    @override
    def serve(self, rest: Sequence[str], call: Call) -> Response | None:
        match (call.method, *rest):
            case ("GET",):
                return answer({"associations": self.listed(call.query)})
            case ("POST", key):
                return answer({"association": self.update(key, call.json())})
            case _:
                return super().serve(rest, call)

    @override
    def create(self, body: Fields) -> Fields:
        given: Fields = {}
        for key in ("namespace", "serviceAccount", "roleArn"):
            if not body.get(key):
                raise RefusalError("InvalidParameterException", f"{key} can't be empty")
            given[key] = body[key]
        check_role(body)
        for key, present in self.by_key.items():
            if all(present[name] == given[name] for name in ("namespace", "serviceAccount")):
                raise RefusalError("ResourceInUseException", f"Association already exists: {key}", 409)
        key = f"a-{backends.draw_hex(17)}"
        return self.keep(key, f"podidentityassociation/{self.cluster}/{key}", body, {"associationId": key, **given})

    def listed(self, query: Mapping[str, str]) -> list[Fields]:
        """Return those of a namespace and a service account, or all."""
        wanted = {key: query[key] for key in ("namespace", "serviceAccount") if key in query}
        found = [each for each in self.by_key.values() if all(each[key] == value for key, value in wanted.items())]
        return [{key: each[key] for key in SHOWN_IN_LISTS} for each in found]

    def update(self, key: str, body: Fields) -> Fields:
        """Bind another role; the service account stays."""
        found = self.describe(key)
        check_role(body)
        found.update({"roleArn": body["roleArn"], "modifiedAt": time.time()})
        return found


def check_role(body: Fields) -> None:
    """Raise RefusalError if the role of an association does not exist."""
    role = body.get("roleArn")
    if role and not backends.role_exists(str(role)):
        raise RefusalError("InvalidParameterException", f"Role provided in the request does not exist: {role}")
