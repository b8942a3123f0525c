"""Linkerd's policies against the schema that upstream publishes."""

from functools import cache

import pytest

from components.mesh.prometheus_access import PrometheusAccess, PrometheusAccessArgs
from components.resources.authorization_policy import AuthorizationPolicySpec
from tests import crd_schemas
from tests.crd_schemas import errors
from tests.engine import deploy
from tests.program import ROOT
from tests.recorded_values import at, mapping
from tests.typed_specs import optional_but_required, unknown_keys

FOLDER = ROOT.parent / "shared" / "data" / "crds"
VERSION = "policy.linkerd.io/v1alpha1"
TARGET = {"group": "policy.linkerd.io", "kind": "Server", "name": "a"}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="upstream's definitions are not beside this checkout")


@cache
def schema() -> dict[str, object]:
    """Return the schema of the spec; upstream's says nothing of the rest."""
    return mapping(at(crd_schemas.schema(FOLDER, VERSION, "AuthorizationPolicy"), "properties", "spec"))


def test_the_policy_that_the_program_makes_is_one_that_the_cluster_takes() -> None:
    args: PrometheusAccessArgs = {"namespace": "linkerd-viz", "account": "a", "account_namespace": "b"}
    made = deploy(lambda: PrometheusAccess("access", args)).one(f"kubernetes:{VERSION}:AuthorizationPolicy").inputs

    assert made["apiVersion"] == VERSION
    assert errors(schema(), made["spec"]) == []


@pytest.mark.parametrize(
    "spec",
    [
        {"targetRef": TARGET},
        {"targetRef": TARGET, "requiredAuthenticationRefs": [{"name": "a"}]},
        {"targetRef": TARGET, "requiredAuthenticationRefs": [{"kind": "ServiceAccount", "name": "a", "ns": "b"}]},
        {"targetRef": {**TARGET, "namespace": "b"}, "requiredAuthenticationRefs": []},
    ],
    ids=["no authentication", "no kind", "a misspelled key", "a target elsewhere"],
)
def test_what_is_wrong_is_refused_by_this_very_check(spec: object) -> None:
    assert errors(schema(), spec) != []


def test_the_types_know_no_other_keys_than_the_schema_and_leave_out_none_that_it_requires() -> None:
    assert list(unknown_keys(AuthorizationPolicySpec, schema(), "spec")) == []
    assert list(optional_but_required(AuthorizationPolicySpec, schema(), "spec")) == []
