"""All namespaces of a stack, created before everything in them and deleted after it."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from pulumi import Alias, ComponentResource, Output, ResourceOptions, create_urn
from pulumi_kubernetes.core.v1 import Namespace

from model.names import OWNER

INJECT = {"linkerd.io/inject": "enabled"}
"""Annotation of a meshed namespace: on it and not on its workloads, so that the very first pod is meshed."""

EXEMPT = {"config.linkerd.io/admission-webhooks": "disabled"}
"""Label of a namespace for whose objects Linkerd's webhooks are not asked."""

FORMER_PARENTS = {"linkerd": "linkerd-workshop:mesh:Linkerd", "booksapp": "linkerd-workshop:demos:Booksapp"}
"""Namespaces that once belonged to a component of the same name, with that component's type."""


class NamespaceMetadata(TypedDict):
    """The annotations and labels of a namespace, in addition to its owner."""

    annotations: NotRequired[Mapping[str, str]]
    labels: NotRequired[Mapping[str, str]]


MESHED: NamespaceMetadata = {"annotations": INJECT}

MESHED_AND_RESTRICTED: NamespaceMetadata = {
    "annotations": INJECT,
    "labels": {"pod-security.kubernetes.io/warn": "restricted"},
}
"""A meshed namespace in which the API server warns of an app that asks for more than it needs.

It cannot refuse pods: the init container that the mesh adds to each needs the right to set up the packet filter.
"""


def exempt(metadata: NamespaceMetadata) -> NamespaceMetadata:
    """Return the metadata of a namespace whose pods start also while Linkerd's injector does not answer."""
    return {**metadata, "labels": {**metadata.get("labels", {}), **EXEMPT}}


class NamespacesArgs(TypedDict):
    """Inputs of a Namespaces."""

    owner: str
    """The stack's name."""
    namespaces: Mapping[str, NamespaceMetadata]
    """The annotations and labels of each namespace, by its name."""


class Namespaces(ComponentResource):
    """The namespaces of a stack."""

    names: Mapping[str, Output[str]]
    """The name of each namespace, an output of the created namespace."""

    def __init__(self, name: str, args: NamespacesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:resources:Namespaces", name, {}, opts)
        self.names = {
            namespace: self._namespace(namespace, args["owner"], carried)
            for namespace, carried in args["namespaces"].items()
        }
        self.register_outputs({})

    def _namespace(self, name: str, owner: str, carried: NamespaceMetadata) -> Output[str]:
        former = FORMER_PARENTS.get(name)
        namespace = Namespace(
            f"{name}-namespace",
            metadata={"name": name, **carried, "annotations": {**carried.get("annotations", {}), OWNER: owner}},
            opts=ResourceOptions(
                parent=self,
                # Otherwise stacks from before would replace the namespace, and with it all that is in it.
                aliases=[Alias(parent=create_urn(name, former))] if former else None,
            ),
        )
        return namespace.metadata["name"]
