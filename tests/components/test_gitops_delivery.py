"""The canary demo from git: where it comes from, where it goes, and what is left to the Rollouts controller."""

import json
from functools import cache

from components.delivery.argo_cd_roles import DEPLOYED
from components.demos.gitops_delivery import GitopsDelivery, GitopsDeliveryArgs
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at, mapping, sequence

REPOSITORY = "https://git.example.com/workshop.git"
ARGS: GitopsDeliveryArgs = {
    "argo_cd_namespace": "argocd",
    "namespace": "canary",
    "repository": REPOSITORY,
    "path": "gitops/progressive-delivery",
    "revision": "main",
}


@cache
def demo() -> Deployment:
    return deploy(lambda: GitopsDelivery("gitops", ARGS))


def application() -> Registration:
    return demo().one("kubernetes:argoproj.io/v1alpha1:Application")


def project() -> Registration:
    return demo().one("kubernetes:argoproj.io/v1alpha1:AppProject")


def test_the_application_takes_a_folder_of_a_repository() -> None:
    assert application().at("spec", "source") == {
        "repoURL": REPOSITORY,
        "path": "gitops/progressive-delivery",
        "targetRevision": "main",
    }


def test_application_and_project_lie_where_argo_cd_looks_for_them() -> None:
    for each in (application(), project()):
        assert each.at("metadata", "namespace") == "argocd"


def test_the_application_carries_no_finalizer() -> None:
    assert set(mapping(application().at("metadata"))) == {"name", "namespace"}, (
        "with a finalizer, an Application whose controller went first is never gone"
    )


def test_the_application_belongs_to_the_project_and_comes_after_it() -> None:
    assert application().at("spec", "project") == project().at("metadata", "name")
    assert "gitops-project" in demo().before(application())


def test_the_project_admits_one_repository_one_namespace_and_nothing_of_the_cluster() -> None:
    assert project().at("spec", "sourceRepos") == [REPOSITORY]
    assert project().at("spec", "destinations") == [{"server": "https://kubernetes.default.svc", "namespace": "canary"}]
    assert application().at("spec", "destination") == project().at("spec", "destinations", 0)
    assert "clusterResourceWhitelist" not in mapping(project().at("spec"))


def test_the_project_admits_what_the_controller_may_deploy() -> None:
    kinds = sequence(project().at("spec", "namespaceResourceWhitelist"))
    admitted = {(at(each, "group"), f"{str(at(each, 'kind')).lower()}s") for each in kinds}

    assert admitted == {(group, resource) for group, resources in DEPLOYED.items() for resource in resources}


def test_what_the_rollouts_controller_owns_is_no_difference_and_survives_a_sync() -> None:
    assert application().at("spec", "ignoreDifferences") == [
        {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "jsonPointers": ["/spec/rules"]},
        {"kind": "Service", "jsonPointers": ["/spec/selector/rollouts-pod-template-hash"]},
    ]
    assert "RespectIgnoreDifferences=true" in sequence(application().at("spec", "syncPolicy", "syncOptions"))


def test_what_goes_from_the_repository_goes_from_the_cluster_without_a_click() -> None:
    assert application().at("spec", "syncPolicy", "automated") == {"prune": True, "selfHeal": True}


def test_annotations_of_pods_are_added_on_the_way_to_the_cluster() -> None:
    annotated = deploy(lambda: GitopsDelivery("gitops", {**ARGS, "pod_annotations": {"restart": "2"}}))
    (patch,) = sequence(
        annotated.one("kubernetes:argoproj.io/v1alpha1:Application").at("spec", "source", "kustomize", "patches")
    )

    assert at(patch, "target") == {"kind": "Deployment|Rollout"}
    assert json.loads(str(at(patch, "patch"))) == [
        {"op": "add", "path": "/spec/template/metadata/annotations", "value": {"restart": "2"}}
    ]
