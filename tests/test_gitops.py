"""The folder that Argo CD deploys: the demo that Pulumi creates, but for the additions of each of the two."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from components.delivery.argo_rollouts import PLUGIN
from components.demos.gitops_delivery import KINDS
from components.demos.progressive_delivery import ProgressiveDelivery
from tests.deployment import Deployment
from tests.engine import deploy
from tests.program import ROOT, run_program
from tests.program_configs import GITOPS
from tests.recorded_values import at, mapping, sequence

FOLDER = ROOT / "gitops" / "progressive-delivery"
NAMESPACE = "the-demos-namespace"
_DOCUMENTS = TypeAdapter(list[dict[str, object]])

Objects = dict[tuple[str, str], object]


def documents(path: Path) -> list[dict[str, object]]:
    return _DOCUMENTS.validate_python(list(yaml.safe_load_all(path.read_text(encoding="utf-8"))))


def listed() -> list[str]:
    (kustomization,) = documents(FOLDER / "kustomization.yaml")
    return [str(each) for each in sequence(kustomization["resources"])]


@cache
def in_git() -> Objects:
    return {key(each): each for name in listed() for each in documents(FOLDER / name)}


@cache
def made_by_pulumi() -> Objects:
    demo = deploy(lambda: ProgressiveDelivery("progressive-delivery", {"namespace": NAMESPACE}))
    return {key(each.inputs): without_additions(each.inputs) for each in demo.registrations if each.custom}


def key(document: object) -> tuple[str, str]:
    return str(at(document, "kind")), str(at(document, "metadata", "name"))


def without_additions(value: object) -> object:
    """Return `value` without what only Pulumi needs: the namespace, its provider's annotation, and empty values.

    The plugin takes the Rollout's own namespace where its configuration names none.
    """
    if is_a(dict, value):
        kept = {name: without_additions(each) for name, each in mapping(value).items() if is_of_the_demo(name, each)}
        return {name: each for name, each in kept.items() if each not in ({}, [])}
    return [without_additions(each) for each in sequence(value)] if is_a(list, value) else value


def is_a(type_: type, value: object) -> bool:
    """Return whether `value` is a `type_`, whose elements the type checker would otherwise ask for."""
    return isinstance(value, type_)


def is_of_the_demo(name: str, value: object) -> bool:
    return name != "pulumi.com/skipAwait" and (name, value) != ("namespace", NAMESPACE)


def test_git_and_pulumi_name_the_same_objects() -> None:
    assert set(in_git()) == set(made_by_pulumi())


@pytest.mark.parametrize("name", sorted(in_git()), ids="/".join)
def test_each_object_in_git_is_the_one_that_pulumi_creates(name: tuple[str, str]) -> None:
    assert in_git()[name] == made_by_pulumi()[name]


def test_the_kustomization_lists_every_file_of_the_folder() -> None:
    assert sorted(listed()) == sorted(path.name for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")


def test_no_object_in_git_names_a_namespace() -> None:
    assert [name for name, each in in_git().items() if "namespace" in str(each)] == []


def test_the_project_admits_every_kind_in_git() -> None:
    admitted = {(each["group"], each["kind"]) for each in KINDS}
    used = {(group_of(each), at(each, "kind")) for each in in_git().values()}

    assert used <= admitted


def group_of(document: object) -> str:
    group, slash, _ = str(at(document, "apiVersion")).partition("/")
    return group if slash else ""


def test_every_image_in_git_is_pinned() -> None:
    found = [image for name in listed() for image in re.findall(r"image: (\S+)", (FOLDER / name).read_text("utf-8"))]

    assert len(found) == 2
    assert [image for image in found if ":" not in image or image.endswith(":latest")] == []


def test_the_rollout_in_git_asks_the_plugin_for_its_route() -> None:
    rollout = in_git()["Rollout", "rollouts-demo"]

    assert at(rollout, "spec", "strategy", "canary", "trafficRouting", "plugins", PLUGIN) == {
        "httpRoute": "argo-rollouts-http-route"
    }


@cache
def owned(*, by_argo_cd: bool) -> Deployment:
    return run_program(GITOPS if by_argo_cd else {})


def test_the_two_owners_of_the_demo_never_share_a_namespace() -> None:
    application = owned(by_argo_cd=True).one("kubernetes:argoproj.io/v1alpha1:Application")
    destination = application.at("spec", "destination", "namespace")
    pulumis = {each.at("metadata", "name") for each in owned(by_argo_cd=False).of("kubernetes:core/v1:Namespace")}

    assert f"{destination}-namespace" in owned(by_argo_cd=True).names
    assert destination not in pulumis, "Pulumi would create what Argo CD still holds, or delete what it has taken over"


def test_the_restart_key_reaches_the_demo_that_argo_cd_owns() -> None:
    application = owned(by_argo_cd=True).one("kubernetes:argoproj.io/v1alpha1:Application")

    assert "linkerd-workshop/generation" in str(application.at("spec", "source", "kustomize", "patches", 0, "patch"))
