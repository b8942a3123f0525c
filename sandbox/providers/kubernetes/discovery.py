"""Which kinds the API server knows, where they live, and whether they are namespaced."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.api import ApiError
from sandbox.providers.kubernetes.manifests import mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.providers.kubernetes.api import Api
    from sandbox.providers.property_values import Object

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_BUILT_IN_GROUPS = frozenset(("", "apps", "batch", "autoscaling", "policy", "networking.k8s.io", "discovery.k8s.io"))
_CLUSTER_WIDE = frozenset(("Namespace", "Node", "PersistentVolume", "IngressClass", "ComponentStatus", "IPAddress"))
_CLUSTER_WIDE_ELSEWHERE = frozenset(
    (
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "StorageClass"),
    )
)


class UnknownKindError(ProviderError):
    """The API server has no such kind, perhaps because its CustomResourceDefinition is not there (yet)."""


@dataclass(frozen=True)
class Kind:
    """A kind as the API server serves it."""

    path: str
    """The group and version's path, such as `/apis/apps/v1`."""
    plural: str
    namespaced: bool

    def collection(self, namespace: str) -> str:
        """Give the path of all objects of this kind in a namespace (or the cluster)."""
        inside = f"/namespaces/{namespace or 'default'}" if self.namespaced else ""
        return f"{self.path}{inside}/{self.plural}"


def group_of(api_version: str) -> str:
    """Give the group of an apiVersion; the core group is the empty string."""
    return api_version.rpartition("/")[0]


def built_in_scope(group: str, kind: str) -> bool | None:
    """Tell whether a kind that every cluster has is namespaced; None if it is not one of those."""
    if (group, kind) in _CLUSTER_WIDE_ELSEWHERE:
        return False
    if group == "rbac.authorization.k8s.io":
        return True
    return kind not in _CLUSTER_WIDE if group in _BUILT_IN_GROUPS else None


class Discovery:
    """Kinds by apiVersion, fetched when first needed and kept; safe to use from many threads."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._versions: dict[str, dict[str, Kind]] = {}
        self._declared: dict[tuple[str, str], bool] = {}

    def kind(self, api_version: str, kind: str) -> Kind:
        """Find a kind, asking the API server again if it is not known; raises `UnknownKindError`."""
        with self._lock:
            found = self._versions.get(api_version, {}).get(kind)
            if found is None:
                self._versions[api_version] = self._fetch(api_version)
                found = self._versions[api_version].get(kind)
        if found is None:
            raise UnknownKindError(
                f'no matches for kind "{kind}" in version "{api_version}": the API server does not know this kind; '
                "verify that the CustomResourceDefinition it needs has been created"
            )
        return found

    def declare(self, crd: Object) -> None:
        """Remember the scope of a kind whose CustomResourceDefinition the program is going to create."""
        key = (text(crd, "spec", "group"), text(crd, "spec", "names", "kind"))
        self._declared[key] = text(crd, "spec", "scope") != "Cluster"

    def namespaced(self, api_version: str, kind: str) -> bool | None:
        """Tell whether a kind is namespaced; None if nobody knows it yet."""
        scope = built_in_scope(group_of(api_version), kind)
        if scope is None:
            scope = self._declared.get((group_of(api_version), kind))
        if scope is not None:
            return scope
        try:
            return self.kind(api_version, kind).namespaced
        except UnknownKindError:
            return None

    def _fetch(self, api_version: str) -> dict[str, Kind]:
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listing = self._api.request("GET", path)
        except ApiError as error:
            if error.not_found:
                return {}
            raise
        kinds = (mapping(item) for item in sequence(listing, "resources"))
        return {
            text(item, "kind"): Kind(path, text(item, "name"), item.get("namespaced") is True)
            for item in kinds
            if "/" not in text(item, "name")
        }

    def api_versions(self) -> Iterator[str]:
        """List every `group/version` and `group/version/Kind`, as charts ask for them."""
        for root in ("/api", "/apis"):
            listing = self._api.request("GET", root, accept=_AGGREGATED)
            for group in map(mapping, sequence(listing, "items")):
                for version in map(mapping, sequence(group, "versions")):
                    name = "/".join(filter(None, (text(group, "metadata", "name"), text(version, "version"))))
                    yield name
                    for resource in map(mapping, sequence(version, "resources")):
                        yield f"{name}/{text(resource, 'responseKind', 'kind')}"
