"""Charts as objects: rendered by helm with what the cluster can do, parsed, and given their namespaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import yaml

from sandbox.providers.errors import ProviderError
from sandbox.providers.kubernetes.discovery import built_in_scope, group_of
from sandbox.providers.kubernetes.helm import Helm, HelmError, chart_arguments, values_arguments
from sandbox.providers.kubernetes.manifests import changed, mapping, name_of, namespace_of, sequence, text
from sandbox.providers.kubernetes.normalizing import is_crd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.providers.kubernetes.connection import Connection
    from sandbox.providers.property_values import Object, Plain


class _Loader(yaml.CSafeLoader):
    """Reads YAML as Kubernetes does: no dates, and no numbers in base 60."""


_INTEGER = re.compile(r"^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9_]+|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?$")
_NUMBERS = [("tag:yaml.org,2002:int", _INTEGER), ("tag:yaml.org,2002:float", _FLOAT)]
_KEPT = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":int", ":float"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_implicit_resolvers = {**_KEPT, **{first: [*_KEPT.get(first, []), *_NUMBERS] for first in "-+0123456789."}}


def objects_in(manifests: str) -> list[Object]:
    """Parse YAML documents into objects; lists are taken apart, empty documents left out."""
    documents = cast("Iterator[Plain]", yaml.load_all(manifests, Loader=_Loader))
    return [item for document in documents if document for item in _expanded(mapping(_keyed(document)))]


def _keyed(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {str(key): _keyed(item) for key, item in value.items()}
    return [_keyed(item) for item in value] if isinstance(value, list) else value


def _expanded(document: Object) -> Iterator[Object]:
    if text(document, "kind").endswith("List") and "items" in document:
        for item in sequence(document, "items"):
            yield from _expanded(mapping(item))
        return
    if not text(document, "kind") or not text(document, "apiVersion") or not name_of(document):
        raise ProviderError(
            "Kubernetes resources require apiVersion, kind and metadata.name; a rendered one lacks some"
        )
    yield document


def rendered(connection: Connection, inputs: Object, name: str, namespace: str) -> list[Object]:
    """Render a chart as it would be installed now; raises `ProviderError` with helm's reason."""
    cluster = connection.reachable()
    capabilities: list[str] = []
    if cluster is not None:
        versions = ",".join(cluster.discovery.api_versions())
        capabilities = ["--dry-run=server", "--kube-version", connection.version(), "--api-versions", versions]
    crds = [] if inputs.get("skipCrds") is True else ["--include-crds"]
    update = ["--dependency-update"] if inputs.get("dependencyUpdate") is True else []
    try:
        with values_arguments(inputs) as values:
            output = Helm(connection).run(
                "template", name, *chart_arguments(inputs), *_inside(namespace), "--no-hooks", *crds, *update,
                *capabilities, *values,
            )  # fmt: skip
    except HelmError as error:
        raise ProviderError(f"chart {text(inputs, 'chart')} of {name} cannot be rendered: {error}") from error
    return objects_in(output)


def _inside(namespace: str) -> list[str]:
    return ["-n", namespace] if namespace else []


def placed(connection: Connection, objects: Sequence[Object], namespace: str) -> tuple[list[Object], list[str]]:
    """Put namespaced objects that name no namespace into this one; also gives the kinds whose scope nobody knows."""
    declared = {
        (text(crd, "spec", "group"), text(crd, "spec", "names", "kind")): text(crd, "spec", "scope") != "Cluster"
        for crd in objects
        if is_crd(crd)
    }
    result: list[Object] = []
    unresolved: list[str] = []
    for manifest in objects:
        namespaced = True if namespace_of(manifest) else _scope(connection, manifest, declared)
        if namespaced is None:
            unresolved.append(f"{text(manifest, 'apiVersion')}, Kind={text(manifest, 'kind')}")
        if namespaced and not namespace_of(manifest):
            manifest = changed(manifest, ("metadata", "namespace"), namespace)  # noqa: PLW2901
        result.append(manifest)
    return result, unresolved


def _scope(connection: Connection, manifest: Object, declared: dict[tuple[str, str], bool]) -> bool | None:
    api_version, kind = text(manifest, "apiVersion"), text(manifest, "kind")
    key = (group_of(api_version), kind)
    known = declared[key] if key in declared else built_in_scope(*key)
    cluster = connection.reachable() if known is None else None
    return cluster.discovery.namespaced(api_version, kind) if cluster is not None else known
