"""A meshed pod of another app in the cluster, which no `up` restarts."""

import time
from pathlib import Path
from typing import Any

from kubernetes import client, config

from preflight.trust import BUNDLE_VARIABLE

_client: Any = client
_config: Any = config
NAMESPACE = "default"


class Neighbour:
    """The pod, as the injector would have made it."""

    def __init__(self, kubeconfig: Path) -> None:
        self._core = _client.CoreV1Api(_config.new_client_from_config(str(kubeconfig)))
        self._starts = 0

    @property
    def name(self) -> str:
        """The pod's name, another one after each start: the simulated kubelet ends pods by name, and late."""
        return f"neighbour-{self._starts}"

    def start(self, bundle: str) -> None:
        """Start the pod with a proxy that trusts `bundle`."""
        self._starts += 1
        variable = {"name": BUNDLE_VARIABLE, "value": bundle}
        proxy = {"name": "linkerd-proxy", "image": "example.com/proxy:1", "env": [variable]}
        labels = {"linkerd.io/control-plane-ns": "linkerd"}
        body = {"metadata": {"name": self.name, "labels": labels}, "spec": {"containers": [proxy]}}
        self._core.create_namespaced_pod(NAMESPACE, body)

    def stop(self) -> None:
        """Remove the pod, and return when it is gone."""
        self._core.delete_namespaced_pod(self.name, NAMESPACE, grace_period_seconds=0)
        end = time.monotonic() + 60
        while any(pod.metadata.name == self.name for pod in self._core.list_namespaced_pod(NAMESPACE).items):
            assert time.monotonic() < end, "the pod does not go"
            time.sleep(0.2)

    def label_bundle(self) -> None:
        """Label the mesh's trust bundle, as some tools do with everything that they see."""
        body = {"metadata": {"labels": {"example.com/seen": "yes"}}}
        self._core.patch_namespaced_config_map(
            "linkerd-identity-trust-roots", "linkerd", body, field_manager="somebody-else"
        )
