"""The chart doubles of Argo CD, Argo Rollouts and EKS' add-ons: their rights, and what their programs are told."""

import pytest
import yaml

import versions
from components.addons import load_balancer_controller
from components.addons.load_balancer_policy import Extra
from components.delivery import argo_cd, argo_rollouts
from components.delivery.argo_cd import controller_rules, server_rules
from model.json_values import Json, at, is_list, mapping, mappings
from tests.iam.stack import CLUSTER, TAGS, deployed
from tests.sandbox.chart_doubles import ARGO_CD, ARGO_ROLLOUTS, DNS, LOAD_BALANCERS, objects, rendered

pytestmark = pytest.mark.sandbox

ARGO_CD_VALUES = argo_cd.values({"EXTENSION_URL": "https://example.com/extension.tar"})
ROLLOUTS_VALUES = argo_rollouts.values(None, {"linkerd-workshop/generation": "1"})
BALANCER_VALUES = load_balancer_controller.values(CLUSTER, "alb", [Extra.WAF], TAGS, {})
CONTROLLER = "Deployment/argo-rollouts"
REDIS_HOOKS = {f"{kind}/argocd-redis-secret-init" for kind in ("Job", "Role", "RoleBinding", "ServiceAccount")}


def pod_spec(found: dict[str, Json], deployment: str) -> Json:
    return mapping(at(found[f"Deployment/{deployment}"], "spec", "template", "spec"))


def test_without_our_values_hooks_and_parts_come_back_that_the_program_replaces_or_switches_off() -> None:
    more = set(objects(ARGO_CD, {})) - set(objects(ARGO_CD, ARGO_CD_VALUES))
    hooks = {name for name, each in objects(ARGO_CD, {}).items() if "helm.sh/hook" in str(each)}

    assert hooks == REDIS_HOOKS
    assert {name for name in more if name.startswith("Deployment/")} == {
        "Deployment/argocd-dex-server",
        "Deployment/argocd-notifications-controller",
    }


def test_without_our_rules_the_controller_may_do_everything() -> None:
    for name, rules in (("application-controller", controller_rules()), ("server", server_rules())):
        assert objects(ARGO_CD, ARGO_CD_VALUES)[f"ClusterRole/argocd-{name}"]["rules"] == rules
        assert "'*'" in str(objects(ARGO_CD, {})[f"ClusterRole/argocd-{name}"]["rules"])


def test_the_secret_of_redis_is_looked_for_and_not_made() -> None:
    found = objects(ARGO_CD, ARGO_CD_VALUES)
    asking = {name for name, each in found.items() if "'name': 'argocd-redis', 'key': 'auth'" in str(each)}

    assert asking == {
        "Deployment/argocd-redis",
        "Deployment/argocd-repo-server",
        "Deployment/argocd-server",
        "StatefulSet/argocd-application-controller",
    }
    assert "Secret/argocd-redis" not in found


def test_the_tab_of_a_rollout_is_installed_before_the_server_starts() -> None:
    (installer,) = mappings(pod_spec(objects(ARGO_CD, ARGO_CD_VALUES), "argocd-server")["initContainers"])

    assert installer["env"] == [{"name": "EXTENSION_URL", "value": "https://example.com/extension.tar"}]


def routers(found: dict[str, Json]) -> set[str]:
    """Return the groups of the routers for which the controller has rights."""
    rules = mappings(found["ClusterRole/argo-rollouts"]["rules"])
    groups = {str(group) for rule in rules if is_list(all_ := rule["apiGroups"]) for group in all_}
    return groups - {"", "apps", "argoproj.io", "batch", "coordination.k8s.io", "networking.k8s.io"}


def test_the_configuration_names_the_plugin() -> None:
    data = mapping(objects(ARGO_ROLLOUTS, ROLLOUTS_VALUES)["ConfigMap/argo-rollouts-config"]["data"])

    assert yaml.safe_load(str(data["trafficRouterPlugins"])) == [
        {
            "name": "argoproj-labs/gatewayAPI",
            "location": "file:///plugins/rollouts-plugin-trafficrouter-gatewayapi",
        }
    ]


