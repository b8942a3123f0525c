"""Checks of the webhooks: they answer with certificates that the API server trusts, and new pods get proxies."""

from collections.abc import Iterator

from clients.cluster_api import items, refusal
from model.json_values import at, entries, text
from settings import parts
from workshop.verify.certificates import from_base64, judge_dates, shake_hands
from workshop.verify.lines import REPAIR, Group, Line
from workshop.verify.objects import PROXY, Pod, list_pods
from workshop.verify.scene import Scene
from workshop.verify.traffic import UnreachableError, open_stream

GROUP = Group("webhooks")
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
LINKERD = ("linkerd-proxy-injector", "linkerd-sp-validator", "linkerd-policy-validator")
MUTATING = ("linkerd-proxy-injector", "linkerd-tap-injector")
TAP = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io"
AVAILABLE = "Available"


def check(scene: Scene) -> Iterator[Line]:
    """Yield a line for each webhook, and one on whether new pods get a proxy."""
    names = (*LINKERD, "linkerd-tap-injector") if scene.settings.viz.enabled else LINKERD
    for name in names:
        kind = "mutatingwebhookconfigurations" if name in MUTATING else "validatingwebhookconfigurations"
        configuration = scene.api.find(f"{ADMISSION}/{kind}/{name}-webhook-config")
        webhook = next(iter(entries(configuration, "webhooks")), None)
        yield _judge_server(scene, name, at(webhook, "clientConfig"))
    if scene.settings.viz.enabled:
        tap = scene.api.find(TAP)
        yield _judge_server(scene, "tap", at(tap, "spec"))
        yield _judge_availability(tap)
    yield _judge_injection(scene)


def _judge_server(scene: Scene, name: str, configuration: object) -> Line:
    namespace, service = (text(configuration, "service", key) for key in ("namespace", "name"))
    authority = from_base64(text(configuration, "caBundle")).decode(errors="replace")
    if not service:
        return GROUP.fail(name, "its configuration does not exist", REPAIR)
    look = f"Look at `kubectl --namespace {namespace} get pods`. {REPAIR}"
    where = next(_list_endpoints(scene, namespace, service), None)
    if where is None:
        return GROUP.fail(name, "no pod is ready behind its Service", look)
    try:
        connection = open_stream(scene.api, *where)
    except UnreachableError as error:
        return GROUP.fail(name, str(error), look)
    shown = shake_hands(connection, f"{service}.{namespace}.svc", authority)
    connection.close()
    if shown.dates is None:
        fix = f"{REPAIR} Then `kubectl --namespace {namespace} rollout restart deployment`."
        return GROUP.fail(name, f"the API server would not trust it: {shown.trouble}", fix)
    return judge_dates(scene, GROUP, name, shown.dates, "answers; its certificate ")


def _judge_availability(service: object) -> Line:
    """Return a line on whether the API server reaches tap, which a port-forward does not show."""
    available = next(
        (each for each in entries(service, "status", "conditions") if text(each, "type") == AVAILABLE), None
    )
    good = text(available, "status") == "True"
    seen = "it does" if good else text(available, "message") or "it does not say so"
    fix = f"The control plane has to reach port 8089 of the pods in {parts.VIZ}: see the security groups and policies."
    return GROUP.judge("the API server reaches tap", seen, good=good, fix=fix)


def _list_endpoints(scene: Scene, namespace: str, service: str) -> Iterator[tuple[Pod, int]]:
    """Yield the ready pods behind a webhook's Service, each with its port."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    found = {pod.name: pod for pod in list_pods(scene.api, namespace)}
    selector = f"kubernetes.io%2Fservice-name%3D{service}"
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
