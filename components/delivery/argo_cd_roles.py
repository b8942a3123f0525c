"""Argo CD's permissions in the cluster: to read and write the kinds that a demo consists of, and nothing else.

The chart's own roles let it do everything, so everybody who can push to the repository would own the cluster.
"""

from collections.abc import Mapping, Sequence

Rules = Sequence[Mapping[str, Sequence[str]]]

READ = ["get", "list", "watch"]
WRITE = ["create", "update", "patch", "delete"]

DEPLOYED: Mapping[str, Sequence[str]] = {
    "": ["services", "serviceaccounts"],
    "apps": ["deployments"],
    "argoproj.io": ["rollouts", "analysistemplates"],
    "gateway.networking.k8s.io": ["httproutes"],
}
"""Resources that lie in the repository, by API group."""

MADE_OF_THEM: Mapping[str, Sequence[str]] = {
    "": ["pods"],
    "apps": ["replicasets"],
    "argoproj.io": ["analysisruns", "experiments"],
}
"""Resources that controllers create for those; the tree of an application shows them."""


def controller_rules() -> Rules:
    """Return the application controller's permissions in every namespace."""
    seen = [_rule(group, resources, READ) for group, resources in [*DEPLOYED.items(), *MADE_OF_THEM.items()]]
    return [*seen, *(_rule(group, resources, WRITE) for group, resources in DEPLOYED.items())]


def server_rules() -> Rules:
    """Return the user interface's permissions in every namespace."""
    seen = [_rule(group, resources, ["get"]) for group, resources in [*DEPLOYED.items(), *MADE_OF_THEM.items()]]
    return [
        *seen,
        _rule("", ["pods/log"], ["get"]),
        _rule("", ["events"], ["list"]),
        # The buttons of a Rollout's tab: abort and promote write the status, pause and restart the spec.
        _rule("argoproj.io", ["rollouts", "rollouts/status"], ["patch"]),
    ]


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Mapping[str, Sequence[str]]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}
