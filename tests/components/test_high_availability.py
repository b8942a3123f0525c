"""High availability: the charts' own values for it, and no namespace that a closed webhook locks."""

import pytest

from components.addons.load_balancer_controller import HIGH_AVAILABILITY as LOAD_BALANCERS
from components.delivery import argo_rollouts
from components.mesh import linkerd as control_plane
from components.mesh import viz
from components.mesh.linkerd import Linkerd, LinkerdArgs
from components.resources.meshed_namespace import EXEMPT, exempt
from tests.components.charts import LINKERD, ROLLOUTS, apply_transforms
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at, mapping

HUNDRED = {"request": "100m"}
UPSTREAM: dict[tuple[str, ...], object] = {
    ("enablePodDisruptionBudget",): True,
    ("deploymentStrategy",): {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": "25%"}},
    ("enablePodAntiAffinity",): True,
    ("proxy", "resources"): {"cpu": HUNDRED, "memory": {"limit": "250Mi", "request": "20Mi"}},
    ("controllerReplicas",): 3,
    ("destinationResources",): {"cpu": HUNDRED, "memory": {"limit": "250Mi", "request": "50Mi"}},
    ("identityResources",): {"cpu": HUNDRED, "memory": {"limit": "250Mi", "request": "10Mi"}},
    ("proxyInjectorResources",): {"cpu": HUNDRED, "memory": {"limit": "250Mi", "request": "50Mi"}},
    ("webhookFailurePolicy",): "Fail",
    ("spValidatorResources",): {"cpu": HUNDRED, "memory": {"limit": "250Mi", "request": "50Mi"}},
    ("highAvailability",): True,
}
"""The values of values-ha.yaml, except the heartbeat, which is off, and the budget, which is the chart's default.

Source: github.com/linkerd/linkerd2/blob/edge-26.8.3/charts/linkerd-control-plane/values-ha.yaml
"""
UPSTREAM_VIZ: dict[tuple[str, ...], object] = {
    ("enablePodAntiAffinity",): True,
    ("enablePodDisruptionBudget",): True,
    ("tap", "replicas"): 3,
    ("tap", "resources"): {"cpu": HUNDRED, "memory": {"limit": "250Mi", "request": "50Mi"}},
    ("dashboard", "resources"): {"cpu": HUNDRED, "memory": {"limit": "250Mi", "request": "50Mi"}},
    ("prometheus", "resources"): {"cpu": {"request": "300m"}, "memory": {"limit": "8192Mi", "request": "300Mi"}},
}
"""Source: github.com/linkerd/linkerd2/blob/edge-26.8.3/viz/charts/linkerd-viz/values-ha.yaml"""


def test_linkerd_and_viz_have_the_values_of_upstreams_files() -> None:
    linkerds, vizs = control_plane.values("1", high_availability=True), viz.values({}, high_availability=True)

    assert {path: at(linkerds, *path) for path in UPSTREAM} == UPSTREAM
    assert {path: at(vizs, *path) for path in UPSTREAM_VIZ} == UPSTREAM_VIZ


def test_what_is_not_in_upstreams_files_stays_as_it_is() -> None:
    pairs = [
        (control_plane.values("1"), control_plane.values("1", high_availability=True), {"policyController", "proxy"}),
        (viz.values({}), viz.values({}, high_availability=True), {"metricsAPI", "tapInjector"}),
    ]
    told = {path[0] for path in (*UPSTREAM, *UPSTREAM_VIZ)}
    for without, available, requests in pairs:
        changed = {key for key in available if available[key] != without.get(key)}
        assert changed - told == requests - told, "they get the same request as the containers beside them"
        assert without.keys() <= available.keys()


def rollouts(*, high_availability: bool) -> dict[str, object]:
    return dict(mapping(argo_rollouts.values({**ROLLOUTS, "high_availability": high_availability})["controller"]))


def test_a_second_rollouts_controller_stands_by_and_one_of_the_two_stays_in_a_drain() -> None:
    found = rollouts(high_availability=True)

    assert found["replicas"] == 2
    assert found["pdb"] == {"enabled": True, "maxUnavailable": 1}
    added = {"pdb", "topologySpreadConstraints"}
    assert {**found, "replicas": 1} == {**rollouts(high_availability=False), **{key: found[key] for key in added}}


@pytest.mark.parametrize(
    ("constraints", "labels"),
    [
        (rollouts(high_availability=True)["topologySpreadConstraints"], "app.kubernetes.io/component"),
        (LOAD_BALANCERS["topologySpreadConstraints"], "app.kubernetes.io/name"),
    ],
)
def test_the_pods_of_a_controller_never_share_a_node_and_prefer_different_zones(
    constraints: object, labels: str
) -> None:
    for index, (key, otherwise) in enumerate(
        [("kubernetes.io/hostname", "DoNotSchedule"), ("topology.kubernetes.io/zone", "ScheduleAnyway")]
    ):
        assert at(constraints, index, "topologyKey") == key
        assert at(constraints, index, "whenUnsatisfiable") == otherwise
        assert at(constraints, index, "maxSkew") == 1
        assert labels in str(at(constraints, index, "labelSelector"))
        # Otherwise an update waits for ever where a node is drained: its two nodes have an old pod each.
        assert at(constraints, index, "nodeTaintsPolicy") == "Honor"
        assert at(constraints, index, "matchLabelKeys") == ["pod-template-hash"]


def linkerd(*, high_availability: bool) -> Deployment:
    args: LinkerdArgs = {**LINKERD, "high_availability": high_availability}
    return deploy(lambda: Linkerd("linkerd", args))


def test_the_clusters_own_namespace_gets_one_label_before_a_webhook_can_close() -> None:
    deployment = linkerd(high_availability=True)
    patch = deployment.one("kubernetes:core/v1:NamespacePatch")

    assert patch.at("metadata") == {
        "name": "kube-system",
        "labels": {"config.linkerd.io/admission-webhooks": "disabled"},
    }
    assert "linkerd-kube-system" in deployment.before(deployment.named("linkerd-control-plane"))
    assert linkerd(high_availability=False).of("kubernetes:core/v1:NamespacePatch") == []


def test_services_behind_closed_webhooks_are_waited_for() -> None:
    chart = linkerd(high_availability=True).named("linkerd-control-plane")
    rendered = {"metadata": {"name": "linkerd-proxy-injector"}}

    assert apply_transforms(chart, "kubernetes:core/v1:Service", rendered) == rendered


def test_a_namespace_keeps_its_labels_when_it_is_exempt() -> None:
    found = exempt({"annotations": {"a": "b"}, "labels": {"c": "d"}})

    assert found == {"annotations": {"a": "b"}, "labels": {"c": "d", **EXEMPT}}
