"""The folder that Argo CD deploys: the demo that Pulumi creates, except for the additions of each of the two."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from components.demos.gitops_delivery import KINDS
from components.demos.progressive_delivery import ProgressiveDelivery
from model.json_values import is_list, is_mapping
from tests.components.arguments import CANARY
from tests.deployment import Deployment
from tests.engine import deploy
from tests.program import ROOT, run_program
from tests.program_configs import GITOPS
from tests.recorded_values import at, sequence

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
    demo = deploy(lambda: ProgressiveDelivery("progressive-delivery", {**CANARY, "namespace": NAMESPACE}))
    return {key(each.inputs): without_additions(each.inputs) for each in demo.registrations if each.custom}


def key(document: object) -> tuple[str, str]:
    return str(at(document, "kind")), str(at(document, "metadata", "name"))


def without_additions(value: object) -> object:
    """Return `value` without what only Pulumi needs: the namespace, its provider's annotations, and empty values.

    The plugin takes the Rollout's own namespace where its configuration names none.
    """
    if is_mapping(value):
        own = (each for each in value.items() if each != ("namespace", NAMESPACE))
        kept = {name: without_additions(each) for name, each in own if not name.startswith("pulumi.com/")}
        return {name: each for name, each in kept.items() if each not in ({}, [])}
    return [without_additions(each) for each in value] if is_list(value) else value


def test_git_has_the_objects_that_pulumi_creates() -> None:
    assert in_git() == made_by_pulumi()


def test_the_kustomization_lists_every_file_of_the_folder_and_none_names_a_namespace() -> None:
    assert sorted(listed()) == sorted(path.name for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
    assert [name for name, each in in_git().items() if "namespace" in str(each)] == []


def test_the_project_admits_every_kind_in_git() -> None:
    used = {(str(at(each, "apiVersion")).rpartition("/")[0], at(each, "kind")) for each in in_git().values()}

    assert used <= {(each["group"], each["kind"]) for each in KINDS}


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