def test_another_plugin_restarts_the_controller() -> None:
    other = argo_rollouts.values({"location": "https://example.com/plugin"}, {"linkerd-workshop/generation": "1"})
    checksums = {
        str(at(objects(ARGO_ROLLOUTS, each)[CONTROLLER], "spec", "template", "metadata", "annotations", "checksum/cm"))
        for each in (ROLLOUTS_VALUES, other)
    }

    assert len(checksums) == 2


def test_the_controller_has_rights_for_the_routes_of_the_gateway_api_and_for_no_other_router() -> None:
    found = objects(ARGO_ROLLOUTS, ROLLOUTS_VALUES)

    assert routers(found) == {"gateway.networking.k8s.io"}
    assert mappings(found["ClusterRole/argo-rollouts"]["rules"])[-1] == {
        "apiGroups": ["gateway.networking.k8s.io"],
        "resources": ["httproutes"],
        "verbs": ["get", "update"],
    }


def test_without_our_values_the_chart_grants_rights_for_every_router() -> None:
    assert len(routers(objects(ARGO_ROLLOUTS, {"installCRDs": False}))) == len(argo_rollouts.PROVIDERS)


def test_the_controller_is_the_pinned_one_and_ready_soon() -> None:
    (container,) = mappings(pod_spec(objects(ARGO_ROLLOUTS, ROLLOUTS_VALUES), "argo-rollouts")["containers"])

    assert container["image"] == f"quay.io/argoproj/argo-rollouts:v{versions.ARGO_ROLLOUTS}"
    assert mapping(container["readinessProbe"]) == {
        "httpGet": {"path": "/metrics", "port": "metrics"},
        "initialDelaySeconds": 1,
        "periodSeconds": 5,
        "failureThreshold": 3,
        "successThreshold": 1,
        "timeoutSeconds": 4,
    }


def arguments_of(chart: str, values: Json) -> list[str]:
    found = mappings(pod_spec(objects(chart, values), chart)["containers"])[0]["args"]
    return [str(each) for each in found] if is_list(found) else []


def test_without_our_certificates_no_two_renders_are_equal() -> None:
    naive = {key: value for key, value in BALANCER_VALUES.items() if key != "webhookTLS"}

    assert rendered(LOAD_BALANCERS, naive) != rendered(LOAD_BALANCERS, naive)


def test_without_our_values_every_service_passes_through_the_webhook() -> None:
    def hooks(values: Json) -> set[str]:
        return {str(each["name"]) for each in mappings(objects(LOAD_BALANCERS, values)[configuration]["webhooks"])}

    configuration = "MutatingWebhookConfiguration/aws-load-balancer-webhook"
    naive = {key: value for key, value in BALANCER_VALUES.items() if key != "enableServiceMutatorWebhook"}
    assert hooks(naive) - hooks(BALANCER_VALUES) == {"mservice.elbv2.k8s.aws"}


def test_the_controller_is_given_its_cluster_its_limits_and_its_tags() -> None:
    told = arguments_of(LOAD_BALANCERS, BALANCER_VALUES)

    assert {
        "--cluster-name=workshop",
        "--ingress-class=alb",
        "--aws-region=eu-central-1",
        "--aws-vpc-id=vpc-0123456789abcdef0",
        "--enable-shield=false",
        "--enable-waf=false",
        "--enable-wafv2=true",
        "--default-tags=owner=platform team,stack=dev",
    } <= set(told)
    assert any("ALBGatewayAPI=false" in each for each in told if each.startswith("--feature-gates="))


def test_external_dns_is_given_what_it_owns() -> None:
    assert {
        "--policy=sync",
        "--events",
        "--txt-owner-id=linkerd-workshop/dev/eu-central-1/workshop",
        "--txt-prefix=_external-dns-%{record_type}.",
        "--domain-filter=dev.example.com",
        "--zone-id-filter=Z0123456789ABCDEFGHIJ",
        "--aws-zone-match-parent",
        "--ingress-class=alb",
    } <= set(arguments_of(DNS, mapping(deployed().named("aws-external-dns-chart").at("values"))))
