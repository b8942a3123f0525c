"""Argo Rollouts: what its charts are told, where its plugin comes from, and what it may do."""

from functools import cache

import pytest

from components.delivery.argo_rollouts import PROVIDERS, ArgoRollouts, PluginSource
from model.charts import ChartSource
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at
from versions import ARGO_ROLLOUTS, ROLLOUTS_PLUGIN_IMAGE

PUBLISHED: ChartSource = {"chart": "argo-rollouts", "version": "1.2.3", "repository": "https://charts.example.com"}
ELSEWHERE: PluginSource = {"location": "https://example.com/plugin", "sha256": "ab" * 32}


@cache
def rollouts() -> Deployment:
    return deployed(None)


def deployed(plugin: PluginSource | None, chart: ChartSource = PUBLISHED, annotation: str = "1") -> Deployment:
    return deploy(
        lambda: ArgoRollouts(
            "rollouts",
            {
                "namespace": "argo-rollouts",
                "crds_chart": {"chart": ".charts/crds.tgz"},
                "chart": chart,
                "plugin": plugin,
                "pod_annotations": {"generation": annotation},
            },
        )
    )


def controller(deployment: Deployment) -> Registration:
    return deployment.one("kubernetes:helm.sh/v4:Chart")


def told(*path: str | int) -> object:
    return controller(rollouts()).at("values", "controller", *path)


def test_the_definitions_are_a_release_of_their_own_and_there_before_the_controller() -> None:
    release = rollouts().one("kubernetes:helm.sh/v3:Release")

    assert release.inputs["name"] == "argo-rollouts-crds"
    assert controller(rollouts()).at("values", "installCRDs") is False
    assert rollouts().before(controller(rollouts())) == ["rollouts-crds"]


def test_the_controller_is_the_pinned_one_whatever_its_chart_takes_for_the_newest() -> None:
    assert told("image") == {"tag": f"v{ARGO_ROLLOUTS}"}


def test_the_plugin_comes_from_its_image_and_nothing_is_downloaded() -> None:
    assert told("trafficRouterPlugins") == [
        {
            "name": "argoproj-labs/gatewayAPI",
            "location": "file:///plugins/rollouts-plugin-trafficrouter-gatewayapi",
        }
    ]
    assert told("initContainers", 0, "image") == ROLLOUTS_PLUGIN_IMAGE
    assert told("initContainers", 0, "command") == [
        "cp",
        "/bin/rollouts-plugin-trafficrouter-gatewayapi",
        "/plugins",
    ]


def test_the_controller_finds_what_the_init_container_has_copied_and_cannot_write_it() -> None:
    assert told("volumes") == [{"name": "gateway-api-plugin", "emptyDir": {}}]
    assert told("initContainers", 0, "volumeMounts", 0, "name") == "gateway-api-plugin"
    assert told("initContainers", 0, "volumeMounts", 0, "mountPath") == "/plugins"
    assert told("volumeMounts") == [{"name": "gateway-api-plugin", "mountPath": "/plugins", "readOnly": True}]


def test_a_plugin_from_elsewhere_needs_no_image_and_is_checked_by_its_sum() -> None:
    values = controller(deployed(ELSEWHERE)).at("values", "controller")

    assert at(values, "trafficRouterPlugins") == [{"name": "argoproj-labs/gatewayAPI", **ELSEWHERE}]
    for key in ("initContainers", "volumes", "volumeMounts"):
        with pytest.raises(LookupError):
            at(values, key)


@pytest.mark.parametrize("source", [{"location": "file:///a", "sha256": None}, {"location": "file:///a"}])
def test_a_sum_that_is_not_set_is_left_out_because_an_empty_one_matches_nothing(source: PluginSource) -> None:
    values = controller(deployed(source)).at("values", "controller", "trafficRouterPlugins", 0)

    assert values == {"name": "argoproj-labs/gatewayAPI", "location": "file:///a"}


def test_rights_are_granted_for_the_routes_that_the_plugin_writes_and_for_no_other_router() -> None:
    rights = controller(rollouts()).at("values", "providerRBAC")

    assert at(rights, "providers") == dict.fromkeys(PROVIDERS, False)
    assert at(rights, "additionalRules") == [
        {"apiGroups": ["gateway.networking.k8s.io"], "resources": ["httproutes"], "verbs": ["get", "update"]}
    ]


def test_every_container_is_restricted() -> None:
    assert told("initContainers", 0, "securityContext") == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    pod = controller(rollouts()).at("values", "podSecurityContext")
    assert pod == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_a_new_annotation_restarts_the_controller() -> None:
    again = controller(deployed(None, annotation="2")).at("values", "controller", "podAnnotations")

    assert told("podAnnotations") == {"generation": "1"}
    assert again == {"generation": "2"}


def test_the_chart_comes_from_where_it_was_found() -> None:
    assert controller(rollouts()).at("repositoryOpts") == {"repo": "https://charts.example.com"}
    archive = controller(deployed(None, {"chart": ".charts/a.tgz"}))
    assert archive.at("chart") == ".charts/a.tgz"
    assert "repositoryOpts" not in archive.inputs
