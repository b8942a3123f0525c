"""Checks of progressive delivery: the Rollout's state, the route's weights, and the versions that answer."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus

from clients.cluster_api import ClusterApi
from model.json_values import at, entries, text
from settings import parts
from workshop.verify.lines import Demo, Line
from workshop.verify.objects import Pod, find_route, judge_route, list_pods, read_weights, select_ready
from workshop.verify.scene import Scene

GROUP = Demo("progressive delivery", parts.PROGRESSIVE_DELIVERY)
ROLLOUT, ROUTE, CLIENT = "rollouts-demo", "argo-rollouts-http-route", "client"
STABLE, CANARY = "podinfo-stable", "podinfo-canary"
FAILED = "failed"
"""The client's log entry if no version answers."""
ANSWER = re.compile(r"[\d:]+ (\S+)")
LAST = 20
"""Lines of the client's log, two a second."""
UNDER_WAY = ("Progressing", "Paused")


def check(scene: Scene, demo: Demo = GROUP) -> Iterator[Line]:
    """Yield lines on the Rollout, its version, the route with its weights, and the versions that answer the client."""
    settings = scene.settings.demos.progressive_delivery
    if not settings.enabled:
        yield demo.skip("all", "it is switched off")
        return
    if settings.owner != "pulumi":
        demo = replace(demo, namespace=parts.GITOPS_DELIVERY)
    rollout = scene.api.find(f"/apis/argoproj.io/v1alpha1/namespaces/{demo.namespace}/rollouts/{ROLLOUT}")
    yield _judge_rollout(demo, rollout)
    found = read_version(rollout)
    if settings.owner == "pulumi":
        fix = f"The settings say {settings.version}: run `{demo.reset}`, or `make up` after a change."
        yield demo.judge("version", found or "none", good=found == settings.version, fix=fix)
    else:
        yield demo.skip("version", f"it is {found or 'none'}; Argo CD takes it from its repository")
    route = find_route(scene.api, "gateway.networking.k8s.io", demo.namespace, ROUTE)
    yield judge_route(demo, route, ROUTE)
    yield _judge_weights(demo, rollout, read_weights(route))
    yield _judge_answers(scene, demo, found, settled=text(rollout, "status", "phase") == "Healthy")


def _judge_rollout(demo: Demo, rollout: object) -> Line:
    phase, message = text(rollout, "status", "phase"), text(rollout, "status", "message")
    steps, step = entries(rollout, "spec", "strategy", "canary", "steps"), at(rollout, "status", "currentStepIndex")
    where = f", step {step} of {len(steps)}" if isinstance(step, int) else ""
    if rollout is None or not phase:
        seen = "it does not exist" if rollout is None else "its controller has not processed it"
        fix = f"Look at `kubectl --namespace {parts.ARGO_ROLLOUTS} get pods`, then run `make up`."
        return demo.fail("Rollout", seen, fix)
    told = f"{phase}{where}" + (f" ({message})" if message else "")
    return demo.judge("Rollout", told, good=phase == "Healthy" or phase in UNDER_WAY, fix=_suggest(demo))


def _suggest(demo: Demo) -> str:
    return f"Run `{demo.reset}`, or set `demos.progressiveDelivery.version` to a good one and run `make up`."


def read_version(rollout: object) -> str:
    """Return the tag of a Rollout's image; empty if there is none."""
    container = next(iter(entries(rollout, "spec", "template", "spec", "containers")), None)
    return text(container, "image").rpartition(":")[2]


def _judge_weights(demo: Demo, rollout: object, found: Mapping[str, int]) -> Line:
    """Return a line on whether the canary's weight is that of the Rollout's step, and 0 without a canary."""
    canary = _compute_due_weight(rollout)
    seen = ", ".join(f"{name} {weight}" for name, weight in found.items()) or "none"
    logs = f"`kubectl --namespace {parts.ARGO_ROLLOUTS} logs deployment/argo-rollouts`"
    fix = f"{_suggest(demo)} If they stay wrong, see {logs}."
    good = found == {STABLE: 100 - canary, CANARY: canary}
    return demo.judge("weights", f"{seen}, and {canary} % for the canary are due", good=good, fix=fix)


def _compute_due_weight(rollout: object) -> int:
    """Return the expected weight of the canary: that of the last step that has begun."""
    step = at(rollout, "status", "currentStepIndex")
    if text(rollout, "status", "phase") not in UNDER_WAY or not isinstance(step, int):
        return 0
    begun = entries(rollout, "spec", "strategy", "canary", "steps")[: step + 1]
    weights = [weight for each in begun if isinstance(weight := at(each, "setWeight"), int)]
    return weights[-1] if weights else 0


def _judge_answers(scene: Scene, demo: Demo, due: str, *, settled: bool) -> Line:
    """Return a line on the versions that answer the client, after a wait for an old one to disappear."""
    name = "versions that answer"
    clients = select_ready(list_pods(scene.api, demo.namespace), CLIENT)
    if not clients:
        return demo.fail(name, "no pod of the client is ready", f"Run `{demo.reset}`.")
    end = time.monotonic() + scene.patience.window
    while True:
        met = _count_answers(scene.api, clients[0])
        answers = {each for each in met if each != FAILED}
        errors = met[FAILED] > 0 and not scene.settings.demos.progressive_delivery.random_errors
        good = bool(answers) and not errors and (answers == {due} or not settled)
        if good or time.monotonic() >= end:
            break
        scene.show_progress(demo.name, 1 - max(0.0, end - time.monotonic()) / scene.patience.window)
        time.sleep(scene.patience.pause)
    seen = ", ".join(f"{each} {times}x" for each, times in sorted(met.items())) or "none"
    log = f"`kubectl --namespace {demo.namespace} logs deployment/{CLIENT} -c service`"
    fix = f"{_suggest(demo)} {log} shows the answers."
    return demo.judge(name, seen, good=good, fix=fix, failed=met[FAILED], answered=met.total() - met[FAILED])


def _count_answers(api: ClusterApi, client: Pod) -> Counter[str]:
    """Return the last answers in the client's log, by version."""
    path = f"/api/v1/namespaces/{client.namespace}/pods/{client.name}/log?container=service&tailLines={LAST}"
    answer = api.get(path)
    lines = answer.text.splitlines() if answer.status == HTTPStatus.OK else []
    return Counter(found[1] for line in lines if (found := ANSWER.fullmatch(line.strip())))
