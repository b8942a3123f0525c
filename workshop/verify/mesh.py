"""Checks of the control plane with its extensions, and of the data plane: every pod has a ready proxy."""

import random
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address, ip_network

from clients.cluster_api import items
from model.json_values import text
from settings import parts
from workshop.terminal import count
from workshop.verify.lines import REPAIR, Group, Line
from workshop.verify.measurements import AT_ONCE, scrape
from workshop.verify.objects import PROXY, Pod, find_missing_pods, list_pods
from workshop.verify.scene import Scene
from workshop.verify.traffic import UnreachableError

CONTROL_PLANE = Group("control plane")
TITLES = {
    parts.LINKERD: "Linkerd",
    parts.VIZ: "viz",
    parts.ARGO_ROLLOUTS: "Argo Rollouts",
    parts.ARGO_CD: "Argo CD",
    parts.LOAD_BALANCER_CONTROLLER: "AWS Load Balancer Controller",
    parts.EXTERNAL_DNS: "ExternalDNS",
}
MOST_REASONS = 3


def check_control_plane(scene: Scene) -> Iterator[Line]:
    """Yield one line for each installed part."""
    wanted = parts.namespaces(scene.settings)
    for namespace, title in TITLES.items():
        yield (
            _judge_namespace(scene, namespace, title)
            if namespace in wanted
            else CONTROL_PLANE.skip(title, "the stack has none")
        )


def _judge_namespace(scene: Scene, namespace: str, title: str) -> Line:
    found = list_pods(scene.api, namespace)
    missing = list(find_missing_pods(scene.api, namespace, found))
    fix = f"Look at `kubectl --namespace {namespace} get pods` and `… describe pod <name>`. {REPAIR}"
    seen = "; ".join(missing[:MOST_REASONS]) if missing else f"{count(len(found), 'ready pod')} and no other"
    return CONTROL_PLANE.judge(title, seen, good=not missing, fix=fix, pods=len(found))


DATA_PLANE = Group("data plane")
LEAST_HOURS = 1
"""A certificate lasts 24 hours, and its proxy renews it 8 hours before: less than 1 hour means that this fails."""
MOST_PODS = 3
CONFIG = "/api/v1/namespaces/linkerd/configmaps/linkerd-config"
NETWORKS = re.compile(r'^clusterNetworks: "?([^"\n]+)', re.MULTILINE)
"""The networks whose addresses a proxy asks the control plane about, among the values of the installed chart."""


def check_data_plane(scene: Scene) -> Iterator[Line]:
    """Yield lines on pods and proxies: all are there and ready, with a known address; their certificates last."""
    namespaces = parts.meshed_namespaces(scene.settings)
    found = [pod for namespace in namespaces for pod in list_pods(scene.api, namespace)]
    yield _judge_meshed([pod for pod in found if not pod.opted_out])
    yield _judge_networks(scene, namespaces, found)
    yield _judge_demos(scene, found)
    proxies = [pod for pod in found if pod.meshed]
    yield _judge_ready(proxies)
    yield _judge_certificates(scene, _sample(scene, [pod for pod in proxies if PROXY not in pod.unready]))


def _sample(scene: Scene, pods: Sequence[Pod]) -> list[Pod]:
    """Return all pods of the stack, but only one of each attendee, at random: each pod costs a port-forward."""
    names = parts.attendees(scene.settings)
    theirs = {name: [pod for pod in pods if pod.namespace == name] for name in names}
    chosen = [random.choice(found) for found in theirs.values() if found]  # noqa: S311  no secret
    return [*(pod for pod in pods if pod.namespace not in theirs), *chosen]


def _judge_meshed(found: Sequence[Pod]) -> Line:
    name, bare = "pods with a proxy", [pod for pod in found if not pod.meshed]
    if not found:
        return DATA_PLANE.fail(name, "there is no pod", REPAIR)
    namespaces = ", ".join(sorted({pod.namespace for pod in bare}))
    fix = (
        "If new pods get one (see webhooks), restart their Deployments with `kubectl rollout restart deployment` "
        f"in {namespaces}; `make reset` undoes a `linkerd.io/inject: disabled`."
    )
    seen = f"{len(found) - len(bare)} of {len(found)}" + (f"; none in {_join_names(bare)}" if bare else "")
    return DATA_PLANE.judge(name, seen, good=not bare, fix=fix, pods=len(found), without=len(bare))


