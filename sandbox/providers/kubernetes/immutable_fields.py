"""Fields that the API server does not let change: a change of theirs replaces the object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.providers.kubernetes.discovery import group_of
from sandbox.providers.kubernetes.manifests import text
from sandbox.providers.kubernetes.property_paths import covers, parsed

if TYPE_CHECKING:
    from sandbox.providers.kubernetes.configuration import Settings
    from sandbox.providers.kubernetes.manifests import Path
    from sandbox.providers.property_values import Object

_VOLUME_SOURCES = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
]
_POD_FIELDS = [
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "volumes",
]
_CONTAINER_FIELDS = [
    "args",
    "command",
    "env",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resources",
    "securityContext",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
]
_RBAC = "rbac.authorization.k8s.io"
_BY_KIND: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "StatefulSet"): tuple(
        f"spec.{field}"
        for field in ("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates")
    ),
    ("batch", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    (_RBAC, "ClusterRoleBinding"): ("roleRef",),
    (_RBAC, "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
    ("", "PersistentVolume"): tuple(f"spec.{source}" for source in _VOLUME_SOURCES),
    ("", "PersistentVolumeClaim"): ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
    ("", "Pod"): (
        *(f"spec.{field}" for field in _POD_FIELDS),
        *(f"spec.{kind}[*].{field}" for kind in ("containers", "initContainers") for field in _CONTAINER_FIELDS),
    ),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP",),
}
_IDENTITY = ("apiVersion", "kind", "metadata.name", "metadata.namespace")


def replacing(manifest: Object, settings: Settings) -> tuple[Path, ...]:
    """Give the paths whose change replaces this object under the provider's settings."""
    key = (group_of(text(manifest, "apiVersion")), text(manifest, "kind"))
    frozen = manifest.get("immutable") is True
    fields = _BY_KIND.get(key, ())
    if key == ("", "Secret") and (frozen or not settings.secret_mutable):
        fields = ("type", "stringData", "data")
    if key == ("", "ConfigMap") and (frozen or not settings.config_map_mutable):
        fields = ("binaryData", "data")
    return tuple(parsed(field) for field in (*_IDENTITY, *fields))


def is_replacing(path: Path, patterns: tuple[Path, ...]) -> bool:
    """Tell whether a change at this path replaces the object."""
    return any(covers(pattern, path) for pattern in patterns)
