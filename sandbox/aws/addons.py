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

    def update(self, name: str, body: Fields) -> Fields:
        """Change an add-on; return the completed update."""
        found = self.describe(name)
        version = body.get("addonVersion") or found["addonVersion"]
        if VERSIONS.get(name) != version:
            raise RefusalError("InvalidParameterException", "Addon version specified is not supported")
        found.update({key: body[key] for key in GIVEN if key in body} | {"modifiedAt": time.time()})
        return finished_update(backends.draw_hex(32))

    def delete(self, name: str) -> Fields:
        """Remove an add-on; raises if there is none."""
        found = self.describe(name)
        del self.by_name[name]
        return found | {"status": "DELETING"}


def finished_update(key: str) -> Fields:
    """Return the record of a completed change."""
    return {
        "id": key,
        "status": "Successful",
        "type": "AddonUpdate",
        "params": [],
        "createdAt": time.time(),
        "errors": [],
    }


def known(name: str | None) -> list[Fields]:
    """Return what `describe-addon-versions` lists."""
    return [
        {
            "addonName": each,
            "type": "networking",
            "publisher": "eks",
            "owner": "aws",
            "addonVersions": [
                {"addonVersion": version, "architecture": ["amd64", "arm64"], "compatibilities": [compatible()]}
            ],
        }
        for each, version in VERSIONS.items()
        if name in (None, each)
    ]


def compatible() -> Fields:
    """Return the compatibility of any version with any cluster."""
    return {"clusterVersion": "1.35", "platformVersions": ["*"], "defaultVersion": True}
