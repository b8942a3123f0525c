"""EKS Pod Identity associations, which moto does not have."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.aws import backends
from sandbox.aws.answers import RefusalError, not_found

Fields = dict[str, object]
SHOWN_IN_LISTS = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")


@dataclass
class Associations:
    """The associations of one cluster, by id."""

    cluster: str
    account: str
    region: str
    by_id: dict[str, Fields] = field(default_factory=dict[str, Fields])

    def create(self, body: Fields) -> Fields:
        """Bind a role to a service account; raises if the service account has one."""
        for key in ("namespace", "serviceAccount", "roleArn"):
            if not body.get(key):
                raise RefusalError("InvalidParameterException", f"{key} can't be empty")
        self._check_roles(body)
        wanted = (body["namespace"], body["serviceAccount"])
        for key, present in self.by_id.items():
            if (present["namespace"], present["serviceAccount"]) == wanted:
                raise RefusalError("ResourceInUseException", f"Association already exists: {key}", 409)
        key, now = f"a-{backends.draw_hex(17)}", time.time()
        arn = f"arn:aws:eks:{self.region}:{self.account}:podidentityassociation/{self.cluster}/{key}"
        given = {name: body[name] for name in ("namespace", "serviceAccount", "roleArn")}
        record: Fields = {"clusterName": self.cluster, "associationArn": arn, "associationId": key, **given}
        record |= {"createdAt": now, "modifiedAt": now, "tags": body.get("tags") or {}}
        self.by_id[key] = {"disableSessionTags": False, **record}
        return self.by_id[key]

    def describe(self, key: str) -> Fields:
        """Return one association; raises if there is none."""
        if key not in self.by_id:
            raise not_found(f"No association found with id: {key} in cluster: {self.cluster}")
        return self.by_id[key]

    def listed(self, query: Mapping[str, str]) -> list[Fields]:
        """Return those of a namespace and a service account, or all."""
        wanted = {key: query[key] for key in ("namespace", "serviceAccount") if key in query}
        found = [each for each in self.by_id.values() if all(each[key] == value for key, value in wanted.items())]
        return [{key: each[key] for key in SHOWN_IN_LISTS} for each in found]

    def update(self, key: str, body: Fields) -> Fields:
        """Bind another role; the service account stays."""
        found = self.describe(key)
        self._check_roles(body)
        found.update({"roleArn": body["roleArn"], "modifiedAt": time.time()})
        return found

    def delete(self, key: str) -> Fields:
        """Remove an association; raises if there is none."""
        found = self.describe(key)
        del self.by_id[key]
        return found

    def _check_roles(self, body: Fields) -> None:
        role = body.get("roleArn")
        if role and not backends.role_exists(str(role)):
            raise RefusalError("InvalidParameterException", f"Role provided in the request does not exist: {role}")
