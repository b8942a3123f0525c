"""The steps of a change of trust that the preflight allows, by the state of the cluster."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from clients.cluster_api import ClusterApi
from model.names import TrustPhase
from model.problem import Problem
from model.trust_state import TrustState, is_legal
from preflight.trust import BUNDLE, BUNDLE_VARIABLE, IDENTITY, PODS, check_trust
from tests.doubles.api_server import Cluster, serving

S1, B1, R1, S2 = [TrustState(1, phase) for phase in TrustPhase] + [TrustState(2, TrustPhase.STABLE)]
STATES = [TrustState(anchor, phase) for anchor in (1, 2) for phase in TrustPhase]
OLD, NEW = "certificate 1\n", "certificate 1\ncertificate 2\n"
EARLY, CHANGED, ISSUED, LATE = (f"2026-11-23T15:0{minute}:00Z" for minute in range(4))
"""Before the bundle was written; when it was; when the identity service had rolled out after it; later."""


def bundle(annotations: Mapping[str, str]) -> dict[str, object]:
    nothing: dict[str, object] = {}
    ours = {"manager": "pulumi", "time": CHANGED, "fieldsV1": {"f:data": nothing, "f:metadata": nothing}}
    label = {"manager": "kubectl-label", "time": LATE, "fieldsV1": {"f:metadata": nothing}}
    metadata = {"annotations": dict(annotations), "creationTimestamp": EARLY, "managedFields": [ours, label]}
    return {"metadata": metadata, "data": {"ca-bundle.crt": NEW}}


def at_state(state: TrustState, *pods: object) -> Cluster:
    cluster = Cluster()
    cluster.answers[BUNDLE] = bundle(
        {"linkerd-workshop/trust-anchor": str(state.anchor), "linkerd-workshop/trust-phase": state.phase}
    )
    done = {"type": "Progressing", "reason": "NewReplicaSetAvailable", "lastUpdateTime": ISSUED}
    scaled = {"type": "Available", "reason": "MinimumReplicasAvailable", "lastUpdateTime": LATE}
    cluster.answers[IDENTITY] = {"status": {"conditions": [scaled, done]}}
    cluster.answers[PODS] = {"items": list(pods)}
    return cluster


def pod(
    created: str, bundle: str | None = NEW, *, name: str = "app-1", phase: str = "Running", ending: bool = False
) -> dict[str, object]:
    """Return a meshed pod; one of the control plane if it takes its bundle from the ConfigMap."""
    labels = {} if bundle else {"linkerd.io/control-plane-component": "destination"}
    source = {"configMapKeyRef": {"name": "linkerd-identity-trust-roots"}}
    variable = {"name": BUNDLE_VARIABLE, **({"value": bundle} if bundle else {"valueFrom": source})}
    metadata = {"namespace": "shop", "name": name, "creationTimestamp": created, "labels": labels}
    if ending:
        metadata["deletionTimestamp"] = LATE
    proxy = {"name": "linkerd-proxy", "env": [{"name": "OTHER", "value": "x"}, variable]}
    return {"metadata": metadata, "spec": {"containers": [{"name": "app"}, proxy]}, "status": {"phase": phase}}


def check(cluster: Cluster, wanted: TrustState, folder: Path) -> list[Problem]:
    with serving(cluster, folder) as path:
        return check_trust(ClusterApi(str(path), None), *wanted)


def one(cluster: Cluster, wanted: TrustState, folder: Path) -> Problem:
    (problem,) = check(cluster, wanted, folder)
    assert "\n" not in str(problem)
    return problem


@pytest.mark.parametrize("wanted", STATES, ids=str)
@pytest.mark.parametrize("current", STATES, ids=str)
def test_exactly_the_legal_steps_are_allowed_when_every_pod_has_restarted(
    tmp_path: Path, current: TrustState, wanted: TrustState
) -> None:
    problems = check(at_state(current, pod(LATE), pod(CHANGED, None)), wanted, tmp_path)

    assert (problems == []) == is_legal(current, wanted), problems


@pytest.mark.parametrize("wanted", STATES, ids=str)
def test_a_new_cluster_may_start_in_any_state(tmp_path: Path, wanted: TrustState) -> None:
    assert check(Cluster(), wanted, tmp_path) == []


def test_a_stack_from_before_trust_had_states_is_at_anchor_1_stable(tmp_path: Path) -> None:
    before = Cluster()
    before.answers[BUNDLE] = bundle({})

    assert check(before, S1, tmp_path) == []
    assert check(before, B1, tmp_path) == []
    assert "it is at anchor 1, phase stable" in one(before, S2, tmp_path).found


def test_a_refusal_names_the_failure_and_the_next_step(tmp_path: Path) -> None:
    problem = one(at_state(B1), S2, tmp_path)

    assert problem.found == "it is at anchor 1, phase bundled, and the settings ask for anchor 2, phase stable"
    assert "running pods show certificates below anchor 1, which restarted pods would not trust" in problem.rule
    assert "to anchor 1, phase reissued" in problem.fix
    assert "`pulumi config set --path 'linkerd-workshop:trust.phase' reissued`" in problem.fix
    assert "trust.anchor" not in problem.fix, "it stays 1 in this step"


def test_the_last_step_is_named_with_both_its_settings(tmp_path: Path) -> None:
    fix = one(at_state(R1), TrustState(2, TrustPhase.BUNDLED), tmp_path).fix

    assert "'linkerd-workshop:trust.anchor' 2` and" in fix
    assert "'linkerd-workshop:trust.phase' stable`" in fix


@pytest.mark.parametrize(("anchor", "phase"), [("one", "stable"), ("1", "done"), ("1", ""), ("", "bundled")])
def test_annotations_that_name_no_state_are_reported(tmp_path: Path, anchor: str, phase: str) -> None:
    broken = Cluster()
    broken.answers[BUNDLE] = bundle({"linkerd-workshop/trust-anchor": anchor, "linkerd-workshop/trust-phase": phase})

    assert "name no state" in one(broken, S1, tmp_path).found


@pytest.mark.parametrize(
    ("current", "wanted", "held_back"),
    [
        pytest.param(S1, B1, pod(EARLY, OLD), id="it learns of the new anchor in this step"),
        pytest.param(B1, B1, pod(EARLY, OLD), id="nothing changes"),
        pytest.param(R1, R1, pod(EARLY, OLD), id="nothing changes between anchors"),
        pytest.param(R1, B1, pod(EARLY), id="both anchors stay"),
        pytest.param(B1, R1, pod(EARLY, NEW), id="it has the bundle"),
        pytest.param(B1, R1, pod(CHANGED, None), id="it read the bundle"),
        pytest.param(B1, R1, pod(EARLY, OLD, ending=True), id="it is going"),
        pytest.param(B1, R1, pod(EARLY, OLD, phase="Succeeded"), id="it is done"),
        pytest.param(R1, S2, pod(ISSUED), id="the new issuer signed for it"),
        pytest.param(R1, S2, pod(CHANGED, None), id="the control plane restarts in this step"),
        pytest.param(B1, S1, pod(EARLY, OLD), id="it is older than the next anchor"),
        pytest.param(B1, S1, pod(CHANGED), id="it is younger than the way back"),
    ],
)
def test_a_step_does_not_wait_for_pods_that_it_leaves_connected(
    tmp_path: Path, current: TrustState, wanted: TrustState, held_back: object
) -> None:
    assert check(at_state(current, held_back), wanted, tmp_path) == []


@pytest.mark.parametrize(
    ("current", "wanted", "stale"),
    [
        pytest.param(B1, R1, pod(LATE, OLD), id="the old injector started it"),
        pytest.param(B1, R1, pod(EARLY, None), id="it read the old bundle"),
        pytest.param(R1, S2, pod(EARLY), id="the old issuer signed for it"),
        pytest.param(R1, S2, pod(CHANGED), id="the old identity service was still there"),
        pytest.param(R1, S2, pod(EARLY, None), id="a control plane that did not restart"),
        pytest.param(B1, S1, pod(EARLY, NEW), id="the next anchor may have signed for it"),
        pytest.param(B1, S1, pod(EARLY, None), id="so for the control plane"),
    ],
)
def test_pods_that_a_step_would_cut_off_are_named_with_their_fix(
    tmp_path: Path, current: TrustState, wanted: TrustState, stale: object
) -> None:
    problem = one(at_state(current, pod(LATE, name="good-1"), stale), wanted, tmp_path)

    assert problem.found == f"shop/app-1 started before the mesh had come to {current}"
    assert f"at {wanted}" in problem.rule
    assert "rollout restart" in problem.fix


def test_of_many_pods_the_first_five_are_named(tmp_path: Path) -> None:
    found = one(at_state(R1, *(pod(EARLY, name=f"app-{number}") for number in range(7))), S2, tmp_path).found

    assert found.startswith("shop/app-0, shop/app-1, shop/app-2, shop/app-3, shop/app-4 and 2 more started")


def test_a_step_does_not_wait_for_a_missing_identity_service(tmp_path: Path) -> None:
    cluster = at_state(R1, pod(CHANGED))
    del cluster.answers[IDENTITY]

    assert check(cluster, S2, tmp_path) == []
