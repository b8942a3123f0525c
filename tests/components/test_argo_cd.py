"""Argo CD and the canary demo that it owns: its chart, its permissions, its password, and its Application."""

import json
import re
from functools import cache

import pytest

from components.delivery.argo_cd import (
    DEPLOYED,
    ArgoCd,
    Rules,
    controller_rules,
    password_from,
    server_rules,
)
from components.demos.gitops_delivery import GitopsDelivery, GitopsDeliveryArgs
from tests.components.charts import ARGO_CD, chart, installed
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import Secret, at, decoded, mapping, sequence

CHART = "argo-cd-chart"
READING = {"get", "list", "watch"}


def verbs(rules: Rules, resource: str) -> set[str]:
    return {verb for rule in rules if resource in rule["resources"] for verb in rule["verbs"]}


def test_the_password_of_redis_is_a_secret_value_in_the_secret_that_every_pod_reads() -> None:
    secret = installed("argo-cd").one("kubernetes:core/v1:Secret")

    assert secret.at("metadata") == {"name": "argocd-redis", "namespace": "argocd"}
    assert decoded(secret.at("data", "auth")) == Secret(password_from("SEC1 key of argo-cd-redis-key"))


def test_a_password_is_64_digits_that_depend_on_the_key_and_show_nothing_of_it() -> None:
    one, other = password_from("key one"), password_from("key two")

    assert re.fullmatch("[0-9a-f]{64}", one)
    assert one != other
    assert one == password_from("key one"), "a password that changed would lock every running pod out"


def test_the_rollout_tab_is_a_pinned_release_and_left_out_where_images_come_from_a_mirror() -> None:
    deployment = deploy(lambda: ArgoCd("argo-cd", {**ARGO_CD, "image_registry": "r.example"}))
    mirrored = deployment.one("kubernetes:helm.sh/v4:Chart")
    (variable,) = sequence(chart(CHART).look("values server extensions extensionList 0 env"))

    assert at(variable, "name") == "EXTENSION_URL"
    url = r"https://github\.com/argoproj-labs/rollout-extension/.*/v\d+\.\d+\.\d+/extension\.tar"
    assert re.fullmatch(url, str(at(variable, "value")))
    assert mirrored.at("values", "server", "extensions") == {"enabled": False}


@pytest.mark.parametrize(("part", "rules"), [("controller", controller_rules()), ("server", server_rules())])
def test_the_chart_gets_roles_without_a_wildcard_that_read_no_secrets(part: str, rules: Rules) -> None:
    named = {name for rule in rules for parts in rule.values() for name in parts}

    assert chart(CHART).at("values", part, "clusterRoleRules") == {"enabled": True, "rules": rules}
    assert not {"*", "secrets", "configmaps", "nodes", "roles", "rolebindings", "pods/exec"} & named


@pytest.mark.parametrize(
    ("resource", "changes"),
    [
        *((each, {"create", "update", "patch", "delete"}) for resources in DEPLOYED.values() for each in resources),
        *((each, set[str]()) for each in ("pods", "replicasets", "analysisruns")),
    ],
)
def test_the_controller_changes_what_the_repository_brings_and_reads_what_other_controllers_create(
    resource: str, changes: set[str]
) -> None:
    assert verbs(controller_rules(), resource) == READING | changes


def test_the_user_interface_changes_nothing_but_rollouts() -> None:
    changing = {resource for rule in server_rules() for resource in rule["resources"] if set(rule["verbs"]) - READING}
    assert changing == {"rollouts", "rollouts/status"}, "promote and abort write the status"


def test_a_role_may_press_the_buttons_of_a_rollout_without_being_admin() -> None:
    policy = str(chart(CHART).at("values", "configs", "rbac", "policy.csv"))

    assert "p, role:canary, applications, action/argoproj.io/Rollout/*, */*, allow" in policy.splitlines()
    assert "role:admin" not in policy


@pytest.mark.parametrize("part", ["controller", "server", "repoServer", "redis"])
def test_every_part_requests_memory_and_has_a_memory_limit(part: str) -> None:
    for bound in ("requests", "limits"):
        assert chart(CHART).at("values", part, "resources", bound, "memory")


def test_the_outputs_are_commands_and_no_password() -> None:
    outputs = mapping(installed("argo-cd").one("linkerd-workshop:delivery:ArgoCd").outputs)

    assert outputs["url"] == "kubectl -n argocd port-forward svc/argocd-server 8443:443"
    assert str(outputs["password"]).startswith("kubectl -n argocd get secret argocd-initial-admin-secret")


REPOSITORY = "https://git.example.com/workshop.git"
FOLDER = "gitops/progressive-delivery"
DEMO: GitopsDeliveryArgs = {
    "argo_cd_namespace": "argocd",
    "namespace": "canary",
    "repository": REPOSITORY,
    "path": FOLDER,
    "revision": "main",
    "pod_annotations": {"restart": "2"},
}


@cache
def demo() -> Deployment:
    return deploy(lambda: GitopsDelivery("gitops", DEMO))


def application() -> Registration:
    return demo().one("kubernetes:argoproj.io/v1alpha1:Application")


def project() -> Registration:
    return demo().one("kubernetes:argoproj.io/v1alpha1:AppProject")


def test_the_application_deploys_a_folder_of_the_one_repository_into_the_one_namespace_of_its_project() -> None:
    spec = mapping(application().at("spec"))
    destination = {"server": "https://kubernetes.default.svc", "namespace": "canary"}

    source = {"repoURL": REPOSITORY, "path": FOLDER, "targetRevision": "main"}
    assert source.items() <= mapping(spec["source"]).items()
    assert spec["project"] == project().at("metadata", "name")
    assert spec["destination"] == destination
    assert project().at("spec", "sourceRepos") == [REPOSITORY]
    assert project().at("spec", "destinations") == [destination]
    assert "clusterResourceWhitelist" not in mapping(project().at("spec"))
    for each in (application(), project()):
        assert each.at("metadata", "namespace") == "argocd"
        assert set(mapping(each.at("metadata"))) == {"name", "namespace", "annotations"}, (
            "with a finalizer, an Application whose controller is deleted first never disappears"
        )


def test_the_project_admits_the_kinds_that_the_controller_may_deploy() -> None:
    kinds = sequence(project().at("spec", "namespaceResourceWhitelist"))
    admitted = {(at(each, "group"), f"{str(at(each, 'kind')).lower()}s") for each in kinds}

    assert admitted == {(group, resource) for group, resources in DEPLOYED.items() for resource in resources}


def test_a_sync_prunes_without_a_click_and_keeps_the_fields_of_the_rollouts_controller() -> None:
    assert application().at("spec", "syncPolicy", "automated") == {"prune": True, "selfHeal": True}
    assert application().at("spec", "ignoreDifferences") == [
        {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "jsonPointers": ["/spec/rules"]},
        {"kind": "Service", "jsonPointers": ["/spec/selector/rollouts-pod-template-hash"]},
    ]
    assert "RespectIgnoreDifferences=true" in sequence(application().at("spec", "syncPolicy", "syncOptions"))


def test_pod_annotations_are_added_to_the_objects_of_the_repository() -> None:
    (patch,) = sequence(application().at("spec", "source", "kustomize", "patches"))

    assert at(patch, "target") == {"kind": "Deployment|Rollout"}
    assert json.loads(str(at(patch, "patch"))) == [
        {"op": "add", "path": "/spec/template/metadata/annotations", "value": {"restart": "2"}}
    ]
