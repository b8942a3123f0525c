"""The profiles of the policies beside those of Kubernetes' own admission: the same pods are refused."""

from functools import cache

import pytest

from clients import cluster_api
from clients.cluster_api import ClusterApi
from model.json_values import mapping
from policies import pod_security
from policies.judged import Judged, pod_template
from sandbox.api_client import connect
from sandbox.paths import Home
from tests.policies.test_policy_pods import BASELINE, RESTRICTED, app
from tests.sandbox.sandbox_command import eventually

pytestmark = pytest.mark.sandbox

PROFILES = {"baseline": pod_security.find_beyond_baseline, "restricted": pod_security.find_beyond_restricted}
UNLIKE_ANY_POD = {"a privileged container", "a Windows host", "all of /proc"}
"""What this API server takes for no pod at all unless more is set, before it looks at profiles."""
PODS = {"in order": app(), **{name: pod for name, pod in (BASELINE | RESTRICTED).items() if name not in UNLIKE_ANY_POD}}


@cache
def namespace(home: Home, profile: str) -> str:
    """Return the path of a namespace that enforces a profile, in which pods can be made."""
    path = f"/api/v1/namespaces/policy-{profile}"
    labels = {"pod-security.kubernetes.io/enforce": profile}
    metadata = {"name": f"policy-{profile}", "labels": labels}
    connect(home).apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    assert eventually(lambda: connect(home).get(f"{path}/serviceaccounts/default"))
    return path


def refusal(home: Home, profile: str, judged: Judged) -> str:
    """Return why the API server would not take a pod; nothing if it would."""
    spec = mapping((pod_template(judged) or {})["spec"])
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": spec}
    answer = ClusterApi(str(home.kubeconfig)).post(f"{namespace(home, profile)}/pods?dryRun=All", pod)
    return cluster_api.refusal(answer) or ""


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("asked", PODS)
def test_a_policy_finds_what_kubernetes_refuses_and_nothing_else(sandbox_home: Home, profile: str, asked: str) -> None:
    refused = refusal(sandbox_home, profile, PODS[asked])
    found = [str(finding) for finding in PROFILES[profile](PODS[asked])]

    assert not refused or "violates PodSecurity" in refused, "it is this that refuses"
    assert bool(found) == bool(refused), f"{refused}\n{found}"
