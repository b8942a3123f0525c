"""Argo CD: what its chart is told, what it may do, and the password that replaces the chart's hook."""

import re
from functools import cache

import pytest

from components.delivery.argo_cd import ArgoCd, ArgoCdArgs, password_from
from components.delivery.argo_cd_roles import DEPLOYED, Rules, controller_rules, server_rules
from model.charts import ChartSource
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import UNKNOWN, Secret, at, mapping, plain_texts, sequence
from tests.rendering import mended
from tests.texts import decoded

ARCHIVE: ChartSource = {"chart": ".charts/chart.tgz"}
PUBLISHED: ChartSource = {"chart": "argo-cd", "version": "1.2.3", "repository": "https://charts.example.com"}
ARGS: ArgoCdArgs = {"namespace": "argocd", "crds_chart": ARCHIVE, "chart": ARCHIVE}
READING = {"get", "list", "watch"}


@cache
def argo_cd(*, published: bool = False, preview: bool = False) -> Deployment:
    source = PUBLISHED if published else ARCHIVE
    return deploy(lambda: ArgoCd("argo-cd", {**ARGS, "crds_chart": source, "chart": source}), preview=preview)


def chart(**given: bool) -> Registration:
    return argo_cd(**given).one("kubernetes:helm.sh/v4:Chart")


def extension(deployment: Deployment) -> dict[str, object]:
    """Return the environment of the container that installs the Rollout tab."""
    (found,) = sequence(
        deployment.one("kubernetes:helm.sh/v4:Chart").at("values", "server", "extensions", "extensionList")
    )
    return {str(at(each, "name")): at(each, "value") for each in sequence(at(found, "env"))}


def verbs(rules: Rules, resource: str) -> set[str]:
    return {verb for rule in rules if resource in rule["resources"] for verb in rule["verbs"]}


def test_nothing_in_the_charts_values_is_secret_or_unknown() -> None:
    previewed = chart(preview=True)

    assert previewed.inputs == chart().inputs
    assert str(UNKNOWN) not in plain_texts(previewed.inputs), "a chart with an unknown value registers no children"
    assert "SEC1 key" not in str(chart().inputs)


def test_the_chart_installs_no_definitions_and_runs_no_hook() -> None:
    assert chart().at("values", "crds") == {"install": False}
    assert chart().at("values", "redisSecretInit") == {"enabled": False}


@pytest.mark.parametrize("part", ["dex", "notifications"])
def test_what_the_demo_does_not_need_is_switched_off(part: str) -> None:
    assert chart().at("values", part) == {"enabled": False}


def test_nothing_is_reachable_from_outside_the_cluster() -> None:
    assert chart().at("values", "server", "service", "type") == "ClusterIP"
    assert chart().at("values", "server", "ingress", "enabled") is False


def test_the_password_of_redis_is_a_secret_in_the_secret_that_every_pod_looks_for() -> None:
    secret = argo_cd().one("kubernetes:core/v1:Secret")
    password = secret.at("data", "auth")

    assert secret.at("metadata") == {"name": "argocd-redis", "namespace": "argocd"}
    assert isinstance(password, Secret)
    assert decoded(str(password.value)) == password_from("SEC1 key of argo-cd-redis-key")


def test_a_password_is_64_digits_that_differ_from_key_to_key_and_show_nothing_of_it() -> None:
    one, other = password_from("key one"), password_from("key two")

    assert re.fullmatch("[0-9a-f]{64}", one)
    assert one != other
    assert one == password_from("key one"), "a password that changed would lock every running pod out"


def test_the_chart_comes_after_its_definitions_and_the_password() -> None:
    assert argo_cd().before(chart()) == ["argo-cd-crds", "argo-cd-redis-secret"]


def test_definitions_are_a_release_with_a_fixed_name() -> None:
    crds = argo_cd().one("kubernetes:helm.sh/v3:Release")

    assert (crds.at("name"), crds.at("namespace")) == ("argo-cd-crds", "argocd")


