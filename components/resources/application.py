"""Application, typed: what Argo CD keeps in the cluster as it stands in a git repository.

Shape: Argo CD 3.4 (`argoproj.io/v1alpha1`), as far as an application from one folder needs it.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import CustomResource, Input, ResourceOptions

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


class ApplicationArgs(TypedDict):
    """Inputs of an Application."""

    name: Input[str]
    """The object's name."""
    namespace: Input[str]
    """Argo CD's namespace."""
    spec: Input[ApplicationSpec]


class Application(CustomResource):
    """An Application object, without a finalizer: its namespace belongs to this program, and takes all with it."""

    def __init__(self, name: str, args: ApplicationArgs, opts: ResourceOptions | None = None) -> None:
        # pulumi_kubernetes' own CustomResource takes any spec, so a wrong key would pass the type checker.
        super().__init__(
            f"kubernetes:{API_VERSION}:Application",
            name,
            {
                "apiVersion": API_VERSION,
                "kind": "Application",
                "metadata": {"name": args["name"], "namespace": args["namespace"]},
                "spec": args["spec"],
            },
            opts,
        )
