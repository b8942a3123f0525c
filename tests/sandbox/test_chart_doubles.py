"""All chart doubles: the objects of the real charts by their names, and the values that those refuse."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from components.delivery import argo_cd, argo_rollouts
from components.mesh import viz
from model.json_values import mapping
from sandbox import paths
from tests.iam.stack import deployed
from tests.sandbox.chart_doubles import (
    ARGO_CD,
    ARGO_ROLLOUTS,
    CONTROL_PLANE,
    CRDS,
    DNS,
    LOAD_BALANCERS,
    OURS,
    VIZ,
    helm,
    objects,
    rendered,
)
from versions import (
    ARGO_ROLLOUTS_CHART,
    EXTERNAL_DNS_CHART,
    LINKERD_CHART,
    LOAD_BALANCER_CONTROLLER,
    LOAD_BALANCER_CONTROLLER_CHART,
)

pytestmark = pytest.mark.sandbox

REAL_NAMES = yaml.safe_load(Path(__file__).with_name("chart_objects.yaml").read_text(encoding="utf-8"))


def ours(chart: str) -> Mapping[str, object]:
    """Return the values that the program gives to a chart."""
    if chart in (DNS, LOAD_BALANCERS):
        role = "external-dns" if chart == DNS else "load-balancer-controller"
        return mapping(deployed().named(f"aws-{role}-chart").at("values"))
    return {
        CONTROL_PLANE: OURS,
        CRDS: {},
        VIZ: viz.values({}),
        ARGO_CD: argo_cd.values({"EXTENSION_URL": "https://example.com/extension.tar"}),
        ARGO_ROLLOUTS: argo_rollouts.values(None, {"linkerd-workshop/generation": "1"}),
    }[chart]


@pytest.mark.parametrize("chart", REAL_NAMES)
def test_a_chart_has_the_objects_of_the_real_one_and_no_others(chart: str) -> None:
    assert set(objects(chart, ours(chart))) == set(REAL_NAMES[chart].split())


@pytest.mark.parametrize("chart", REAL_NAMES)
def test_two_renders_with_the_values_of_the_program_are_equal(chart: str) -> None:
    assert rendered(chart, ours(chart)) == rendered(chart, ours(chart))


PROVIDER_NAMES: dict[str, object] = {"providerRBAC": {"providers": {"gatewayApi": False}}}
CLUSTER_RULES: dict[str, object] = {"controller": {"clusterRoleRules": {"enabled": True, "rules": [{"verb": ["get"]}]}}}
REFUSED: list[tuple[str, dict[str, object], str]] = [
    (CONTROL_PLANE, {"controlerReplicas": 2}, "additional properties 'controlerReplicas' not allowed"),
    (CONTROL_PLANE, {"proxyInjector": {"externalSecrets": True}}, "additional properties 'externalSecrets'"),
    (CONTROL_PLANE, {"proxy": {"resources": {"cpu": {"requests": "1m"}}}}, "additional properties 'requests'"),
    (CONTROL_PLANE, {"controllerReplicas": "two"}, "at '/controllerReplicas': got string, want integer"),
    (CONTROL_PLANE, {"proxyInjector": {"externalSecret": True}}, "proxyInjector: externalSecret needs caBundle"),
    (CRDS, {"installGatewayApi": False}, "additional properties 'installGatewayApi' not allowed"),
    (CRDS, {"installGatewayAPI": True}, "at '/installGatewayAPI': value must be false"),
    (VIZ, {"metricsApi": {}}, "additional properties 'metricsApi' not allowed"),
    (VIZ, {"tap": {"externalSecrets": True}}, "additional properties 'externalSecrets' not allowed"),
    (VIZ, {"dashboard": {"enforcedHost": "x"}}, "additional properties 'enforcedHost' not allowed"),
    (VIZ, {"prometheus": {"enabled": False}}, "additional properties 'enabled' not allowed"),
    (VIZ, {"tap": {"externalSecret": True}}, "tap: externalSecret needs caBundle"),
    (ARGO_CD, {"servers": {}}, "additional properties 'servers' not allowed"),
    (ARGO_CD, {"server": {"extentions": {}}}, "additional properties 'extentions' not allowed"),
    (ARGO_CD, {"server": {"ingress": {"enabled": True}}}, "at '/server/ingress/enabled': value must be false"),
    (ARGO_CD, {"crds": {"install": True}}, "at '/crds/install': value must be false"),
    (ARGO_CD, CLUSTER_RULES, "'verb' not allowed"),
    (ARGO_CD, {"redisSecretInit": {"enable": False}}, "additional properties 'enable' not allowed"),
    (ARGO_ROLLOUTS, {"installCRDs": True}, "at '/installCRDs': value must be false"),
    (ARGO_ROLLOUTS, {"controller": {"replica": 1}}, "additional properties 'replica' not allowed"),
    (ARGO_ROLLOUTS, {"controller": {"trafficRouterPlugins": {"name": "a"}}}, "got object, want array"),
    (ARGO_ROLLOUTS, {"controller": {"trafficRouterPlugins": [{"name": "a"}]}}, "missing property 'location'"),
    (ARGO_ROLLOUTS, PROVIDER_NAMES, "additional properties 'gatewayApi' not allowed"),
    (LOAD_BALANCERS, {"clusterName": ""}, "minLength: got 0, want 1"),
    (LOAD_BALANCERS, {"vpcID": "vpc-1"}, "additional properties 'vpcID' not allowed"),
    (LOAD_BALANCERS, {"controllerConfig": {"featureGates": {"ALBGatewayAPI": "no"}}}, "got string, want boolean"),
    (LOAD_BALANCERS, {"webhookTLS": {"ca": "x"}}, "additional properties 'ca' not allowed"),
    (DNS, {"policy": "delete"}, "value must be one of 'create-only', 'sync', 'upsert-only'"),
    (DNS, {"txtOwnerID": "x"}, "additional properties 'txtOwnerID' not allowed"),
    (DNS, {"provider": {"name": "google"}}, "value must be 'aws'"),
]


@pytest.mark.parametrize(("chart", "wrong", "words"), REFUSED)
def test_a_value_that_the_chart_does_not_know_is_refused(chart: str, wrong: dict[str, object], words: str) -> None:
    seen = helm(chart, {**ours(chart), **wrong})

    assert seen.returncode != 0
    assert words in seen.stderr


@pytest.mark.parametrize(
    ("chart", "version"),
    [
        (CONTROL_PLANE, LINKERD_CHART),
        (CRDS, LINKERD_CHART),
        (VIZ, LINKERD_CHART),
        (ARGO_ROLLOUTS, ARGO_ROLLOUTS_CHART),
        (LOAD_BALANCERS, LOAD_BALANCER_CONTROLLER_CHART),
        (f"{LOAD_BALANCERS}-crds", LOAD_BALANCER_CONTROLLER),
        (DNS, EXTERNAL_DNS_CHART),
    ],
)
def test_a_chart_carries_the_version_that_the_program_pins(chart: str, version: str) -> None:
    about = yaml.safe_load((paths.CHART_DOUBLES / chart / "Chart.yaml").read_text(encoding="utf-8"))

    assert about["version"] == version
