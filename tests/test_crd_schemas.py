"""Typed custom resources against the schemas that upstream publishes, so that no wrong key waits for a cluster."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError
from pulumi import output
from pydantic import TypeAdapter

from components.demos.gitops_delivery import GitopsDelivery, GitopsDeliveryArgs
from components.demos.podinfo import Podinfo
from components.demos.progressive_delivery import ProgressiveDelivery, ProgressiveDeliveryArgs
from components.mesh.viz import PrometheusAccess
from components.resources import analysis_template, http_route, rollout
from components.resources.analysis_template import AnalysisTemplateSpec
from components.resources.application import ApplicationSpec, AppProjectSpec
from components.resources.authorization_policy import AuthorizationPolicySpec
from components.resources.http_route import HttpRouteSpec
from components.resources.rollout import RolloutSpec
from model.names import RouteApi
from sandbox import builds, charts, paths
from tests.components.arguments import CANARY, PODINFO
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.program import ROOT, run_program
from tests.recorded_values import at, mapping, sequence

_DOCUMENT = TypeAdapter(dict[str, object])
FOLDER = ROOT.parent / "shared" / "data" / "crds"


class Kind(NamedTuple):
    """A kind of custom resource with the type of its spec."""

    version: str
    kind: str
    spec: type

    def __str__(self) -> str:
        return f"{self.kind} of {self.version}"


ROUTE = Kind("gateway.networking.k8s.io/v1", "HTTPRoute", HttpRouteSpec)
LINKERD_ROUTE = Kind("policy.linkerd.io/v1beta3", "HTTPRoute", HttpRouteSpec)
POLICY = Kind("policy.linkerd.io/v1alpha1", "AuthorizationPolicy", AuthorizationPolicySpec)
ROLLOUT = Kind("argoproj.io/v1alpha1", "Rollout", RolloutSpec)
ANALYSIS = Kind("argoproj.io/v1alpha1", "AnalysisTemplate", AnalysisTemplateSpec)
APPLICATION = Kind("argoproj.io/v1alpha1", "Application", ApplicationSpec)
PROJECT = Kind("argoproj.io/v1alpha1", "AppProject", AppProjectSpec)
KINDS = [ROUTE, LINKERD_ROUTE, POLICY, ROLLOUT, ANALYSIS, APPLICATION, PROJECT]
ROUTES = {RouteApi.GATEWAY: ROUTE, RouteApi.POLICY: LINKERD_ROUTE}


def read_schema(folder: Path, api_version: str, kind: str) -> dict[str, object]:
    """Return the schema of a kind from the definitions in the files of `folder`."""
    group, _, wanted = api_version.partition("/")
    for document in _definitions_of(kind, folder):
        if at(document, "spec", "group") == group and at(document, "spec", "names", "kind") == kind:
            for version in sequence(at(document, "spec", "versions")):
                if at(version, "name") == wanted and at(version, "served"):
                    return _strict(mapping(at(version, "schema", "openAPIV3Schema")))
    raise LookupError(f"no {kind} of {api_version} in {folder}")


def _definitions_of(kind: str, folder: Path) -> Iterator[dict[str, object]]:
    for path in sorted(folder.glob("*.yaml")):
        for text in path.read_text(encoding="utf-8").split("\n---"):
            if f"kind: {kind}\n" in text:  # parsing all of them takes seconds
                yield _DOCUMENT.validate_python(yaml.load(text, yaml.CSafeLoader))


def errors(schema: Mapping[str, object], value: object) -> list[str]:
    """Return what an API server with strict field validation would refuse in `value`."""
    validator: Any = Draft202012Validator(schema)
    found: Iterator[ValidationError] = validator.iter_errors(value)
    return [f"{each.json_path}: {each.message}" for each in found]


def _strict(schema: dict[str, object]) -> dict[str, object]:
    """Return a structural schema as JSON schema: unknown keys fail, and so does null where it is not allowed."""
    strict = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if strict.pop("nullable", False):
        strict["type"] = [strict["type"], "null"]
    if schema.get("x-kubernetes-int-or-string"):
        strict["type"] = ["integer", "string"]
    if "properties" in strict:
        properties = mapping(strict["properties"])
        strict["properties"] = {name: _strict(mapping(each)) for name, each in properties.items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            strict["additionalProperties"] = False
    elif "additionalProperties" in strict and not isinstance(strict["additionalProperties"], bool):
        strict["additionalProperties"] = _strict(mapping(strict["additionalProperties"]))
    if "items" in strict:
        strict["items"] = _strict(mapping(strict["items"]))
    return strict


def wrong_keys(type_: type, schema: object, where: str = "spec") -> Iterator[str]:
    """Yield the keys of a TypedDict that the schema does not know, and those that it requires and the type does not."""
    known, hints = mapping(at(schema, "properties")), _hints(type_, extras=True)
    for key in map(str, sequence(mapping(schema).get("required", list[object]()))):
        if key not in hints or get_origin(hints[key]) is NotRequired:
            yield f"{where}.{key} is required"
    for key, hint in _hints(type_).items():
        if key not in known:
            yield f"{where}.{key} is unknown"
            continue
        element = mapping(known[key]).get("items", known[key])
        for inner in _typed_dicts(hint):
            yield from wrong_keys(inner, element, f"{where}.{key}")


def reached(type_: type) -> set[type]:
    """Return a TypedDict with all that are in it."""
    inner = {each for hint in _hints(type_).values() for each in _typed_dicts(hint)}
    return {type_}.union(*map(reached, inner))


def _hints(type_: type, *, extras: bool = False) -> dict[str, object]:
    names = {**vars(output), **vars(sys.modules[type_.__module__])}  # `Input` is made of names of its own module
    return get_type_hints(type_, names, include_extras=extras)


def _typed_dicts(hint: object) -> set[type]:
    """Return the TypedDicts in an annotation, however deep in `Input`, `Sequence` and `NotRequired`."""
    if isinstance(hint, type) and is_typeddict(hint):
        return {hint}
    return {found for part in get_args(hint) for found in _typed_dicts(part)}


@cache
def schema(kind: Kind) -> dict[str, object]:
    """Return the schema of a kind from its project's Go module, from which the sandbox takes it too."""
    owner = {"Application": "argo-cd", "AppProject": "argo-cd"}.get(kind.kind, "argo-rollouts")
    pins = {ROUTE: "gateway-api", LINKERD_ROUTE: "", POLICY: ""}.get(kind, owner)
    if pins:
        published = next(each for each in charts.DEFINITIONS if each.pins == pins)
        folder = builds.module_folder(paths.TOOL_MODULES / pins, published.module) / published.folder
    elif not (folder := FOLDER).is_dir():
        pytest.skip("Linkerd's definitions, which no module has, are not beside this checkout")
    return read_schema(folder, kind.version, kind.kind)


