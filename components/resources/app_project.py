"""AppProject, typed: the repositories, destinations and kinds that its Applications of Argo CD may use.

Shape: Argo CD 3.4 (`argoproj.io/v1alpha1`), as far as a project of one repository and one namespace needs it.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import CustomResource, Input, ResourceOptions

from components.resources.application import API_VERSION, Destination


class GroupKind(TypedDict):
    """One kind of objects."""

    group: Input[str]
    """The API group; empty for the core group."""
    kind: Input[str]


class AppProjectSpec(TypedDict):
    """The spec of an AppProject."""

    description: NotRequired[Input[str]]
    sourceRepos: NotRequired[Input[Sequence[Input[str]]]]
    """The git repositories that may be deployed from; none if left out."""
    destinations: NotRequired[Input[Sequence[Input[Destination]]]]
    """The clusters and namespaces that may be deployed to; none if left out."""
    clusterResourceWhitelist: NotRequired[Input[Sequence[Input[GroupKind]]]]
    """Kinds without a namespace that may be deployed; none if left out."""
    namespaceResourceWhitelist: NotRequired[Input[Sequence[Input[GroupKind]]]]
    """Kinds in namespaces that may be deployed; all if left out."""


class AppProjectArgs(TypedDict):
    """Inputs of an AppProject."""

    name: Input[str]
    """The object's name."""
    namespace: Input[str]
    """Argo CD's namespace."""
    spec: Input[AppProjectSpec]


class AppProject(CustomResource):
    """An AppProject object."""

    def __init__(self, name: str, args: AppProjectArgs, opts: ResourceOptions | None = None) -> None:
        # pulumi_kubernetes' own CustomResource takes any spec, so a wrong key would pass the type checker.
        super().__init__(
            f"kubernetes:{API_VERSION}:AppProject",
            name,
            {
                "apiVersion": API_VERSION,
                "kind": "AppProject",
                "metadata": {"name": args["name"], "namespace": args["namespace"]},
                "spec": args["spec"],
            },
            opts,
        )
