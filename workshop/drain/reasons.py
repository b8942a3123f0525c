"""Why a controller does not do its work, as far as the cluster can tell."""

from collections.abc import Iterator

from clients.cluster_api import ClusterApi, items
from model.json_values import at, text
from model.problem import InputError

LOAD_BALANCER_CONTROLLER, EXTERNAL_DNS = "aws-load-balancer-controller", "external-dns"
NAMES = {LOAD_BALANCER_CONTROLLER: "the AWS Load Balancer Controller", EXTERNAL_DNS: "ExternalDNS"}
LINES = 200
LONGEST = 300


def reason(api: ClusterApi, controller: str) -> str:
    """Return one sentence about `controller`, the label `app.kubernetes.io/name` of its Deployment."""
    try:
        return f"{NAMES[controller]} {_state(api, controller)}"
    except InputError as silence:
        return f"{NAMES[controller]} cannot be asked: {silence.problems[0].found}"


def _state(api: ClusterApi, controller: str) -> str:
    selector = f"labelSelector=app.kubernetes.io/name%3D{controller}"
    deployments = items(api.find(f"/apis/apps/v1/deployments?{selector}"))
    if not deployments:
        return "is not there: no Deployment of it is in the cluster"
    namespace, name = (text(deployments[0], "metadata", key) for key in ("namespace", "name"))
    wanted, ready = (_number(deployments[0], *path) for path in (("spec", "replicas"), ("status", "readyReplicas")))
    if not ready:
        return f"does not run: Deployment {namespace}/{name} has 0 of {wanted} pods ready"
    pods = items(api.find(f"/api/v1/namespaces/{namespace}/pods?{selector}"))
    complaints = [line for pod in pods for line in _complaints(api, namespace, text(pod, "metadata", "name"))]
    if complaints:
        return f"complains ({' '.join(complaints[-1].split())[:LONGEST]})"
    return f"runs and complains of nothing; `kubectl --namespace {namespace} logs deployment/{name}` tells more"


def _complaints(api: ClusterApi, namespace: str, pod: str) -> Iterator[str]:
    for line in api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}/log?tailLines={LINES}").text.splitlines():
        # One writes JSON, the other one key=value; an answer that is not the log has no level.
        if any(level in line for level in ('"level":"error"', "level=error", "level=fatal")):
            yield line


def _number(document: object, *path: str) -> int:
    found = at(document, *path)
    return found if isinstance(found, int) else 0
