"""The chart doubles before an API server: what they render is accepted, and their definitions refuse bad objects."""

import copy
import json
from collections.abc import Iterator, Mapping
from urllib.error import HTTPError

import pytest

from components.mesh.linkerd import values
from model.json_values import Json, mapping
from sandbox import paths
from sandbox.api_client import ApiClient, connect, find_kind
from tests.sandbox.chart_doubles import CONTROL_PLANE, CRDS, objects
from tests.sandbox.sandbox_command import eventually

pytestmark = pytest.mark.sandbox

GROUP = "policy.charts.test"
"""Stands for policy.linkerd.io: the cluster is shared with tests that install the real group."""
DEFINITION = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/httproutes.{GROUP}"
RULE: dict[str, object] = {
    "matches": [{"headers": [{"name": "x-request-id", "value": "alternative"}]}],
    "backendRefs": [{"name": "books", "port": 7002, "weight": 0}],
    "timeouts": {"request": "10s"},
}
OUR_ROUTE: dict[str, object] = {
    "parentRefs": [{"group": "core", "kind": "Service", "name": "books", "port": 7002}],
    "rules": [RULE],
}


@pytest.fixture(scope="module")
def client(sandbox_home: paths.Home) -> ApiClient:
    return connect(sandbox_home)


@pytest.fixture(scope="module")
def routes(client: ApiClient) -> Iterator[ApiClient]:
    """Serve HTTPRoutes of the double's definition in a group of their own."""
    definition = json.dumps(objects(CRDS, {})["CustomResourceDefinition/httproutes.policy.linkerd.io"])
    apply(client, DEFINITION, definition.replace("policy.linkerd.io", GROUP), "")
    assert eventually(lambda: client.get(f"/apis/{GROUP}/v1beta3")), "the group is not served"
    yield client
    client.request("DELETE", DEFINITION)


def apply(client: ApiClient, path: str, body: str, more: str = "&dryRun=All") -> str:
    """Server-side apply with strict fields; give what the API server objects to."""
    query = f"?fieldManager=test&force=true&fieldValidation=Strict{more}"
    try:
        client.request("PATCH", path + query, body.encode())
    except HTTPError as answer:
        return str(mapping(json.loads(answer.read()))["message"])
    return ""


def path_of(client: ApiClient, body: Json) -> str:
    """Find where an object belongs, in the namespace `default`."""
    version, kind = str(body["apiVersion"]), str(body["kind"])
    name = str(mapping(body["metadata"])["name"])
    served = mapping(find_kind(client, version, kind))
    prefix = "/api/v1" if version == "v1" else f"/apis/{version}"
    return f"{prefix}{'/namespaces/default' if served['namespaced'] else ''}/{served['name']}/{name}"


def refusal(client: ApiClient, spec: Json) -> str:
    route = {"apiVersion": f"{GROUP}/v1beta3", "kind": "HTTPRoute", "metadata": {"name": "route"}, "spec": spec}
    return apply(client, f"/apis/{GROUP}/v1beta3/namespaces/default/httproutes/route", json.dumps(route))


def changed(old: str, new: str) -> Json:
    text = json.dumps(OUR_ROUTE)
    assert old in text
    return mapping(json.loads(text.replace(old, new)))


@pytest.mark.parametrize("chart", [CRDS, CONTROL_PLANE])
def test_the_api_server_accepts_every_object_field_by_field(client: ApiClient, chart: str) -> None:
    given: Mapping[str, object] = values("1", high_availability=True) if chart == CONTROL_PLANE else {}
    refused: dict[str, str] = {}
    for name, each in objects(chart, given).items():
        body = dict(copy.deepcopy(each))
        metadata = dict(mapping(body["metadata"]))
        metadata.pop("namespace", None)
        objection = apply(client, path_of(client, each), json.dumps({**body, "metadata": metadata}))
        if objection:
            refused[name] = objection
    assert refused == {}


def test_a_route_of_ours_is_accepted(routes: ApiClient) -> None:
    assert refusal(routes, OUR_ROUTE) == ""


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (changed('"weight": 0', '"weight": -1'), "weight in body should be greater than or equal to 0"),
        (changed('"weight"', '"wieght"'), "wieght: field not declared in schema"),
        (changed('"name": "books", "port": 7002, "weight"', '"port": 7002, "weight"'), "name: Required value"),
        (changed('"headers"', '"method": "FETCH", "headers"'), 'Unsupported value: "FETCH"'),
    ],
)
def test_a_bad_route_is_refused(routes: ApiClient, spec: Json, words: str) -> None:
    assert words in refusal(routes, spec)
