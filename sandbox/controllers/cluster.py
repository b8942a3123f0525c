"""Reads Ingresses from the API server, and changes them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.json_values import Json, is_list, mapping, mappings
from sandbox.api_client import ApiClient

MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Ingress:
    """The part of an Ingress that a controller reads."""

    namespace: str
    name: str
    annotations: Json
    rules: tuple[tuple[str, str, int], ...]
    """Host, Service and port of each rule."""
    finalizers: tuple[str, ...]
    is_going: bool
    address: str
    """The host name in its status, from the load balancer controller; empty without one."""

    @property
    def path(self) -> str:
        """Its path on the API server."""
        return f"/apis/networking.k8s.io/v1/namespaces/{self.namespace}/ingresses/{self.name}"

    def annotation(self, name: str, default: str = "") -> str:
        """Return an annotation's value."""
        return str(self.annotations.get(name, default))


def ingresses(api: ApiClient) -> list[Ingress]:
    """Return all Ingresses that name a class of the AWS Load Balancer Controller."""
    classes = mappings(mapping(api.get("/apis/networking.k8s.io/v1/ingressclasses")).get("items"))
    ours = {name_of(each) for each in classes if mapping(each["spec"]).get("controller") == "ingress.k8s.aws/alb"}
    found = mappings(mapping(api.get("/apis/networking.k8s.io/v1/ingresses")).get("items"))
    return [read(each) for each in found if mapping(each["spec"]).get("ingressClassName") in ours]


def read(document: Json) -> Ingress:
    """Return an Ingress from its JSON."""
    metadata = mapping(document["metadata"])
    balancer = mapping(mapping(document.get("status")).get("loadBalancer"))
    addresses = [str(each.get("hostname", "")) for each in mappings(balancer.get("ingress"))]
    return Ingress(
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
        annotations=mapping(metadata.get("annotations")),
        rules=tuple(rules(mappings(mapping(document["spec"]).get("rules")))),
        finalizers=tuple(texts(metadata.get("finalizers"))),
        is_going="deletionTimestamp" in metadata,
        address=addresses[0] if addresses else "",
    )


def rules(found: Sequence[Json]) -> Iterable[tuple[str, str, int]]:
    """Yield host, Service and port of each path."""
    for rule in found:
        for path in mappings(mapping(rule.get("http")).get("paths")):
            service = mapping(mapping(path["backend"]).get("service"))
            yield str(rule.get("host", "")), str(service["name"]), int(str(mapping(service["port"])["number"]))


def name_of(document: Json) -> str:
    """Return an object's name."""
    return str(mapping(document["metadata"])["name"])


def texts(value: object) -> list[str]:
    """Return the texts in an array."""
    return [each for each in value if isinstance(each, str)] if is_list(value) else []


def merge(api: ApiClient, path: str, change: Json) -> None:
    """Change an object; raises urllib's errors."""
    api.request("PATCH", path, json.dumps(change).encode(), MERGE)
