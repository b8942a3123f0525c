"""The chart double of Argo CD: the objects of the real chart by their names, its rights, and its traps."""

import pytest

from components.delivery.argo_cd_roles import controller_rules, server_rules
from components.delivery.argo_cd_values import values
from model.json_values import Json, mapping, mappings
from tests.sandbox.chart_doubles import ARGO_CD, helm, objects, rendered

pytestmark = pytest.mark.sandbox

OURS = values({"EXTENSION_URL": "https://example.com/extension.tar"})
REAL_NAMES = """
ClusterRole/argocd-application-controller ClusterRole/argocd-server
ClusterRoleBinding/argocd-application-controller ClusterRoleBinding/argocd-server
ConfigMap/argocd-cm ConfigMap/argocd-cmd-params-cm ConfigMap/argocd-gpg-keys-cm ConfigMap/argocd-rbac-cm
ConfigMap/argocd-redis-health-configmap ConfigMap/argocd-ssh-known-hosts-cm ConfigMap/argocd-tls-certs-cm
Deployment/argocd-applicationset-controller Deployment/argocd-redis Deployment/argocd-repo-server
Deployment/argocd-server
NetworkPolicy/argocd-application-controller NetworkPolicy/argocd-redis NetworkPolicy/argocd-repo-server
NetworkPolicy/argocd-server
Role/argocd-application-controller Role/argocd-applicationset-controller Role/argocd-repo-server Role/argocd-server
RoleBinding/argocd-application-controller RoleBinding/argocd-applicationset-controller
RoleBinding/argocd-repo-server RoleBinding/argocd-server
Secret/argocd-secret
Service/argocd-applicationset-controller Service/argocd-redis Service/argocd-repo-server Service/argocd-server
ServiceAccount/argocd-application-controller ServiceAccount/argocd-applicationset-controller
ServiceAccount/argocd-repo-server ServiceAccount/argocd-server
StatefulSet/argocd-application-controller
"""
"""What the real chart 10.1.1 makes with OURS in the namespace `argocd`."""

HOOKS = {f"{kind}/argocd-redis-secret-init" for kind in ("Job", "Role", "RoleBinding", "ServiceAccount")}


def pod(workload: Json) -> Json:
    return mapping(mapping(mapping(workload["spec"])["template"])["spec"])


def test_it_has_the_objects_of_the_real_chart_and_no_others() -> None:
    assert set(objects(ARGO_CD, OURS)) == set(REAL_NAMES.split())


def test_two_renders_with_the_values_of_the_program_are_equal() -> None:
    assert rendered(ARGO_CD, OURS) == rendered(ARGO_CD, OURS)


def test_without_our_values_hooks_and_parts_come_back_that_the_program_replaces_or_switches_off() -> None:
    more = set(objects(ARGO_CD, {})) - set(REAL_NAMES.split())
    hooks = {name for name, each in objects(ARGO_CD, {}).items() if "helm.sh/hook" in str(each)}

    assert hooks == HOOKS
    assert {name for name in more if name.startswith("Deployment/")} == {
        "Deployment/argocd-dex-server",
        "Deployment/argocd-notifications-controller",
    }


def test_without_our_rules_the_controller_may_do_everything() -> None:
    for name, rules in (("application-controller", controller_rules()), ("server", server_rules())):
        assert objects(ARGO_CD, OURS)[f"ClusterRole/argocd-{name}"]["rules"] == rules
        assert "'*'" in str(objects(ARGO_CD, {})[f"ClusterRole/argocd-{name}"]["rules"])


def test_the_secret_of_redis_is_looked_for_and_not_made() -> None:
    found = objects(ARGO_CD, OURS)
    asking = {name for name, each in found.items() if "'name': 'argocd-redis', 'key': 'auth'" in str(each)}

    assert asking == {
        "Deployment/argocd-redis",
        "Deployment/argocd-repo-server",
        "Deployment/argocd-server",
        "StatefulSet/argocd-application-controller",
    }
    assert "Secret/argocd-redis" not in found


def test_the_tab_of_a_rollout_is_installed_before_the_server_starts() -> None:
    (installer,) = mappings(pod(objects(ARGO_CD, OURS)["Deployment/argocd-server"])["initContainers"])

    assert installer["env"] == [{"name": "EXTENSION_URL", "value": "https://example.com/extension.tar"}]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"servers": {}}, "additional properties 'servers' not allowed"),
        ({"server": {"extentions": {}}}, "additional properties 'extentions' not allowed"),
        ({"server": {"ingress": {"enabled": True}}}, "at '/server/ingress/enabled': value must be false"),
        ({"crds": {"install": True}}, "at '/crds/install': value must be false"),
        ({"controller": {"clusterRoleRules": {"enabled": True, "rules": [{"verb": ["get"]}]}}}, "'verb' not allowed"),
        ({"redisSecretInit": {"enable": False}}, "additional properties 'enable' not allowed"),
    ],
    ids=["a part", "extensions", "an ingress", "definitions", "a rule", "the hook"],
)
def test_a_value_that_the_chart_does_not_know_is_refused(wrong: dict[str, object], words: str) -> None:
    seen = helm(ARGO_CD, wrong)

    assert seen.returncode != 0
    assert words in seen.stderr
