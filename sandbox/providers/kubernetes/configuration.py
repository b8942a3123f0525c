"""The provider's configuration, and what a change of it means."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import yaml

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.manifests import mapping, sequence, text
from sandbox.providers.property_values import Plain, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.providers.property_values import Object

_CLUSTER_KEYS = ("kubeconfig", "context", "cluster")
_PREFIX = "kubernetes:config:"
_NOT_KNOWN = ("renderYamlToDirectory", "cluster")


@dataclass(frozen=True)
class Settings:
    """What a provider was configured with."""

    kubeconfig: str
    """A path, the contents of a kubeconfig, or empty for the user's own."""
    context: str
    namespace: str
    server_side_apply: bool
    config_map_mutable: bool
    secret_mutable: bool
    delete_unreachable: bool
    patch_force: bool
    upsert: bool


def parsed(variables: Mapping[str, str]) -> Settings:
    """Read the engine's configuration; a flag that is not given comes from its `PULUMI_K8S_*` variable."""
    values = {key.removeprefix(_PREFIX): value for key, value in variables.items()}
    for key in _NOT_KNOWN:
        if values.get(key):
            raise ProviderError(
                f"the stand-in for the kubernetes provider does not know the option {key}; leave it out"
            )

    def flag(name: str, variable: str, *, default: bool = False) -> bool:
        given = values.get(name) or os.environ.get(f"PULUMI_K8S_{variable}")
        return given.lower() == "true" if given else default

    kubeconfig = values.get("kubeconfig", "")
    context = values.get("context", "")
    return Settings(
        kubeconfig=kubeconfig,
        context=context,
        namespace=values.get("namespace") or _context_namespace(kubeconfig, context),
        server_side_apply=flag("enableServerSideApply", "ENABLE_SERVER_SIDE_APPLY", default=True),
        config_map_mutable=flag("enableConfigMapMutable", "ENABLE_CONFIGMAP_MUTABLE"),
        secret_mutable=flag("enableSecretMutable", "ENABLE_SECRET_MUTABLE"),
        delete_unreachable=flag("deleteUnreachable", "DELETE_UNREACHABLE"),
        patch_force=flag("enablePatchForce", "ENABLE_PATCH_FORCE"),
        upsert=flag("upsertExistingObjects", "UPSERT_EXISTING_OBJECTS"),
    )


def is_contents(kubeconfig: str) -> bool:
    """Tell whether the value is a kubeconfig itself and not a path to one."""
    return "\n" in kubeconfig.strip() or kubeconfig.lstrip().startswith("{")


def path_of(kubeconfig: str) -> str:
    """Give the path that the value stands for; the user's own kubeconfig if it is empty."""
    return os.path.expanduser(kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config")  # noqa: PTH111


def replacing_keys(olds: Object, news: Object) -> list[str]:
    """List the keys whose change means another cluster, so that everything in the old one is replaced."""
    old_id, new_id = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
    if old_id and new_id:
        return [] if old_id == new_id else ["clusterIdentifier"]
    unknown = [key for key in _CLUSTER_KEYS if isinstance(news.get(key), Unknown)]
    if unknown:
        return unknown
    before, after = _active_cluster(olds), _active_cluster(news)
    if not before or not after or before == after:
        return []
    return [key for key in _CLUSTER_KEYS if olds.get(key) != news.get(key)]


def _loaded(kubeconfig: str) -> Object:
    try:
        source = kubeconfig if is_contents(kubeconfig) else Path(path_of(kubeconfig)).read_text(encoding="utf-8")
        return mapping(cast("Plain", yaml.safe_load(source)))
    except (OSError, yaml.YAMLError):
        return {}


def _context(kubeconfig: str, context: str) -> tuple[Object, Object]:
    config = _loaded(kubeconfig)
    wanted = context or text(config, "current-context")
    for item in sequence(config, "contexts"):
        if text(item, "name") == wanted:
            return config, mapping(item, "context")
    return config, {}


def _context_namespace(kubeconfig: str, context: str) -> str:
    return text(_context(kubeconfig, context)[1], "namespace") or "default"


def _active_cluster(values: Object) -> Object:
    config, context = _context(text(values, "kubeconfig"), text(values, "context"))
    for item in sequence(config, "clusters"):
        if text(item, "name") == text(context, "cluster"):
            return mapping(item, "cluster")
    return {}
