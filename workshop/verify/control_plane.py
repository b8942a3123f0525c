"""Whether what the stack installed is running: the control plane and its extensions."""

from collections.abc import Iterator

from clients.rollout_wait import switched_off, waited_for
from settings import parts
from workshop.verify.line import FIX, Group, Line
from workshop.verify.pods import pods
from workshop.verify.scene import Scene

GROUP = Group("control plane")
TITLES = {
    parts.LINKERD: "Linkerd",
    parts.VIZ: "viz",
    parts.ARGO_ROLLOUTS: "Argo Rollouts",
    parts.ARGO_CD: "Argo CD",
    parts.LOAD_BALANCER_CONTROLLER: "AWS Load Balancer Controller",
    parts.EXTERNAL_DNS: "ExternalDNS",
}
MOST_REASONS = 3


def check(scene: Scene) -> Iterator[Line]:
    """Yield one line for each installed part."""
    wanted = parts.namespaces(scene.settings)
    for namespace, title in TITLES.items():
        yield _installed(scene, namespace, title) if namespace in wanted else GROUP.skipped(title, "the stack has none")


def _installed(scene: Scene, namespace: str, title: str) -> Line:
    found = pods(scene.api, namespace)
    missing = [
        *switched_off(scene.api, namespace),
        *waited_for(scene.api, namespace),
        *(f"{', '.join(sorted(pod.unready))} of Pod {pod.name} is not ready" for pod in found if not pod.ready),
    ]
    cure = f"Look at `kubectl --namespace {namespace} get pods` and `… describe pod <name>`. {FIX}"
    seen = "; ".join(missing[:MOST_REASONS]) if missing else f"{len(found)} ready pods and no other"
    return GROUP.judged(title, seen, good=not missing, cure=cure, pods=len(found))
