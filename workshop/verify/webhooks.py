"""Checks of the webhooks: they answer with certificates that the API server trusts, and new pods get proxies."""

from collections.abc import Iterator
from dataclasses import dataclass

from clients.cluster_api import items, refusal
from model.json_values import at, entries, text
from settings import parts
from workshop.verify.certificates import from_base64, judge_dates, read_limits, shake_hands
from workshop.verify.lines import REPAIR, Group, Line
from workshop.verify.objects import PROXY, Pod, list_pods
from workshop.verify.scene import Scene
from workshop.verify.traffic import UnreachableError, open_stream

GROUP = Group("webhooks")
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
LINKERD = ("linkerd-proxy-injector", "linkerd-sp-validator", "linkerd-policy-validator")
MUTATING = ("linkerd-proxy-injector", "linkerd-tap-injector")
TAP = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io"


@dataclass(frozen=True)
class _Server:
    """The address that the API server calls."""

    namespace: str
    service: str
    authority: str
    """The certificates that it trusts there, as PEM."""

    @property
    def host(self) -> str:
        return f"{self.service}.{self.namespace}.svc"


def check(scene: Scene) -> Iterator[Line]:
    """Yield a line for each webhook, and one on whether new pods get a proxy."""
    names = (*LINKERD, "linkerd-tap-injector") if scene.settings.viz.enabled else LINKERD
    for name in names:
        kind = "mutatingwebhookconfigurations" if name in MUTATING else "validatingwebhookconfigurations"
        configuration = scene.api.find(f"{ADMISSION}/{kind}/{name}-webhook-config")
        webhook = next(iter(entries(configuration, "webhooks")), None)
        yield _judge_server(scene, name, at(webhook, "clientConfig"))
    if scene.settings.viz.enabled:
        yield _judge_server(scene, "tap", at(scene.api.find(TAP), "spec"))
    yield _judge_injection(scene)


def _judge_server(scene: Scene, name: str, configuration: object) -> Line:
    server = _Server(
        text(configuration, "service", "namespace"),
        text(configuration, "service", "name"),
        from_base64(text(configuration, "caBundle")).decode(errors="replace"),
    )
    if not server.service:
        return GROUP.fail(name, "its configuration does not exist", REPAIR)
    look = f"Look at `kubectl --namespace {server.namespace} get pods`. {REPAIR}"
    where = next(_list_endpoints(scene, server), None)
    if where is None:
        return GROUP.fail(name, "no pod is ready behind its Service", look)
    try:
        connection = open_stream(scene.api, *where)
    except UnreachableError as error:
        return GROUP.fail(name, str(error), look)
    shown = shake_hands(connection, server.host, server.authority)
    connection.close()
    if shown.dates is None:
        fix = f"{REPAIR} Then `kubectl --namespace {server.namespace} rollout restart deployment`."
        return GROUP.fail(name, f"the API server would not trust it: {shown.trouble}", fix)
    return judge_dates(GROUP, name, read_limits(scene), shown.dates, "answers; its certificate ")


def _list_endpoints(scene: Scene, server: _Server) -> Iterator[tuple[Pod, int]]:
    """Yield the ready pods behind a webhook's Service, each with its port."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{server.namespace}/endpointslices"
    found = {pod.name: pod for pod in list_pods(scene.api, server.namespace)}
    selector = f"kubernetes.io%2Fservice-name%3D{server.service}"
    for part in items(scene.api.find(f"{path}?labelSelector={selector}")):
        port = next((at(each, "port") for each in entries(part, "ports")), None)
        for endpoint in entries(part, "endpoints"):
            pod = found.get(text(endpoint, "targetRef", "name"))
            if pod and isinstance(port, int) and at(endpoint, "conditions", "ready") is not False:
                yield pod, port


def _judge_injection(scene: Scene) -> Line:
    """Return a line on whether pods of a dry run come back with a proxy."""
    name = "new pods get a proxy"
    namespaces = parts.demo_namespaces(scene.settings)
    if not namespaces:
        return GROUP.skip(name, "every demo is switched off")
    troubles = [f"in {each} {trouble}" for each in namespaces if (trouble := _find_injection_trouble(scene, each))]
    seen = "; ".join(troubles) if troubles else f"dry runs in {', '.join(namespaces)} came back with one"
    fix = (
        "`kubectl get namespace <name> -o yaml` has to show `linkerd.io/inject: enabled`, and "
        "`kubectl --namespace linkerd get deployment linkerd-proxy-injector` a ready one; then run `make reset`."
    )
    return GROUP.judge(name, seen, good=not troubles, fix=fix, tries=len(namespaces))


def _find_injection_trouble(scene: Scene, namespace: str) -> str:
    """Return why a dry run of a pod came back without a proxy; empty if it has one."""
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
    return "" if any(text(each, "name") == PROXY for each in containers) else "it came back without one"
