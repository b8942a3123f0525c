"""Decides whether a controller would run in a real cluster, and with which arguments and rights."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from model.json_values import Json, at, entries, mapping, mappings, text
from model.names import CREDENTIALS, Identity
from sandbox.api_client import ApiClient
from sandbox.controllers.aws import Aws
from sandbox.controllers.pod_identity import ROLE


@dataclass
class Deployment:
    """The Deployment of one controller: the newest that was seen, and when its pods end."""

    chart: str
    """The value of its label `app.kubernetes.io/name`."""
    arguments: Sequence[str] = ()
    namespace: str = ""
    account: str = ""
    """Its pods' service account."""
    _grace: float = field(default=0.0, init=False)
    _ends: float = field(default=0.0, init=False)

    def works(self, api: ApiClient, aws: Aws, cluster: str) -> bool:
        """Return whether its pods are there, and may do something in AWS.

        The simulated kubelet ends pods at once, so a `preStop` that lets them work on is simulated here.
        """
        found = mappings(api.get(f"/apis/apps/v1/deployments?labelSelector={self._selector}"), "items")
        ready = [each for each in found if at(each, "status", "readyReplicas")]
        if not ready:
            return time.monotonic() < self._ends
        self._read(ready[0])
        self._ends = time.monotonic() + self._grace
        return self._has_rights(api, aws, cluster)

    def values(self, name: str) -> list[str]:
        """Return the values of an argument, `--name=value`."""
        start = f"--{name}="
        return [each.removeprefix(start) for each in self.arguments if each.startswith(start)]

    def value(self, name: str, default: str = "") -> str:
        """Return the last value of an argument."""
        return (self.values(name) or [default])[-1]

    @property
    def _selector(self) -> str:
        return f"app.kubernetes.io/name%3D{self.chart}"

    def _read(self, document: Json) -> None:
        pod = mapping(at(document, "spec", "template", "spec"))
        container = mappings(pod, "containers")[0]
        self.arguments = [str(each) for key in ("command", "args") for each in entries(container, key)]
        self.namespace = text(document, "metadata", "namespace")
        self.account = text(pod, "serviceAccountName") or "default"
        sleep = at(container, "lifecycle", "preStop", "sleep", "seconds") or 0
        self._grace = min(float(str(sleep)), float(str(pod["terminationGracePeriodSeconds"])))

    def _has_rights(self, api: ApiClient, aws: Aws, cluster: str) -> bool:
        """Return whether a pod was created with the way to credentials, and the role behind them is there."""
        found = mappings(api.get(f"/api/v1/namespaces/{self.namespace}/pods?labelSelector={self._selector}"), "items")
        containers = [each for pod in found for each in mappings(pod, "spec", "containers")]
        given = {text(each, "name") for container in containers for each in entries(container, "env")}
        if CREDENTIALS[Identity.IRSA] in given:
            account = api.get(f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{self.account}")
            return _is_there(aws, text(account, "metadata", "annotations", ROLE))
        if CREDENTIALS[Identity.POD_IDENTITY] not in given:
            return False
        bound = aws.eks.list_pod_identity_associations(
            clusterName=cluster, namespace=self.namespace, serviceAccount=self.account
        )
        return bool(bound["associations"])


def _is_there(aws: Aws, role: str) -> bool:
    try:
        aws.iam.get_role(RoleName=role.rpartition("/")[2])
    except ClientError:
        return False
    return True
