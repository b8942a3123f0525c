"""The replacement of the trust anchor, step by step on the real engine: pods trust each other all the time."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import pytest

from clients.cluster_api import items
from model.json_values import text
from sandbox.paths import Home
from tests.sandbox.mutual_tls import Proxy, start
from tests.sandbox.neighbour import Neighbour
from tests.sandbox.workshop import NOT_BOOKSAPP, Preview, Workshop

pytestmark = pytest.mark.sandbox

BUNDLE = "/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots"
ISSUER = "/api/v1/namespaces/linkerd/secrets/linkerd-identity-issuer"
GENERATION = "linkerd-workshop/generation"
STABLE, BUNDLED, REISSUED, RENEWED = "1 stable", "1 bundled", "1 reissued", "2 stable"
STATES = (STABLE, BUNDLED, REISSUED, RENEWED)
REFUSED = {
    STABLE: ("1 reissued", "2 stable"),
    BUNDLED: ("2 stable",),
    REISSUED: ("1 stable", "2 bundled"),
    RENEWED: ("1 stable", "1 reissued"),
}
FOLLOWING = {BUNDLED: REISSUED, REISSUED: RENEWED}
"""The steps for which pods of other apps have to be restarted."""

DEPLOYMENTS = 3 + 5  # identity, destination, injector; booksapp's five


@dataclass(frozen=True)
class Pod:
    """A pod of the stack."""

    uid: str
    created: str
    in_control_plane: bool
    restart_key: str


@dataclass(frozen=True)
class Step:
    """The findings when the cluster has reached a state."""

    preview: Preview
    """The preview of the step."""
    after: Preview
    """The preview after the step, with the same settings."""
    printed: str
    proxy: Proxy
    """The certificate and the bundle of a pod that starts in this state."""
    bundle: str
    anchors_for_check: str
    """The anchors that `linkerd check` finds beside the issuer."""
    pods: list[Pod]
    refusals: dict[str, str]
    """The output of an `up` to a state that must not follow."""
    unchanged: bool
    """True if those have changed nothing."""
    stale: str
    """The output of an `up` to the next state while a neighbour was not restarted."""
    expiry: tuple[int, str]
    """Exit status of `make expiry` for four thousand days, and what it printed."""
    renamed: Preview | None
    """As `after`, with anchor 1 under its name from before anchors had numbers; for the first state only."""


def choose(workshop: Workshop, state: str) -> None:
    anchor, phase = state.split()
    workshop.choose("trust.anchor", int(anchor))
    workshop.choose("trust.phase", phase)


def refused(workshop: Workshop, state: str) -> str:
    """Give what an `up` to `state` says."""
    choose(workshop, state)
    done = workshop.run("up", "--yes")
    assert done.returncode != 0, f"`up` went to {state}"
    return " ".join((done.stdout + done.stderr).split())


def pods(workshop: Workshop) -> list[Pod]:
    found = (item for space in ("linkerd", "booksapp") for item in _pods(workshop, space))
    return [
        Pod(
            text(pod, "metadata", "uid"),
            text(pod, "metadata", "creationTimestamp"),
            text(pod, "metadata", "namespace") == "linkerd",
            text(pod, "metadata", "annotations", GENERATION),
        )
        for pod in found
    ]


def _pods(workshop: Workshop, namespace: str) -> Sequence[object]:
    return items(workshop.api.find(f"/api/v1/namespaces/{namespace}/pods"))


def footprint(workshop: Workshop) -> object:
    """Give what an `up` that is refused must leave as it is: the state's resources, and the mesh's two objects."""
    state: dict[str, Any] = json.loads(workshop.export())
    versions = [text(workshop.api.find(path), "metadata", "resourceVersion") for path in (BUNDLE, ISSUER)]
    return state["deployment"]["resources"], versions


def step(workshop: Workshop, neighbour: Neighbour, state: str) -> Step:
    """Go to `state` and look at everything."""
    choose(workshop, state)
    preview, printed, after = workshop.preview(), workshop.up(), workshop.preview()
    roots, issuer = workshop.api.find(BUNDLE), workshop.api.find(ISSUER)
    bundle = text(roots, "data", "ca-bundle.crt")
    pem = {key: base64.b64decode(text(issuer, "data", key)) for key in ("tls.crt", "tls.key", "ca.crt")}
    listed = workshop.operation("expiry", "--days", "4000")
    proxy = start(bundle, pem["tls.crt"], pem["tls.key"])
    seen, before = pods(workshop), footprint(workshop)
    refusals = {wanted: refused(workshop, wanted) for wanted in REFUSED[state]}
    stale = refused(workshop, FOLLOWING[state]) if state in FOLLOWING else ""
    unchanged = footprint(workshop) == before
    neighbour.stop()
    neighbour.start(bundle)
    neighbour.label_bundle()  # after the pod, so that it counts as old if this were taken for a change of the bundle
    if state == STABLE:
        choose(workshop, state)
        workshop.replace_in_state("::linkerd-trust-anchor-1", "::linkerd-trust-anchor")
    return Step(
        preview,
        after,
        printed,
        proxy,
        bundle,
        pem["ca.crt"].decode(),
        seen,
        refusals,
        unchanged,
        stale,
        (listed.returncode, listed.stdout),
        workshop.preview() if state == STABLE else None,
    )


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, sandbox_home: Home) -> Iterator[dict[str, Step]]:
    """Walk from one anchor to the next."""
    workshop = Workshop(tmp_path_factory.mktemp("rotation") / "workshop", sandbox_home.folder)
    neighbour = Neighbour(workshop.api)
    workshop.leave_out(*NOT_BOOKSAPP)
    neighbour.start("a bundle of long ago")
    try:
        yield {state: step(workshop, neighbour, state) for state in STATES}
    finally:
        neighbour.stop()
        workshop.destroy()


def test_pods_of_neighbouring_states_trust_each_other_in_both_directions(walk: dict[str, Step]) -> None:
    for old, new in pairwise(STATES):
        for caller, called in product((old, new), (old, new)):
            assert walk[caller].proxy.trusts(walk[called].proxy), f"a pod of {caller} cannot call one of {called}"


def test_a_step_left_out_would_have_been_an_outage(walk: dict[str, Step]) -> None:
    """The other half of the test above: a certificate can be refused."""
    for first, last in ((STABLE, REISSUED), (STABLE, RENEWED), (BUNDLED, RENEWED)):
        old, new = walk[first].proxy, walk[last].proxy
        assert not (old.trusts(new) and new.trusts(old)), f"{first} to {last}"


def test_the_issuer_carries_every_anchor_in_the_bundle_for_linkerd_check(walk: dict[str, Step]) -> None:
    assert [seen.bundle.count("BEGIN CERTIFICATE") for seen in walk.values()] == [1, 2, 2, 1]
    assert all(seen.anchors_for_check == seen.bundle for seen in walk.values())
    assert walk[BUNDLED].bundle == walk[REISSUED].bundle, "pods need not restart for the bundle's sake"
    assert walk[STABLE].bundle + walk[RENEWED].bundle == walk[BUNDLED].bundle


@pytest.mark.parametrize("state", STATES)
def test_a_state_that_is_reached_has_an_empty_preview(walk: dict[str, Step], state: str) -> None:
    assert walk[state].after.changes == []


SHOWN = {
    BUNDLED: {"create": ["linkerd-trust-anchor-2", "linkerd-trust-anchor-2-key"]},
    REISSUED: {"replace": ["linkerd-trust-issuer"]},
    RENEWED: {"delete": ["linkerd-trust-anchor-1", "linkerd-trust-anchor-1-key"]},
}


@pytest.mark.parametrize("state", SHOWN)
def test_the_preview_of_a_step_shows_what_it_is_about(walk: dict[str, Step], state: str) -> None:
    """The certificates of the step, the two objects that hand them out, and the restarts."""
    preview = walk[state].preview
    deployments = [each.name for each in preview.changes if each.type.endswith(":Deployment")]
    updates = ["linkerd-trust-bundle", "linkerd-trust-issuer-secret", "linkerd-control-plane:linkerd/linkerd-config"]

    for operation in ("create", "replace", "delete"):
        assert sorted(preview.of(operation)) == SHOWN[state].get(operation, []), operation
    assert len(deployments) == DEPLOYMENTS
    assert sorted(preview.of("update")) == sorted([*deployments, *updates])


@pytest.mark.parametrize(("old", "new"), list(pairwise(STATES)))
def test_every_step_restarts_all_pods_the_apps_after_the_control_plane(
    walk: dict[str, Step], old: str, new: str
) -> None:
    before, after = walk[old].pods, walk[new].pods

    assert not {pod.uid for pod in before} & {pod.uid for pod in after}
    assert len({pod.restart_key for pod in after}) == 1, "and with them the key is the same everywhere"
    control_plane = [pod.created for pod in after if pod.in_control_plane]
    apps = [pod.created for pod in after if not pod.in_control_plane]
    assert len(control_plane) == 3
    assert max(control_plane) <= min(apps), "an app that starts earlier may get what the old control plane hands out"


@pytest.mark.parametrize(("state", "wanted"), [(state, wanted) for state in STATES for wanted in REFUSED[state]])
def test_a_jump_is_refused_with_its_reason_before_anything_changes(
    walk: dict[str, Step], state: str, wanted: str
) -> None:
    said = walk[state].refusals[wanted]

    assert "nothing was changed" in said
    assert "it is at anchor {}, phase {}".format(*state.split()) in said
    assert "The step to take is to" in said
    assert walk[state].unchanged


@pytest.mark.parametrize("state", [BUNDLED, REISSUED])
def test_a_pod_of_another_app_that_was_not_restarted_holds_the_next_step_back(
    walk: dict[str, Step], state: str
) -> None:
    assert "default/neighbour-" in walk[state].stale
    assert f"started before the mesh had come to anchor 1, phase {state.split()[1]}" in walk[state].stale
    assert "linkerd/" not in walk[state].stale, "the stack's own pods were restarted in the step"


@pytest.mark.parametrize("state", STATES)
def test_make_expiry_lists_every_certificate_of_the_state(walk: dict[str, Step], state: str) -> None:
    status, printed = walk[state].expiry

    assert status == 1, "no certificate lasts four thousand days"
    assert ("nextTrustAnchor" in printed) == (state in FOLLOWING)
    for name in ("trustAnchor", "issuer", "webhookAuthority", "linkerd-proxy-injector-k8s-tls"):
        assert name in printed


def test_a_stack_from_before_anchors_had_numbers_keeps_its_anchor(walk: dict[str, Step]) -> None:
    """And goes on from there: the steps after the first begin with the old names."""
    renamed = walk[STABLE].renamed

    assert renamed is not None
    assert renamed.changes == []


def test_no_key_is_printed_on_the_way(walk: dict[str, Step]) -> None:
    for seen in walk.values():
        assert "PRIVATE KEY" not in seen.printed + seen.preview.text
