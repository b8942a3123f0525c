"""The check that the next `up` may change what the mesh trusts, and the running pods that may hold it back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from clients.cluster_api import ClusterApi, items
from clients.rollout_wait import ENDED
from model.json_values import at, entries, text
from model.moments import FIRST, in_utc
from model.names import PROJECT, TRUST_ANCHOR, TRUST_PHASE, TrustPhase
from model.problem import Problem
from model.trust_state import TrustState, harm, is_legal, step_towards

BUNDLE = "/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots"
IDENTITY = "/apis/apps/v1/namespaces/linkerd/deployments/linkerd-identity"
MOST_PODS = 5
PODS = "/api/v1/pods?labelSelector=linkerd.io%2Fcontrol-plane-ns%3Dlinkerd"
BUNDLE_VARIABLE = "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"
"""The variable with a proxy's trust bundle; the control plane's own proxies take it from the ConfigMap."""

RESTART = (
    "A canary replaces its pods step by step: wait until it has ended. "
    "Restart others, such as with `kubectl --namespace <namespace> rollout restart deployment`."
)
"""What to do with pods that started before a change of the trust."""


@dataclass(frozen=True)
class MeshedPod:
    """A pod with a proxy, neither finished nor on its way out."""

    name: str
    """Its namespace and name."""
    in_control_plane: bool
    created: datetime
    bundle: str | None
    """The trust bundle that the injector gave it, PEM; None if it took the ConfigMap's."""


def meshed_pods(api: ClusterApi) -> Iterator[MeshedPod]:
    """Yield every running meshed pod. Raises InputError if the server refuses."""
    for pod in items(api.find(PODS)):
        if at(pod, "metadata", "deletionTimestamp") or text(pod, "status", "phase") in ENDED:
            continue
        yield MeshedPod(
            name=f"{text(pod, 'metadata', 'namespace')}/{text(pod, 'metadata', 'name')}",
            in_control_plane=bool(text(pod, "metadata", "labels", "linkerd.io/control-plane-component")),
            created=moment(text(pod, "metadata", "creationTimestamp")),
            bundle=_bundle(pod),
        )


def moment(time: str) -> datetime:
    """Return the time that the API server wrote (RFC 3339); long ago if there is none."""
    try:
        return in_utc(datetime.fromisoformat(time))
    except ValueError:
        return FIRST


def _bundle(pod: object) -> str | None:
    containers = (*entries(pod, "spec", "initContainers"), *entries(pod, "spec", "containers"))
    variables = (variable for container in containers for variable in entries(container, "env"))
    return next((text(each, "value") or None for each in variables if text(each, "name") == BUNDLE_VARIABLE), None)


def check_trust(api: ClusterApi, anchor: int, phase: TrustPhase) -> list[Problem]:
    """Return the reasons against a move to this state; none if it is safe, or if there is no mesh yet.

    Raises InputError if the server refuses a question.
    """
    bundle, wanted = api.find(BUNDLE), TrustState(anchor, phase)
    if bundle is None:
        return []
    where, current = f"{api.address}, trust of the mesh", _state(bundle)
    if current is None:
        found = f"the annotations {TRUST_ANCHOR} and {TRUST_PHASE} of its bundle name no state"
        fix = f"Restore those of the last `up` (`kubectl annotate --overwrite configmap {BUNDLE.rpartition('/')[2]}`)."
        return [Problem(where, found, "the next step depends on it", fix)]
    if not is_legal(current, wanted):
        found = f"it is at {current}, and the settings ask for {wanted}"
        return [Problem(where, found, harm(current, wanted), _fix(current, step_towards(current, wanted)))]
    stale = sorted(_stale(api, bundle, current, wanted))
    return [_restarts_first(where, current, wanted, stale)] if stale else []


def _state(bundle: object) -> TrustState | None:
    """Return the state that the bundle's annotations name; a bundle from before them trusts anchor 1 alone."""
    annotations = ("metadata", "annotations")
    anchor, phase = text(bundle, *annotations, TRUST_ANCHOR), text(bundle, *annotations, TRUST_PHASE)
    if not anchor and not phase:
        return TrustState(1, TrustPhase.STABLE)
    if not anchor.isdecimal() or phase not in TrustPhase.__members__.values():
        return None
    return TrustState(int(anchor), TrustPhase(phase))


def _fix(current: TrustState, step: TrustState) -> str:
    values = {"phase": step.phase} if step.anchor == current.anchor else {"anchor": step.anchor, "phase": step.phase}
    commands = "` and `".join(f"pulumi config set --path '{PROJECT}:trust.{key}' {values[key]}" for key in values)
    return f"The step to take is to {step}: `{commands}`."


def _stale(api: ClusterApi, bundle: object, current: TrustState, wanted: TrustState) -> Iterator[str]:
    """Yield the pods that a legal step would cut off from the restarted ones, by namespace and name."""
    if current == wanted or wanted.phase == TrustPhase.BUNDLED:  # no signer is new to a pod, and no anchor is removed
        return
    pem, changed = text(bundle, "data", "ca-bundle.crt").strip(), _changed(bundle)
    # A pod that started before the new issuer was in use has a certificate below the anchor that will be removed.
    issued = max(changed, _identity_in_use(api))

    def is_stale(pod: MeshedPod) -> bool:
        is_older, same_bundle = pod.created < changed, pod.bundle is not None and pod.bundle.strip() == pem
        if wanted.phase == TrustPhase.REISSUED:
            return is_older if pod.bundle is None else not same_bundle
        if current.phase == TrustPhase.REISSUED:
            return is_older if pod.in_control_plane else pod.created < issued
        # On the way back from `reissued` it may have a certificate below the next anchor.
        return is_older and (pod.bundle is None or same_bundle)

    yield from (pod.name for pod in meshed_pods(api) if is_stale(pod))


def _changed(bundle: object) -> datetime:
    """Return the time at which the bundle's data or annotations were last written, by the server's clock.

    Changes by others, such as their labels, have separate entries among the managed fields.
    """
    owners = (
        each for each in entries(bundle, "metadata", "managedFields") if at(each, "fieldsV1", "f:data") is not None
    )
    times = [moment(text(owner, "time")) for owner in owners]
    return max(times, default=moment(text(bundle, "metadata", "creationTimestamp")))


def _identity_in_use(api: ClusterApi) -> datetime:
    """Return the time since when all of the identity service's pods are new: they read the issuer at their start."""
    conditions = entries(api.find(IDENTITY), "status", "conditions")
    times = [
        moment(text(each, "lastUpdateTime")) for each in conditions if text(each, "reason") == "NewReplicaSetAvailable"
    ]
    return max(times, default=FIRST)


def _restarts_first(where: str, current: TrustState, wanted: TrustState, stale: Sequence[str]) -> Problem:
    more = f" and {len(stale) - MOST_PODS} more" if len(stale) > MOST_PODS else ""
    found = f"{', '.join(stale[:MOST_PODS])}{more} started before the mesh had come to {current}"
    rule = f"at {wanted} they could neither be reached nor reach others"
    return Problem(where, found, rule, RESTART)
