"""A meshed pod of another app in the cluster, which no `up` restarts."""

from clients.cluster_api import ClusterApi
from preflight.trust import BUNDLE_VARIABLE
from tests.sandbox.sandbox_command import eventually

PODS = "/api/v1/namespaces/default/pods"


class Neighbour:
    """The pod, as the injector would have created it."""

    def __init__(self, api: ClusterApi) -> None:
        self._api, self._starts = api, 0

    @property
    def path(self) -> str:
        """The pod's path, another one after each start: the simulated kubelet ends pods by name, and late."""
        return f"{PODS}/neighbour-{self._starts}"

    def start(self, bundle: str) -> None:
        """Start the pod with a proxy that trusts `bundle`."""
        self._starts += 1
        variable = {"name": BUNDLE_VARIABLE, "value": bundle}
        proxy = {"name": "linkerd-proxy", "image": "example.com/proxy:1", "env": [variable]}
        metadata = {"name": self.path.rpartition("/")[2], "labels": {"linkerd.io/control-plane-ns": "linkerd"}}
        answer = self._api.post(PODS, {"metadata": metadata, "spec": {"containers": [proxy]}})
        assert answer.status == 201, answer.text

    def stop(self) -> None:
        """Remove the pod, and return when it is deleted."""
        self._api.ask("DELETE", self.path, {"gracePeriodSeconds": 0})
        assert eventually(lambda: self._api.find(self.path) is None), "the pod does not go"

    def label_bundle(self) -> None:
        """Label the mesh's trust bundle, as some tools do with everything that they see."""
        path = "/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots?fieldManager=somebody-else"
        assert self._api.ask("PATCH", path, {"metadata": {"labels": {"example.com/seen": "yes"}}}).status == 200