@cache
def fault_route(api: RouteApi, percent: int) -> Registration:
    demo = {"booksapp": {"routeApi": str(api), "faultPercent": percent}}
    return run_program({"demos": json.dumps(demo)}).named("booksapp-faults-route")


def header_route(api: RouteApi) -> Registration:
    return deploy(lambda: Podinfo("podinfo", {**PODINFO, "route_api": api})).named("podinfo-router-route")


@cache
def others() -> Deployment:
    """Deploy components that create the other kinds."""
    gitops: GitopsDeliveryArgs = {
        "argo_cd_namespace": "argocd",
        "namespace": "canary",
        "repository": "https://git.example.com/workshop.git",
        "path": "gitops/progressive-delivery",
        "revision": "main",
        "pod_annotations": {"generation": "1"},
    }
    canary: ProgressiveDeliveryArgs = {
        **CANARY,
        "random_errors": True,
        "prometheus": "http://prometheus.linkerd-viz:9090",
        "pod_annotations": {"generation": "1"},
    }

    def program() -> None:
        GitopsDelivery("gitops", gitops)
        ProgressiveDelivery("demo", canary)
        PrometheusAccess("access", {"namespace": "linkerd-viz", "account": "a", "account_namespace": "b"})

    return deploy(program)


def other(kind: Kind) -> Registration:
    return others().one(f"kubernetes:{kind.version}:{kind.kind}")


CREATED: list[tuple[Kind, Callable[[], Registration]]] = [
    *((kind, partial(fault_route, api, percent)) for api, kind in ROUTES.items() for percent in (0, 10, 100)),
    *((kind, partial(header_route, api)) for api, kind in ROUTES.items()),
    *((kind, partial(other, kind)) for kind in KINDS if kind not in ROUTES.values()),
]


def refusals(kind: Kind, created: dict[str, object]) -> list[str]:
    """Return the errors of an object; the schema of a policy describes its spec only."""
    if kind is POLICY:
        return errors(mapping(at(schema(kind), "properties", "spec")), created["spec"])
    return errors(schema(kind), created)


@pytest.mark.parametrize(("kind", "create"), CREATED, ids=lambda each: str(each) if isinstance(each, Kind) else "")
def test_the_cluster_takes_every_object_that_the_program_creates(
    kind: Kind, create: Callable[[], Registration]
) -> None:
    created = create().inputs

    assert created["apiVersion"] == kind.version
    assert refusals(kind, created) == []


HEADERS = '"matches": [{"headers": [{"name": "x user", "value": "a"}]}], "backendRefs"'
WRONG = [
    (ROUTE, "weight", "wieght"),
    (ROUTE, '"weight": 0', '"weight": null'),
    (ROUTE, '"port": 8080', '"port": 70000'),
    (ROUTE, '"name": "error-injector", ', ""),
    (ROUTE, '"backendRefs"', HEADERS),
    (POLICY, '"namespace": "b"', '"ns": "b"'),
    (ROLLOUT, '"duration": 10', '"duration": [10]'),
]
"""Mistakes, each as a text of an object that the program creates and the text in its place."""


@pytest.mark.parametrize(("kind", "old", "new"), WRONG, ids=str)
def test_this_check_refuses_an_object_with_a_mistake(kind: Kind, old: str, new: str) -> None:
    created = json.dumps(next(create for each, create in CREATED if each == kind)().inputs, sort_keys=True)

    assert old in created
    assert refusals(kind, json.loads(created.replace(old, new))) != []


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_type_has_no_unknown_key_and_requires_every_key_that_the_schema_requires(kind: Kind) -> None:
    assert list(wrong_keys(kind.spec, at(schema(kind), "properties", "spec"))) == []


@pytest.mark.parametrize(
    ("module", "spec"), [(http_route, HttpRouteSpec), (rollout, RolloutSpec), (analysis_template, AnalysisTemplateSpec)]
)
def test_every_type_of_a_module_is_reached_from_its_spec(module: ModuleType, spec: type) -> None:
    types = {name for name, each in vars(module).items() if is_typeddict(each) and not name.endswith("Args")}

    assert types == {each.__name__ for each in reached(spec)}