def _judge_networks(scene: Scene, namespaces: Sequence[str], found: Sequence[Pod]) -> Line:
    """Return a line on whether all pods and Services are in the mesh's networks; to others it only forwards."""
    name = "addresses in the mesh's networks"
    said = NETWORKS.search(text(scene.api.find(CONFIG), "data", "values"))
    if said is None:
        return DATA_PLANE.fail(name, "the ConfigMap linkerd-config names no networks", REPAIR)
    try:
        networks = [ip_network(each.strip(), strict=False) for each in said[1].split(",")]
    except ValueError as error:
        return DATA_PLANE.fail(name, f"the ConfigMap linkerd-config has a wrong one: {error}", REPAIR)
    addresses = {f"Pod {pod.full_name}": pod.address for pod in found}
    for namespace in namespaces:
        for each in items(scene.api.find(f"/api/v1/namespaces/{namespace}/services")):
            addresses[f"Service {namespace}/{text(each, 'metadata', 'name')}"] = text(each, "spec", "clusterIP")
    known = {each: ip_address(address) for each, address in addresses.items() if address not in ("", "None")}
    outside = [f"{each} ({address})" for each, address in known.items() if not any(address in net for net in networks)]
    seen = f"{', '.join(outside[:MOST_PODS])}: not in {said[1]}" if outside else f"all {len(known)} are"
    fix = "Add their networks to the value `clusterNetworks` in components/mesh/linkerd.py, and run `make up`."
    return DATA_PLANE.judge(name, seen, good=not outside, fix=fix, outside=len(outside))


def _judge_demos(scene: Scene, found: Sequence[Pod]) -> Line:
    """Return a line on whether all apps of the stack's own demos run; no traffic shows each of them."""
    name, namespaces = "the demos' pods", parts.demo_namespaces(scene.settings)
    missing = [
        f"{each}: {what}"
        for each in namespaces
        for what in find_missing_pods(scene.api, each, [pod for pod in found if pod.namespace == each])
    ]
    seen = "; ".join(missing[:MOST_PODS]) if missing else f"all are ready in {', '.join(namespaces) or 'no namespace'}"
    fix = "Look at `kubectl --namespace <namespace> get pods` and `… describe pod <name>`, then run `make reset`."
    return DATA_PLANE.judge(name, seen, good=not missing, fix=fix, missing=len(missing))


def _judge_ready(proxies: Sequence[Pod]) -> Line:
    unready = [pod for pod in proxies if PROXY in pod.unready]
    seen = f"{len(proxies) - len(unready)} of {len(proxies)}" + (f"; not in {_join_names(unready)}" if unready else "")
    fix = "Look at the proxy's log with `kubectl --namespace <namespace> logs <pod> -c linkerd-proxy`."
    return DATA_PLANE.judge("proxies that are ready", seen, good=not unready, fix=fix, unready=len(unready))


def _judge_certificates(scene: Scene, proxies: Sequence[Pod]) -> Line:
    name = "proxies' certificates"
    if not proxies:
        return DATA_PLANE.skip(name, "no proxy is ready")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        hours = dict(zip(proxies, pool.map(partial(_read_hours_left, scene), proxies), strict=True))
    silent = [pod for pod, left in hours.items() if left is None]
    left = min((left for left in hours.values() if left is not None), default=0.0)
    short = [pod for pod, of_pod in hours.items() if of_pod is not None and of_pod < LEAST_HOURS]
    seen = f"the first one ends in {left:.1f} hours; it is renewed before"
    if short or silent:
        seen = "; ".join(
            f"{what} {_join_names(which)}"
            for what, which in (("ended or ending:", short), ("not reported by", silent))
            if which
        )
    fix = "Look at `kubectl --namespace linkerd logs deployment/linkerd-identity -c identity`, then restart the pods."
    return DATA_PLANE.judge(name, seen, good=not (short or silent), fix=fix, hours=round(left, 2), silent=len(silent))


def _read_hours_left(scene: Scene, pod: Pod) -> float | None:
    """Return the hours for which a proxy's certificate is valid; None if the proxy does not report it."""
    try:
        ends = scrape(scene.api, pod).certificate_ends
    except UnreachableError:
        return None
    return None if ends is None else (ends - datetime.now(UTC).timestamp()) / 3600


def _join_names(found: Sequence[Pod]) -> str:
    more = f" and {len(found) - MOST_PODS} more" if len(found) > MOST_PODS else ""
    return ", ".join(pod.full_name for pod in found[:MOST_PODS]) + more
