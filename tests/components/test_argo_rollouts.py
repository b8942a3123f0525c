"""Argo Rollouts: the source of its plugin, and the permissions of its controller."""

import pytest

from components.delivery.argo_rollouts import ArgoRollouts, PluginSource
from tests.components.charts import ROLLOUTS, chart
from tests.deployment import Registration
from tests.engine import deploy
from tests.recorded_values import at
from versions import ROLLOUTS_PLUGIN_IMAGE

PLUGIN = "rollouts-plugin-trafficrouter-gatewayapi"
ELSEWHERE: PluginSource = {"location": "https://example.com/plugin", "sha256": "ab" * 32}


def deployed(plugin: PluginSource) -> Registration:
    return deploy(lambda: ArgoRollouts("rollouts", {**ROLLOUTS, "plugin": plugin})).one("kubernetes:helm.sh/v4:Chart")


def test_the_plugin_is_copied_from_its_image_where_the_controller_reads_but_cannot_write_it() -> None:
    controller = chart("argo-rollouts-controller").at("values", "controller")
    mount = {"name": "gateway-api-plugin", "mountPath": "/plugins"}

    assert at(controller, "trafficRouterPlugins") == [
        {"name": "argoproj-labs/gatewayAPI", "location": f"file:///plugins/{PLUGIN}"}
    ]
    assert at(controller, "initContainers", 0, "image") == ROLLOUTS_PLUGIN_IMAGE
    assert at(controller, "initContainers", 0, "command") == ["cp", f"/bin/{PLUGIN}", "/plugins"]
    assert at(controller, "initContainers", 0, "volumeMounts") == [mount]
    assert at(controller, "volumes") == [{"name": "gateway-api-plugin", "emptyDir": {}}]
    assert at(controller, "volumeMounts") == [{**mount, "readOnly": True}]


def test_a_plugin_from_elsewhere_needs_no_image_and_is_checked_by_its_checksum() -> None:
    controller = deployed(ELSEWHERE).at("values", "controller")

    assert at(controller, "trafficRouterPlugins") == [{"name": "argoproj-labs/gatewayAPI", **ELSEWHERE}]
    for key in ("initContainers", "volumes", "volumeMounts"):
        with pytest.raises(LookupError):
            at(controller, key)


def test_a_missing_checksum_is_left_out_because_an_empty_one_matches_nothing() -> None:
    plugin = deployed({"location": "file:///a", "sha256": None}).at("values", "controller", "trafficRouterPlugins", 0)

    assert plugin == {"name": "argoproj-labs/gatewayAPI", "location": "file:///a"}
