"""EKS add-ons, which moto does not have: only their records, nothing is installed."""

import time
from dataclasses import dataclass, field

from sandbox.aws import backends
from sandbox.aws.answers import RefusalError, not_found

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
GIVEN = ("configurationValues", "serviceAccountRoleArn", "podIdentityAssociations", "namespaceConfig")


@dataclass
class Addons:
    """The add-ons of one cluster, by name."""

    cluster: str
    account: str
    region: str
    by_name: dict[str, Fields] = field(default_factory=dict[str, Fields])

    def create(self, body: Fields) -> Fields:
        """Record an add-on, which is active at once; raises if it exists or is unknown."""
        name = str(body.get("addonName"))
        version = body.get("addonVersion") or VERSIONS.get(name)
        if VERSIONS.get(name) != version:
            message = f"Addon version specified is not supported, the double knows {VERSIONS.get(name)} of {name}"
            raise RefusalError("InvalidParameterException", message)
        if name in self.by_name:
            raise RefusalError("ResourceInUseException", "Addon already exists.", 409)
        identity = backends.draw_hex(32)
        arn = f"arn:aws:eks:{self.region}:{self.account}:addon/{self.cluster}/{name}/{identity}"
        record: Fields = {"addonName": name, "clusterName": self.cluster, "addonVersion": version, "addonArn": arn}
        now, health = time.time(), {"issues": list[str]()}
        record |= {"status": "ACTIVE", "health": health, "createdAt": now, "modifiedAt": now, "owner": "aws"}
        record |= {key: body[key] for key in GIVEN if body.get(key)}
        self.by_name[name] = record | {"publisher": "eks", "tags": body.get("tags") or {}}
        return self.by_name[name]

    def describe(self, name: str) -> Fields:
        """Return one add-on; raises if there is none."""
        if name not in self.by_name:
            raise not_found(f"No addon: {name} found in cluster: {self.cluster}")
        return self.by_name[name]

    def delete(self, name: str) -> Fields:
        """Remove an add-on; raises if there is none."""
        found = self.describe(name)
        del self.by_name[name]
        return found | {"status": "DELETING"}
