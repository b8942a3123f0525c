"""Reads Ingresses from the API server, and changes them."""

import json
from dataclasses import dataclass

from model.json_values import Json, at, entries, mapping, mappings, text
from sandbox.api_client import ApiClient

MERGE = "application/merge-patch+json"
CLASS = "ingress.k8s.aws/alb"


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
    classes = mappings(api.get("/apis/networking.k8s.io/v1/ingressclasses"), "items")
    ours = {text(each, "metadata", "name") for each in classes if at(each, "spec", "controller") == CLASS}
    found = mappings(api.get("/apis/networking.k8s.io/v1/ingresses"), "items")
    return [read(each) for each in found if at(each, "spec", "ingressClassName") in ours]


def read(document: Json) -> Ingress:
    """Return an Ingress from its JSON."""
    backends = [
        (text(rule, "host"), mapping(at(path, "backend", "service")))
        for rule in mappings(document, "spec", "rules")
        for path in mappings(rule, "http", "paths")
    ]
    addresses = [text(each, "hostname") for each in mappings(document, "status", "loadBalancer", "ingress")]
    return Ingress(
        namespace=text(document, "metadata", "namespace"),
        name=text(document, "metadata", "name"),
        annotations=mapping(at(document, "metadata", "annotations")),
        rules=tuple((host, text(to, "name"), int(str(at(to, "port", "number")))) for host, to in backends),
        finalizers=tuple(str(each) for each in entries(document, "metadata", "finalizers")),
        is_going=at(document, "metadata", "deletionTimestamp") is not None,
        address=addresses[0] if addresses else "",
    )


def merge(api: ApiClient, path: str, change: Json) -> None:
    """Change an object; raises urllib's errors."""
    api.request("PATCH", path, json.dumps(change).encode(), MERGE)
