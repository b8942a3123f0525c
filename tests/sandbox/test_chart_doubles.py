"""All chart doubles: the objects of the real charts by their names, and the values that they refuse."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from components.delivery import argo_cd, argo_rollouts
from components.mesh import linkerd, viz
from model.json_values import Json, is_list, is_mapping, mapping
from sandbox import paths
from tests.components.charts import ROLLOUTS
from tests.iam.stack import deployed
from tests.sandbox.chart_doubles import (
    ARGO_CD,
    ARGO_ROLLOUTS,
    CONTROL_PLANE,
    CRDS,
    DNS,
    LOAD_BALANCERS,
    VIZ,
    helm,
    objects,
)

pytestmark = pytest.mark.sandbox

REAL_NAMES = yaml.safe_load(Path(__file__).with_name("chart_objects.yaml").read_text(encoding="utf-8"))
OURS: dict[str, Mapping[str, object]] = {
    CONTROL_PLANE: linkerd.values("1"),
    CRDS: {},
    VIZ: viz.values({}),
    ARGO_CD: argo_cd.values(with_tab=True),
    ARGO_ROLLOUTS: argo_rollouts.values({**ROLLOUTS, "pod_annotations": {"linkerd-workshop/generation": "1"}}),
}
"""The values that the program gives to the charts that are not for EKS alone."""


def ours(chart: str) -> Mapping[str, object]:
    """Return the values that the program gives to a chart."""
    names = {LOAD_BALANCERS: f"{LOAD_BALANCERS}-chart", DNS: "aws-external-dns-chart"}
    return mapping(deployed().named(names[chart]).at("values")) if chart in names else OURS[chart]


@pytest.mark.parametrize("chart", REAL_NAMES)
def test_a_chart_has_the_objects_of_the_real_one_and_no_others_in_every_render(chart: str) -> None:
    found = objects(chart, ours(chart))

    assert set(found) == set(REAL_NAMES[chart].split())
    assert objects(chart, ours(chart)) == found


SWITCHES = {
    CONTROL_PLANE: ("disableHeartBeat", "identity"),
    VIZ: ("createNamespaceMetadataJob",),
    ARGO_CD: ("redisSecretInit", "dex", "notifications", "controller", "server"),
    ARGO_ROLLOUTS: ("installCRDs", "providerRBAC"),
    LOAD_BALANCERS: ("enableServiceMutatorWebhook",),
}
"""The values without which the real charts create what the program does not want."""


@pytest.mark.parametrize(("chart", "key"), [(chart, key) for chart, keys in SWITCHES.items() for key in keys])
def test_what_the_program_does_not_leave_to_a_chart_is_refused_where_it_is_left_out(chart: str, key: str) -> None:
    rest = {name: value for name, value in ours(chart).items() if name != key}

    assert f"at '/{key}" in helm(chart, rest).stderr


REFUSED: list[tuple[str, dict[str, object], str]] = [
    (CONTROL_PLANE, {"controlerReplicas": 2}, "additional properties 'controlerReplicas' not allowed"),
    (CONTROL_PLANE, {"controllerReplicas": "two"}, "at '/controllerReplicas': got string, want integer"),
    (CONTROL_PLANE, {"proxyInjector": {"externalSecret": True}}, "proxyInjector: externalSecret needs caBundle"),
    (CRDS, {"installGatewayAPI": True}, "at '/installGatewayAPI': value must be false"),
    (VIZ, {"tap": {"externalSecret": True}}, "tap: externalSecret needs caBundle"),
    (ARGO_CD, {"server": {"ingress": {"enabled": True}}}, "at '/server/ingress/enabled': value must be false"),
    (ARGO_CD, {"crds": {"install": True}}, "at '/crds/install': value must be false"),
    (ARGO_ROLLOUTS, {"controller": {"trafficRouterPlugins": [{"name": "a"}]}}, "missing property 'location'"),
    (LOAD_BALANCERS, {"clusterName": ""}, "minLength: got 0, want 1"),
    (LOAD_BALANCERS, {"controllerConfig": {"featureGates": {"ALBGatewayAPI": "no"}}}, "got string, want boolean"),
    (DNS, {"policy": "delete"}, "value must be one of 'create-only', 'sync', 'upsert-only'"),
    (DNS, {"provider": {"name": "google"}}, "value must be 'aws'"),
]


@pytest.mark.parametrize(("chart", "wrong", "words"), REFUSED)
def test_a_wrong_value_is_refused(chart: str, wrong: dict[str, object], words: str) -> None:
    seen = helm(chart, {**ours(chart), **wrong})

    assert seen.returncode != 0
    assert words in seen.stderr


@pytest.mark.parametrize("chart", REAL_NAMES)
def test_a_schema_refuses_unknown_keys_at_every_depth(chart: str) -> None:
    schema = json.loads((paths.CHART_DOUBLES / chart / "values.schema.json").read_text(encoding="utf-8"))

    assert [sorted(each) for each in mappings_in(schema) if each.get("additionalProperties") is not False] == []


def mappings_in(schema: object) -> Iterator[Json]:
    """Yield the schemas in a schema that name the keys of a mapping."""
    if is_mapping(schema):
        if is_mapping(schema.get("properties")) and "type" in schema:
            yield schema
        schema = list(schema.values())
    for each in schema if is_list(schema) else ():
        yield from mappings_in(each)
