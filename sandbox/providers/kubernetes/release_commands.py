"""Installing, upgrading and uninstalling a release, also after an interruption."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.definitions import list_instances
from sandbox.providers.kubernetes.discovery import group_of
from sandbox.providers.kubernetes.helm import Helm, HelmError, chart_arguments, values_arguments
from sandbox.providers.kubernetes.manifests import identifier, number, text
from sandbox.providers.kubernetes.rendering import objects_in

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.connection import Connection
    from sandbox.providers.property_values import Object, Plain

_COMMON = {
    "atomic": "--atomic",
    "dependencyUpdate": "--dependency-update",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "renderSubchartNotes": "--render-subchart-notes",
    "skipCrds": "--skip-crds",
}
_INSTALL = {**_COMMON, "createNamespace": "--create-namespace", "disableWebhooks": "--no-hooks", "replace": "--replace"}
_UPGRADE = {
    **_COMMON,
    "cleanupOnFail": "--cleanup-on-fail",
    "disableCRDHooks": "--no-hooks",
    "forceUpdate": "--force",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
}
_OWNER = "pulumi-resource"


class ReleaseCommands:
    """What helm is told to do with one release."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._helm = Helm(connection)

    def install(self, inputs: Object, urn: str) -> None:
        """Install the chart; what an interrupted install of this very resource left is taken over."""
        left = self._left_behind(inputs, urn)
        if left == "deployed":
            self.upgrade(inputs, urn)
            return
        if left:
            self.uninstall(inputs)
        self._change("install", inputs, urn, _INSTALL)

    def upgrade(self, inputs: Object, urn: str) -> None:
        """Upgrade the release; one whose last upgrade was interrupted is rolled back first."""
        name, namespace = text(inputs, "name"), text(inputs, "namespace")
        found = self._helm.releases(name, namespace)
        if found is None:
            self._change("install", inputs, urn, _INSTALL)
            return
        if text(found, "status") == "pending-install":
            self.uninstall(inputs)
            self._change("install", inputs, urn, _INSTALL)
            return
        if text(found, "status").startswith("pending-"):
            self._helm.run("rollback", name, "-n", namespace)
        self._change("upgrade", inputs, urn, _UPGRADE)

    def _left_behind(self, inputs: Object, urn: str) -> str:
        name, namespace = text(inputs, "name"), text(inputs, "namespace")
        found = self._helm.releases(name, namespace)
        if found is None or inputs.get("replace") is True:
            return ""
        if self._helm.releases(name, namespace, "--selector", f"{_OWNER}={owner(urn)}") is None:
            raise ProviderError(
                f"helm release {namespace}/{name} exists and is not of this stack ({text(found, 'status')}): import it "
                f"({namespace}/{name}), choose another name, or remove it: helm uninstall {name} -n {namespace}"
            )
        return text(found, "status")

    def _change(self, command: str, inputs: Object, urn: str, flags: dict[str, str]) -> None:
        name, namespace = text(inputs, "name"), text(inputs, "namespace")
        arguments = [flag for key, flag in flags.items() if inputs.get(key) is True]
        arguments += ["--labels", f"{_OWNER}={owner(urn)}"]
        if description := text(inputs, "description"):
            arguments += ["--description", description]
        if command == "upgrade" and "maxHistory" in inputs:
            arguments += ["--history-max", str(number(inputs, "maxHistory"))]
        if inputs.get("skipAwait") is not True:
            arguments += ["--wait", *(["--wait-for-jobs"] if inputs.get("waitForJobs") is True else [])]
        with values_arguments(inputs) as values:
            self._helm.run(
                command, name, *chart_arguments(inputs), "-n", namespace, *_timeout(inputs), *arguments, *values
            )

    def uninstall(self, inputs: Object) -> None:
        """Uninstall the release and wait for its objects; one that is gone already is fine."""
        wait = [] if inputs.get("skipAwait") is True and inputs.get("atomic") is not True else ["--wait"]
        release = (text(inputs, "name"), "-n", text(inputs, "namespace"))
        list_instances(self._connection.cluster().api, self._objects(*release))
        self._helm.run("uninstall", *release, "--ignore-not-found", *wait, *_timeout(inputs))

    def _objects(self, *release: str) -> list[Object]:
        try:
            return list(objects_in(self._helm.run("get", "manifest", *release)))
        except HelmError:
            return []  # no such release

    def outputs(self, name: str, namespace: str) -> Object | None:
        """Give what there is to know of a release, its status and its objects; None if there is none."""
        try:
            known: Plain = json.loads(self._helm.run("get", "metadata", name, "-n", namespace, "-o", "json"))
        except HelmError as error:
            if "not found" in str(error):
                return None
            raise
        status: Object = {key: text(known, key) for key in ("name", "namespace", "chart", "version", "appVersion")}
        status |= {"revision": number(known, "revision"), "status": text(known, "status")}
        names: dict[str, list[Plain]] = {}
        for manifest in self._objects(name, "-n", namespace):
            group = group_of(text(manifest, "apiVersion"))
            kind = f"{text(manifest, 'kind')}{group and f'.{group}'}/{text(manifest, 'apiVersion')}"
            names.setdefault(kind, []).append(identifier(manifest))
        return {"status": status, "resourceNames": {kind: list(items) for kind, items in names.items()}}


def owner(urn: str) -> str:
    """Give the mark that a resource's releases carry."""
    return hashlib.sha256(urn.encode()).hexdigest()[:32]


def _timeout(inputs: Object) -> list[str]:
    return ["--timeout", f"{number(inputs, 'timeout', default=300)}s"]


def explained(error: HelmError, inputs: Object) -> str:
    """Name the release and the cure beside helm's reason."""
    name, namespace = text(inputs, "name"), text(inputs, "namespace")
    return (
        f"helm release {namespace}/{name}: {error}; see `helm status {name} -n {namespace}`, then run `pulumi up` again"
    )
