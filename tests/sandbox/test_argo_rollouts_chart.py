"""The double of Argo Rollouts' chart: the objects of the real one by their names, and what it grants."""

import pytest
import yaml

from components.delivery.argo_rollouts import PROVIDERS, values
from model.json_values import Json, is_list, mapping, mappings
from sandbox import paths
from tests.sandbox.chart_doubles import helm, objects, rendered
from versions import ARGO_ROLLOUTS, ARGO_ROLLOUTS_CHART

pytestmark = pytest.mark.sandbox

CHART = "argo-rollouts"
OURS = values(None, {"linkerd-workshop/generation": "1"})
REAL_NAMES = """
ClusterRole/argo-rollouts ClusterRole/argo-rollouts-aggregate-to-admin ClusterRole/argo-rollouts-aggregate-to-edit
ClusterRole/argo-rollouts-aggregate-to-view ClusterRoleBinding/argo-rollouts
ConfigMap/argo-rollouts-config ConfigMap/argo-rollouts-notification-configmap
Deployment/argo-rollouts ServiceAccount/argo-rollouts
"""
"""What the real chart 2.41.0 makes with OURS."""


def pod(found: dict[str, Json]) -> Json:
    return mapping(mapping(found["Deployment/argo-rollouts"]["spec"])["template"])


def routers(found: dict[str, Json]) -> set[str]:
    """Return the groups of the routers for which the controller has rights."""
    rules = mappings(found["ClusterRole/argo-rollouts"]["rules"])
    groups = {str(group) for rule in rules if is_list(all_ := rule["apiGroups"]) for group in all_}
    return groups - {"", "apps", "argoproj.io", "batch", "coordination.k8s.io", "networking.k8s.io"}


def test_the_chart_has_the_objects_of_the_real_one_and_no_others() -> None:
    assert set(objects(CHART, OURS)) == set(REAL_NAMES.split())


def test_two_renders_are_equal() -> None:
    assert rendered(CHART, OURS) == rendered(CHART, OURS)


def test_the_configuration_names_the_plugin() -> None:
    data = mapping(objects(CHART, OURS)["ConfigMap/argo-rollouts-config"]["data"])

    assert yaml.safe_load(str(data["trafficRouterPlugins"])) == [
        {
            "name": "argoproj-labs/gatewayAPI",
            "location": "file:///plugins/rollouts-plugin-trafficrouter-gatewayapi",
        }
    ]


def test_another_plugin_restarts_the_controller() -> None:
    other = values({"location": "https://example.com/plugin"}, {"linkerd-workshop/generation": "1"})
    checksums = {
        str(mapping(mapping(pod(objects(CHART, each))["metadata"])["annotations"])["checksum/cm"])
        for each in (OURS, other)
    }

    assert len(checksums) == 2


def test_the_controller_has_rights_for_the_routes_of_the_gateway_api_and_for_no_other_router() -> None:
    found = objects(CHART, OURS)

    assert routers(found) == {"gateway.networking.k8s.io"}
    assert mappings(found["ClusterRole/argo-rollouts"]["rules"])[-1] == {
        "apiGroups": ["gateway.networking.k8s.io"],
        "resources": ["httproutes"],
        "verbs": ["get", "update"],
    }


def test_without_our_values_the_chart_grants_rights_for_every_router() -> None:
    assert len(routers(objects(CHART, {"installCRDs": False}))) == len(PROVIDERS)


def test_the_controller_is_the_pinned_one_and_ready_soon() -> None:
    (container,) = mappings(mapping(pod(objects(CHART, OURS))["spec"])["containers"])

    assert container["image"] == f"quay.io/argoproj/argo-rollouts:v{ARGO_ROLLOUTS}"
    assert mapping(container["readinessProbe"]) == {
        "httpGet": {"path": "/metrics", "port": "metrics"},
        "initialDelaySeconds": 1,
        "periodSeconds": 5,
        "failureThreshold": 3,
        "successThreshold": 1,
        "timeoutSeconds": 4,
    }


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"installCRDs": True}, "at '/installCRDs': value must be false"),
        ({"controller": {"replica": 1}}, "additional properties 'replica' not allowed"),
        ({"controller": {"trafficRouterPlugins": {"name": "a"}}}, "got object, want array"),
        ({"controller": {"trafficRouterPlugins": [{"name": "a"}]}}, "missing property 'location'"),
        ({"providerRBAC": {"providers": {"gatewayApi": False}}}, "additional properties 'gatewayApi' not allowed"),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_a_value_that_the_chart_does_not_know_is_refused(wrong: dict[str, object], words: str) -> None:
    seen = helm(CHART, {"installCRDs": False, **wrong})

    assert seen.returncode != 0
    assert words in seen.stderr


def test_the_chart_carries_the_version_that_the_program_pins() -> None:
    about = yaml.safe_load((paths.CHART_DOUBLES / CHART / "Chart.yaml").read_text())

    assert about["version"] == ARGO_ROLLOUTS_CHART