def test_charts_come_from_an_archive_or_from_a_repository_in_an_exact_version() -> None:
    for each in (chart(published=True), argo_cd(published=True).one("kubernetes:helm.sh/v3:Release")):
        assert each.at("version") == "1.2.3"
        assert each.at("repositoryOpts", "repo") == "https://charts.example.com"
    assert not {"version", "repositoryOpts"} & set(chart().inputs)


def test_the_tab_of_a_rollout_is_the_pinned_one() -> None:
    (url,) = extension(argo_cd()).values()

    assert re.fullmatch(
        r"https://github\.com/argoproj-labs/rollout-extension/.*/v\d+\.\d+\.\d+/extension\.tar", str(url)
    )


def test_the_tab_can_come_from_a_mirror_with_a_checksum() -> None:
    mirror = "https://mirror.example.com/extension.tar"
    given: ArgoCdArgs = {**ARGS, "extension": {"url": mirror, "checksums": f"{mirror}.sha256"}}

    assert extension(deploy(lambda: ArgoCd("argo-cd", given))) == {
        "EXTENSION_URL": mirror,
        "EXTENSION_CHECKSUM_URL": f"{mirror}.sha256",
    }


def test_the_roles_are_what_the_chart_is_told() -> None:
    for part, rules in (("controller", controller_rules()), ("server", server_rules())):
        assert chart().at("values", part, "clusterRoleRules") == {"enabled": True, "rules": rules}


@pytest.mark.parametrize("rules", [controller_rules(), server_rules()], ids=["controller", "server"])
def test_no_role_holds_a_wildcard_or_reads_secrets(rules: Rules) -> None:
    named = {name for rule in rules for part in rule.values() for name in part}

    assert "*" not in named
    assert not {"secrets", "configmaps", "nodes", "roles", "rolebindings", "pods/exec"} & named


@pytest.mark.parametrize("resource", [each for resources in DEPLOYED.values() for each in resources])
def test_the_controller_may_keep_what_lies_in_the_repository(resource: str) -> None:
    assert verbs(controller_rules(), resource) == READING | {"create", "update", "patch", "delete"}


@pytest.mark.parametrize("resource", ["pods", "replicasets", "analysisruns"])
def test_the_controller_only_reads_what_other_controllers_make(resource: str) -> None:
    assert verbs(controller_rules(), resource) == READING


def test_the_user_interface_changes_nothing_but_rollouts() -> None:
    changing = {resource for rule in server_rules() for resource in rule["resources"] if set(rule["verbs"]) - READING}
    assert changing == {"rollouts", "rollouts/status"}, "promote and abort write the status"


def test_a_role_may_press_the_buttons_of_a_rollout_without_being_admin() -> None:
    policy = str(chart().at("values", "configs", "rbac", "policy.csv"))

    assert "p, role:canary, applications, action/argoproj.io/Rollout/*, */*, allow" in policy.splitlines()
    assert "role:admin" not in policy


def test_a_controller_that_may_not_list_everything_is_told_to_go_on() -> None:
    assert chart().at("values", "configs", "cm", "resource.respectRBAC") == "normal"


@pytest.mark.parametrize("part", ["controller", "server", "repoServer", "redis"])
def test_every_part_asks_for_memory_and_is_limited_in_it(part: str) -> None:
    resources = mapping(chart().at("values", part, "resources"))

    assert at(resources, "requests", "memory")
    assert at(resources, "limits", "memory")


def test_rendered_services_are_not_waited_for_and_deployments_are() -> None:
    service = mended(chart().transforms, "kubernetes:core/v1:Service", {"metadata": {"name": "x"}})
    deployment = mended(chart().transforms, "kubernetes:apps/v1:Deployment", {"metadata": {"name": "x"}})

    assert at(service, "metadata", "annotations") == {"pulumi.com/skipAwait": "true"}
    assert deployment == {"metadata": {"name": "x"}}


def test_the_outputs_are_commands_and_no_password() -> None:
    outputs = mapping(argo_cd().one("linkerd-workshop:delivery:ArgoCd").outputs)

    assert outputs["url"] == "kubectl -n argocd port-forward svc/argocd-server 8443:443"
    assert str(outputs["password"]).startswith("kubectl -n argocd get secret argocd-initial-admin-secret")
