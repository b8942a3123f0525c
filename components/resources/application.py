"""Argo CD's kinds, typed: Application, which is kept as a git repository has it, and AppProject, which limits it.

Shapes: Argo CD 3.4 (`argoproj.io/v1alpha1`), as far as an application from one folder in one namespace needs them.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import Input

from components.resources.custom_object import CustomObject

API_VERSION = "argoproj.io/v1alpha1"

THIS_CLUSTER = "https://kubernetes.default.svc"
"""The cluster in which Argo CD runs, as a destination."""


class PatchTarget(TypedDict):
    """The objects that a patch changes."""

    kind: Input[str]
    """A regular expression that the whole kind has to match."""


class Patch(TypedDict):
    """A change to the folder's contents."""

    target: Input[PatchTarget]
    patch: Input[str]
    """Operations of JSON Patch, as JSON."""


class Kustomize(TypedDict):
    """The changes on the way from the repository to the cluster."""

    patches: Input[Sequence[Input[Patch]]]


class Source(TypedDict):
    """A folder in a git repository; one with a `kustomization.yaml` is rendered by Kustomize."""

    repoURL: Input[str]
    path: Input[str]
    targetRevision: Input[str]
    """A branch, tag or commit."""
    kustomize: NotRequired[Input[Kustomize]]


class Destination(TypedDict):
    """The cluster, and the namespace of objects that name none themselves."""

    server: Input[str]
    """The API server's URL."""
    namespace: Input[str]


class IgnoredDifference(TypedDict):
    """Fields of a kind that somebody else owns."""

    group: NotRequired[Input[str]]
    """The API group; the core group if left out."""
    kind: Input[str]
    jsonPointers: Input[Sequence[Input[str]]]
    """Paths such as `/spec/rules`."""


class Automated(TypedDict):
    """The steps that Argo CD takes by itself."""

    prune: Input[bool]
    """True to delete objects that are no longer in the repository."""
    selfHeal: Input[bool]
    """True to revert manual changes."""


class Backoff(TypedDict):
    """The waits between attempts."""

    duration: Input[str]
    """The first wait, for example `5s`."""
    factor: Input[int]
    maxDuration: Input[str]


class Retry(TypedDict):
    """The retries of a failed sync."""

    limit: Input[int]
    backoff: Input[Backoff]


class SyncPolicy(TypedDict):
    """The way in which the cluster is brought to what the repository says."""

    automated: Input[Automated]
    syncOptions: Input[Sequence[Input[str]]]
    retry: Input[Retry]


class ApplicationSpec(TypedDict):
    """The spec of an Application."""

    project: Input[str]
    source: Input[Source]
    destination: Input[Destination]
    ignoreDifferences: NotRequired[Input[Sequence[Input[IgnoredDifference]]]]
    syncPolicy: NotRequired[Input[SyncPolicy]]
    """Manual if left out."""


class Application(CustomObject[ApplicationSpec]):
    """An Application object, without a finalizer: its namespace belongs to this program, and takes all with it."""

    _api_version, _kind = API_VERSION, "Application"


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
    namespaceResourceWhitelist: NotRequired[Input[Sequence[Input[GroupKind]]]]
    """Kinds in namespaces that may be deployed; all if left out."""


class AppProject(CustomObject[AppProjectSpec]):
    """An AppProject object."""

    _api_version, _kind = API_VERSION, "AppProject"
