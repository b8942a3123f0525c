"""The provider's one cluster: reached when first needed, its kubeconfig kept in a file for the helm binary."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.providers.kubernetes.api import UnreachableError
from sandbox.providers.kubernetes.configuration import Settings, is_contents, path_of
from sandbox.providers.kubernetes.objects import Cluster

if TYPE_CHECKING:
    from sandbox.providers.engine_log import EngineLog


class Connection:
    """Everything that operations share: settings, the cluster, the engine's ear, and whether to stop."""

    def __init__(self, settings: Settings, log: EngineLog) -> None:
        self.settings = settings
        self.engine = log
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._cluster: Cluster | None = None
        self._version = ""
        self._failure: UnreachableError | None = None
        self._kubeconfig = ""

    @property
    def kubeconfig(self) -> str:
        """The path of the kubeconfig; contents are written to a private file for the life of the process."""
        if not is_contents(self.settings.kubeconfig):
            return path_of(self.settings.kubeconfig)
        if not self._kubeconfig:
            folder = Path(tempfile.mkdtemp(prefix="pulumi-kubernetes-"))  # only its owner can enter
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            file = folder / "kubeconfig"
            file.write_text(self.settings.kubeconfig, encoding="utf-8")
            self._kubeconfig = str(file)
        return self._kubeconfig

    def cluster(self) -> Cluster:
        """Give the cluster; raises `UnreachableError`, the same one for everybody who asks."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._cluster is None:
                try:
                    self._cluster = Cluster(self.kubeconfig, self.settings.context)
                    self._version = self._cluster.version()
                except UnreachableError as error:
                    self._failure = error
                    self.engine.warn("", str(error))
                    raise
            return self._cluster

    def reachable(self) -> Cluster | None:
        """Give the cluster, or None if nothing answers there."""
        try:
            return self.cluster()
        except UnreachableError:
            return None

    def version(self) -> str:
        """Give the API server's version, such as `v1.36.3`."""
        self.cluster()
        return self._version

    def gone(self, urn: str) -> bool:
        """Tell whether objects count as gone because their cluster is; raises if the settings say otherwise."""
        try:
            self.cluster()
        except UnreachableError as error:
            if self.settings.delete_unreachable:
                self.engine.warn(urn, f"{error}; it is taken out of the state, as deleteUnreachable asks")
                return True
            raise UnreachableError(
                f"{error}; if the cluster was deleted, set PULUMI_K8S_DELETE_UNREACHABLE=true"
            ) from error
        return False
