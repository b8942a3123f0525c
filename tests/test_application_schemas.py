"""Application and AppProject against the schemas in Argo CD's Go module, from which the sandbox takes them too."""

from functools import cache

import pytest

from components.demos.gitops_delivery import GitopsDelivery
from components.resources.app_project import AppProjectSpec
from components.resources.application import API_VERSION, ApplicationSpec
from sandbox import builds, charts, paths
from tests import crd_schemas
from tests.crd_schemas import errors
from tests.engine import deploy
from tests.recorded_values import at, mapping
from tests.typed_specs import optional_but_required, unknown_keys

NONE: list[object] = []
SPECS: dict[str, type] = {"Application": ApplicationSpec, "AppProject": AppProjectSpec}


@cache
def schema(kind: str) -> dict[str, object]:
    published = next(each for each in charts.DEFINITIONS if each.pins == "argo-cd")
    module = builds.module_folder(paths.TOOL_MODULES / published.pins, published.module)
    return crd_schemas.schema(module / published.folder, API_VERSION, kind)


@cache
def made(kind: str) -> dict[str, object]:
    deployment = deploy(
        lambda: GitopsDelivery(
            "gitops",
            {
                "argo_cd_namespace": "argocd",
                "namespace": "canary",
                "repository": "https://git.example.com/workshop.git",
                "path": "gitops/progressive-delivery",
                "revision": "main",
            },
        )
    )
    return deployment.one(f"kubernetes:{API_VERSION}:{kind}").inputs


@pytest.mark.parametrize("kind", SPECS)
def test_what_the_program_makes_is_what_the_cluster_takes(kind: str) -> None:
    assert errors(schema(kind), made(kind)) == []


@pytest.mark.parametrize("kind", SPECS)
def test_every_key_of_the_types_is_known_and_none_is_missing(kind: str) -> None:
    spec = at(schema(kind), "properties", "spec")

    assert list(unknown_keys(SPECS[kind], spec, "spec")) == []
    assert list(optional_but_required(SPECS[kind], spec, "spec")) == []


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("Application", {"proyect": "x"}),
        ("Application", {"source": {"path": "x"}}),
        ("Application", {"syncPolicy": {"automated": {"selfheal": True}}}),
        ("Application", {"ignoreDifferences": [{"kind": "Service", "jsonPointer": NONE}]}),
        ("AppProject", {"sourceRepos": "x"}),
        ("AppProject", {"namespaceResourceWhitelist": [{"kind": "Service"}]}),
    ],
    ids=["a key", "no repository", "a key of the policy", "a key of a difference", "a text for a list", "no group"],
)
def test_what_is_wrong_is_refused_by_this_very_check(kind: str, wrong: dict[str, object]) -> None:
    right = made(kind)

    assert errors(schema(kind), {**right, "spec": {**mapping(right["spec"]), **wrong}}) != []
