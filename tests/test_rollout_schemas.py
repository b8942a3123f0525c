"""The Rollout and its analysis against the schemas that upstream publishes."""

import ast
from functools import cache
from types import ModuleType
from typing import is_typeddict

import pytest

from components.demos.progressive_delivery import ProgressiveDelivery, ProgressiveDeliveryArgs
from components.resources import analysis_template, rollout
from components.resources.analysis_template import AnalysisTemplateSpec
from components.resources.rollout import VERSION, RolloutSpec
from tests import crd_schemas
from tests.crd_schemas import errors
from tests.deployment import Deployment
from tests.engine import deploy
from tests.program import ROOT
from tests.recorded_values import at
from tests.typed_specs import optional_but_required, reached, unknown_keys

FOLDER = ROOT.parent / "shared" / "data" / "crds"
SPECS: dict[str, type] = {"Rollout": RolloutSpec, "AnalysisTemplate": AnalysisTemplateSpec}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="upstream's definitions are not beside this checkout")


@cache
def schema(kind: str) -> dict[str, object]:
    return crd_schemas.schema(FOLDER, VERSION, kind)


@cache
def demo() -> Deployment:
    args: ProgressiveDeliveryArgs = {
        "namespace": "progressive-delivery",
        "random_errors": True,
        "analysis": {"prometheus": "http://prometheus.linkerd-viz:9090"},
        "pod_annotations": {"generation": "1"},
    }
    return deploy(lambda: ProgressiveDelivery("demo", args))


@pytest.mark.parametrize("kind", SPECS)
def test_what_the_program_makes_is_what_the_cluster_takes(kind: str) -> None:
    made = demo().one(f"kubernetes:{VERSION}:{kind}").inputs

    assert made["apiVersion"] == VERSION
    assert errors(schema(kind), made) == []


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("Rollout", "revisionHistoryLimit", "revisionHistoryLimits"),
        ("Rollout", "setWeight", "set_weight"),
        ("Rollout", "'duration': 10", "'duration': [10]"),
        ("Rollout", "serviceAccountName", "service_account_name"),
        ("Rollout", "templateName", "template"),
        ("AnalysisTemplate", "successCondition", "success"),
        ("AnalysisTemplate", "'query'", "'queries'"),
        ("AnalysisTemplate", "'interval': '10s'", "'interval': 10"),
    ],
)
def test_what_is_wrong_is_refused_by_this_very_check(kind: str, old: str, new: str) -> None:
    made = str(demo().one(f"kubernetes:{VERSION}:{kind}").inputs)

    assert old in made
    assert errors(schema(kind), ast.literal_eval(made.replace(old, new))) != []


@pytest.mark.parametrize("kind", SPECS)
def test_the_types_know_no_other_keys_than_the_schema_and_leave_out_none_that_it_requires(kind: str) -> None:
    spec = at(schema(kind), "properties", "spec")

    assert list(unknown_keys(SPECS[kind], spec, "spec")) == []
    assert list(optional_but_required(SPECS[kind], spec, "spec")) == []


@pytest.mark.parametrize(("module", "kind"), [(rollout, "Rollout"), (analysis_template, "AnalysisTemplate")])
def test_every_type_of_the_module_is_reached_from_the_spec(module: ModuleType, kind: str) -> None:
    types = {name for name, each in vars(module).items() if is_typeddict(each)}

    assert types - {f"{kind}Args"} == {each.__name__ for each in reached(SPECS[kind])}
