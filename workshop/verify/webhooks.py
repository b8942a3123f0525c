"""Whether the webhooks answer, with certificates that the API server takes, and whether pods get their proxies."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

from clients.cluster_api import items, refusal
from model.json_values import at, entries, text
from settings import parts
from workshop.verify.asking import UnreachableError, stream
from workshop.verify.certificates import RENEW, limits
from workshop.verify.encoded import from_base64
from workshop.verify.handshake import days_left, shake
from workshop.verify.line import FIX, Group, Line
from workshop.verify.pods import PROXY, Pod, pods
from workshop.verify.scene import Scene

GROUP = Group("webhooks")
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
LINKERD = ("linkerd-proxy-injector", "linkerd-sp-validator", "linkerd-policy-validator")
MUTATING = ("linkerd-proxy-injector", "linkerd-tap-injector")
TAP = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io"


@dataclass(frozen=True)
class _Server:
    """Where the API server asks."""

    namespace: str
    service: str
    authority: str
    """The certificates that it trusts there, PEM."""

    @property
    def host(self) -> str:
        return f"{self.service}.{self.namespace}.svc"


def check(scene: Scene) -> Iterator[Line]:
    """Yield one line for each webhook, and whether a new pod would get a proxy."""
    names = (*LINKERD, "linkerd-tap-injector") if scene.settings.viz.enabled else LINKERD
    for name in names:
        kind = "mutatingwebhookconfigurations" if name in MUTATING else "validatingwebhookconfigurations"
        configuration = scene.api.find(f"{ADMISSION}/{kind}/{name}-webhook-config")
        webhook = next(iter(entries(configuration, "webhooks")), None)
        yield _server_line(scene, name, at(webhook, "clientConfig"))
    if scene.settings.viz.enabled:
        yield _server_line(scene, "tap", at(scene.api.find(TAP), "spec"))
    yield _injection(scene)


def _server_line(scene: Scene, name: str, configuration: object) -> Line:
    server = _Server(
        text(configuration, "service", "namespace"),
        text(configuration, "service", "name"),
        from_base64(text(configuration, "caBundle")).decode(errors="replace"),
    )
    if not server.service:
        return GROUP.failed(name, "its configuration is not there", FIX)
    look = f"Look at `kubectl --namespace {server.namespace} get pods`. {FIX}"
    where = next(_endpoints(scene, server), None)
    if where is None:
        return GROUP.failed(name, "no pod is ready behind its Service", look)
    try:
        connection = stream(scene.api, *where)
    except UnreachableError as error:
        return GROUP.failed(name, str(error), look)
    shown = shake(connection, server.host, server.authority)
    connection.close()
    if shown.ends is None:
        cure = f"{FIX} Then `kubectl --namespace {server.namespace} rollout restart deployment`."
        return GROUP.failed(name, f"the API server would not trust it: {shown.trouble}", cure)
    days, state = floor(days_left(shown.ends)), limits(scene).state(shown.ends)
    seen = f"answers; its certificate ends {shown.ends:%Y-%m-%d}, in {days} days" + (
        "" if state == "ok" else f": {state}"
    )
    return GROUP.judged(name, seen, good=state == "ok", cure=RENEW, days=days)


def _endpoints(scene: Scene, server: _Server) -> Iterator[tuple[Pod, int]]:
    """Yield the ready pods behind a webhook's Service, each with its port."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{server.namespace}/endpointslices"
    found = {pod.name: pod for pod in pods(scene.api, server.namespace)}
    selector = f"kubernetes.io%2Fservice-name%3D{server.service}"
    for part in items(scene.api.find(f"{path}?labelSelector={selector}")):
        port = next((at(each, "port") for each in entries(part, "ports")), None)
        for endpoint in entries(part, "endpoints"):
            pod = found.get(text(endpoint, "targetRef", "name"))
            if pod and isinstance(port, int) and at(endpoint, "conditions", "ready") is not False:
                yield pod, port


def _injection(scene: Scene) -> Line:
    """Return whether pods that are only tried, and never made, come back with a proxy."""
    name = "new pods get a proxy"
    namespaces = parts.demo_namespaces(scene.settings)
    if not namespaces:
        return GROUP.skipped(name, "every demo is switched off")
    troubles = [f"in {each} {trouble}" for each in namespaces if (trouble := _trouble(scene, each))]
    seen = "; ".join(troubles) if troubles else f"tries in {', '.join(namespaces)} came back with one"
    cure = (
        "`kubectl get namespace <name> -o yaml` has to show `linkerd.io/inject: enabled`, and "
        "`kubectl --namespace linkerd get deployment linkerd-proxy-injector` a ready one; then run `make reset`."
    )
    return GROUP.judged(name, seen, good=not troubles, cure=cure, tries=len(namespaces))


def _trouble(scene: Scene, namespace: str) -> str:
    """Return what a try to make a pod came to, if it came to no proxy."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "verify"},
        "spec": {"containers": [{"name": "verify", "image": "verify"}]},
    }
    answer = scene.api.post(f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)
    if reason := refusal(answer):
        return f"it was refused ({reason})"
    containers = [*entries(answer.body, "spec", "containers"), *entries(answer.body, "spec", "initContainers")]
    return "" if any(text(each, "name") == PROXY for each in containers) else "it came back without"
