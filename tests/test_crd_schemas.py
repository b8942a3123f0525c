"""Typed resources against the schemas that upstream publishes, so that no wrong key waits for a cluster to find it."""

import json
from functools import cache
from typing import is_typeddict

import pytest

from components.demos.podinfo import Podinfo
from components.resources import http_route
from components.resources.http_route import HttpRouteSpec
from model.names import RouteApi
from tests import crd_schemas
from tests.crd_schemas import errors
from tests.engine import deploy
from tests.program import ROOT, run_program
from tests.recorded_values import at
from tests.typed_specs import NONE, optional_but_required, reached, unknown_keys

FOLDER = ROOT.parent / "shared" / "data" / "crds"
VERSIONS = {RouteApi.GATEWAY: "gateway.networking.k8s.io/v1", RouteApi.POLICY: "policy.linkerd.io/v1beta3"}
SPEC: dict[str, object] = {
    "parentRefs": [{"name": "books", "kind": "Service", "group": "", "port": 7002}],
    "rules": [{"backendRefs": [{"name": "books", "port": 7002, "weight": 90}]}],
}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="upstream's definitions are not beside this checkout")


@cache
def schema(api: RouteApi) -> dict[str, object]:
    return crd_schemas.schema(FOLDER, VERSIONS[api], "HTTPRoute")


def route(spec: object, api: RouteApi) -> dict[str, object]:
    return {"apiVersion": VERSIONS[api], "kind": "HTTPRoute", "metadata": {"name": "r"}, "spec": spec}


@pytest.mark.parametrize("percent", [0, 10, 100])
@pytest.mark.parametrize("api", RouteApi)
def test_the_route_that_the_program_makes_is_one_that_the_cluster_takes(api: RouteApi, percent: int) -> None:
    demo = {"booksapp": {"routeApi": str(api), "faultPercent": percent}}
    made = run_program({"demos": json.dumps(demo)}).named("booksapp-faults-route").inputs

    assert made["apiVersion"] == VERSIONS[api]
    assert errors(schema(api), made) == []


@pytest.mark.parametrize("api", RouteApi)
def test_the_route_by_a_header_is_one_that_the_cluster_takes(api: RouteApi) -> None:
    made = deploy(lambda: Podinfo("podinfo", {"namespace": "podinfo", "route_api": api})).named("podinfo-router-route")

    assert made.at("apiVersion") == VERSIONS[api]
    assert errors(schema(api), made.inputs) == []


@pytest.mark.parametrize("api", RouteApi)
def test_what_is_right_is_taken_by_this_very_check(api: RouteApi) -> None:
    assert errors(schema(api), route(SPEC, api)) == []


WRONG: dict[str, dict[str, object]] = {
    "a misspelled key of the spec": {**SPEC, "parentRef": NONE},
    "a misspelled key of a rule": {**SPEC, "rules": [{"backendRef": NONE}]},
    "a key in Python's spelling": {**SPEC, "rules": [{"backend_refs": NONE}]},
    "a misspelled key of a backend": {**SPEC, "rules": [{"backendRefs": [{"name": "a", "port": 1, "wieght": 1}]}]},
    "a weight in words": {**SPEC, "rules": [{"backendRefs": [{"name": "a", "port": 1, "weight": "90"}]}]},
    "a weight below zero": {**SPEC, "rules": [{"backendRefs": [{"name": "a", "port": 1, "weight": -1}]}]},
    "a port that is none": {**SPEC, "rules": [{"backendRefs": [{"name": "a", "port": 70000}]}]},
    "a header without a value": {**SPEC, "rules": [{"matches": [{"headers": [{"name": "x-user"}]}]}]},
    "a header that is no name": {**SPEC, "rules": [{"matches": [{"headers": [{"name": "x user", "value": "a"}]}]}]},
    "a backend without a name": {**SPEC, "rules": [{"backendRefs": [{"port": 1}]}]},
    "null": {**SPEC, "rules": None},
}


@pytest.mark.parametrize("api", RouteApi)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_refused_by_this_very_check(wrong: str, api: RouteApi) -> None:
    assert errors(schema(api), route(WRONG[wrong], api)) != []


@pytest.mark.parametrize("api", RouteApi)
def test_every_key_that_the_types_allow_is_in_the_schema(api: RouteApi) -> None:
    spec = at(schema(api), "properties", "spec")

    assert list(unknown_keys(HttpRouteSpec, spec, "spec")) == []


@pytest.mark.parametrize("api", RouteApi)
def test_every_key_that_the_schema_requires_is_required_by_the_types(api: RouteApi) -> None:
    spec = at(schema(api), "properties", "spec")

    assert list(optional_but_required(HttpRouteSpec, spec, "spec")) == []


def test_every_type_of_the_module_is_reached_from_the_spec() -> None:
    types = {name for name, each in vars(http_route).items() if is_typeddict(each)}

    assert types - {"HttpRouteArgs"} == {each.__name__ for each in reached(HttpRouteSpec)}
