"""Whether every pod that should has a proxy that is ready and has a certificate."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from workshop.verify.asking import UnreachableError
from workshop.verify.line import FIX, Group, Line
from workshop.verify.metrics import AT_ONCE, scrape
from workshop.verify.pods import PROXY, Pod, pods
from workshop.verify.scene import Scene

GROUP = Group("data plane")
LEAST_HOURS = 1
"""A proxy renews its certificate, which lasts a day, when a third of that is left; so little is no accident."""
MOST_PODS = 3


def check(scene: Scene) -> Iterator[Line]:
    """Yield whether all pods have proxies, whether these are ready, and for how long their certificates last."""
    found = [pod for namespace in scene.meshed_namespaces for pod in pods(scene.api, namespace)]
    yield _meshed([pod for pod in found if not pod.opted_out])
    proxies = [pod for pod in found if pod.meshed]
    yield _ready(proxies)
    yield _certificates(scene, [pod for pod in proxies if PROXY not in pod.unready])


def _meshed(found: Sequence[Pod]) -> Line:
    name, bare = "pods with a proxy", [pod for pod in found if not pod.meshed]
    if not found:
        return GROUP.failed(name, "there is no pod", FIX)
    namespaces = ", ".join(sorted({pod.namespace for pod in bare}))
    cure = (
        "If new pods get one (see webhooks), restart what they belong to, with `kubectl rollout restart deployment` "
        f"in {namespaces}; `make reset` undoes a `linkerd.io/inject: disabled`."
    )
    seen = f"{len(found) - len(bare)} of {len(found)}" + (f"; none in {_named(bare)}" if bare else "")
    return GROUP.judged(name, seen, good=not bare, cure=cure, pods=len(found), without=len(bare))


def _ready(proxies: Sequence[Pod]) -> Line:
    unready = [pod for pod in proxies if PROXY in pod.unready]
    seen = f"{len(proxies) - len(unready)} of {len(proxies)}" + (f"; not in {_named(unready)}" if unready else "")
    cure = "Look at the proxy's log with `kubectl --namespace <namespace> logs <pod> -c linkerd-proxy`."
    return GROUP.judged("proxies that are ready", seen, good=not unready, cure=cure, unready=len(unready))


def _certificates(scene: Scene, proxies: Sequence[Pod]) -> Line:
    name = "proxies' certificates"
    if not proxies:
        return GROUP.skipped(name, "no proxy is ready")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        hours = dict(zip(proxies, pool.map(partial(_hours_left, scene), proxies), strict=True))
    silent = [pod for pod, left in hours.items() if left is None]
    left = min((left for left in hours.values() if left is not None), default=0.0)
    short = [pod for pod, of_pod in hours.items() if of_pod is not None and of_pod < LEAST_HOURS]
    seen = f"the first one to end does so in {left:.1f} hours; it is renewed before"
    if short or silent:
        seen = "; ".join(
            f"{what} {_named(which)}" for what, which in (("ended or ending:", short), ("not told by", silent)) if which
        )
    cure = "Look at `kubectl --namespace linkerd logs deployment/linkerd-identity -c identity`, then restart the pods."
    return GROUP.judged(name, seen, good=not (short or silent), cure=cure, hours=round(left, 2), silent=len(silent))


def _hours_left(scene: Scene, pod: Pod) -> float | None:
    """Return for how long a proxy's certificate is valid; None if it does not tell."""
    try:
        ends = scrape(scene.api, pod).certificate_ends
    except UnreachableError:
        return None
    return None if ends is None else (ends - datetime.now(UTC).timestamp()) / 3600


def _named(found: Sequence[Pod]) -> str:
    more = f" and {len(found) - MOST_PODS} more" if len(found) > MOST_PODS else ""
    return ", ".join(pod.full_name for pod in found[:MOST_PODS]) + more
