"""The canary demo that Argo CD owns: an Application that keeps a folder of a git repository in the cluster."""

from collections.abc import Mapping
from typing import TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.resources.application import (
    THIS_CLUSTER,
    Application,
    AppProject,
    Destination,
    GroupKind,
    IgnoredDifference,
    Source,
    SyncPolicy,
)

NAME = "progressive-delivery"

KINDS: list[GroupKind] = [
    {"group": "", "kind": "Service"},
    {"group": "", "kind": "ServiceAccount"},
    {"group": "apps", "kind": "Deployment"},
    {"group": "argoproj.io", "kind": "Rollout"},
    {"group": "argoproj.io", "kind": "AnalysisTemplate"},
    {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"},
]
"""The kinds that the repository may bring into the demo's namespace."""

OWNED_BY_ROLLOUTS: list[IgnoredDifference] = [
    # A list is compared and applied as a whole, so its weights cannot be ignored alone; nor are they: the API server
    # adds defaults to every rule, which would be a difference for ever.
    {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "jsonPointers": ["/spec/rules"]},
    {"kind": "Service", "jsonPointers": ["/spec/selector/rollouts-pod-template-hash"]},
]

SYNC: SyncPolicy = {
    "automated": {"prune": True, "selfHeal": True},
    # Otherwise a sync in the middle of a canary writes the repository's weights over the controller's.
    "syncOptions": ["RespectIgnoreDifferences=true"],
    # The definitions of Rollout and HTTPRoute may be created a moment after the Application.
    "retry": {"limit": 10, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}},
}


class GitopsDeliveryArgs(TypedDict):
    """Inputs of a GitopsDelivery."""

    argo_cd_namespace: Input[str]
    namespace: Input[str]
    """The demo's namespace, which this program creates and deletes, and which holds nothing else."""
    repository: str
    """The URL of a git repository that Argo CD can read without credentials."""
    path: str
    """The folder with the `kustomization.yaml`."""
    revision: str
    """A branch, tag or commit."""
    pod_annotations: Mapping[str, Input[str]]
    """Annotations of every pod, which are not in the repository; changed ones restart them, podinfo's by a canary."""


class GitopsDelivery(ComponentResource):
    """The demo of progressive delivery, from git.

    It has to depend on Argo CD: an Application that outlives it cannot be synced, and one with a finalizer not deleted.
    """

    application: Output[str]
    """The Application's name."""

    def __init__(self, name: str, args: GitopsDeliveryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:demos:GitopsDelivery", name, {}, opts)
        child, argo_cd = ResourceOptions(parent=self), args["argo_cd_namespace"]
        destination: Destination = {"server": THIS_CLUSTER, "namespace": args["namespace"]}
        project = AppProject(
            f"{name}-project",
            {
                "name": NAME,
                "namespace": argo_cd,
                "spec": {
                    "description": "The workshop's canary demo",
                    "sourceRepos": [args["repository"]],
                    "destinations": [destination],
                    "namespaceResourceWhitelist": KINDS,
                },
            },
            child,
        )
        Application(
            f"{name}-application",
            {
                "name": NAME,
                "namespace": argo_cd,
                "spec": {
                    "project": NAME,
                    "source": _source(args),
                    "destination": destination,
                    "ignoreDifferences": OWNED_BY_ROLLOUTS,
                    "syncPolicy": SYNC,
                },
            },
            # An Application without its project has an error, and keeps it until Argo CD next reads the repository.
            ResourceOptions(parent=self, depends_on=[project]),
        )
        self.application = Output.from_input(NAME)
        self.register_outputs({"application": self.application})


def _source(args: GitopsDeliveryArgs) -> Source:
    add = {"op": "add", "path": "/spec/template/metadata/annotations", "value": dict(args["pod_annotations"])}
    patch = Output.json_dumps([add], sort_keys=True)
    return {
        "repoURL": args["repository"],
        "path": args["path"],
        "targetRevision": args["revision"],
        "kustomize": {"patches": [{"target": {"kind": "Deployment|Rollout"}, "patch": patch}]},
    }
