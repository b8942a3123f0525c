"""All chart doubles: the objects of the real charts by their names, the values that those refuse, and their traps."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

import versions
from components.delivery import argo_cd, argo_rollouts
from components.delivery.argo_cd import controller_rules, server_rules
from components.mesh import linkerd, viz
from model.json_values import Json, at, is_list, mapping, mappings
from sandbox import paths
from tests.components.charts import ROLLOUTS
from tests.iam.stack import deployed
from tests.sandbox.chart_doubles import (
    ARGO_CD,
    ARGO_ROLLOUTS,
    CONTROL_PLANE,
    CRDS,
    DNS,
    LOAD_BALANCERS,
    VIZ,
    helm,
    objects,
)

pytestmark = pytest.mark.sandbox

REAL_NAMES = yaml.safe_load(Path(__file__).with_name("chart_objects.yaml").read_text(encoding="utf-8"))
OURS: dict[str, Mapping[str, object]] = {
    CONTROL_PLANE: linkerd.values("1"),
    CRDS: {},
    VIZ: viz.values({}),
    ARGO_CD: argo_cd.values(with_tab=True),
    ARGO_ROLLOUTS: argo_rollouts.values({**ROLLOUTS, "pod_annotations": {"linkerd-workshop/generation": "1"}}),
}
"""The values that the program gives to the charts that are not for EKS alone."""
NAIVE: dict[str, Mapping[str, object]] = {
    CONTROL_PLANE: {
        "identityTrustAnchorsPEM": "the anchor",
        "identity": {"issuer": {"tls": {"crtPEM": "the issuer", "keyPEM": "the key of the issuer"}}},
    },
    VIZ: {},
    ARGO_CD: {},
}
"""The values of a program that leaves to a chart what it can."""
LINKERD_SECRETS = """
    Secret/linkerd-proxy-injector-k8s-tls Secret/linkerd-sp-validator-k8s-tls Secret/linkerd-policy-validator-k8s-tls
"""
VIZ_SECRETS = "Secret/tap-k8s-tls Secret/tap-injector-k8s-tls"
ONLY_NAIVE = {
    CONTROL_PLANE: f"""
        {LINKERD_SECRETS} Secret/linkerd-identity-issuer ConfigMap/linkerd-identity-trust-roots
        CronJob/linkerd-heartbeat ServiceAccount/linkerd-heartbeat Role/linkerd-heartbeat RoleBinding/linkerd-heartbeat
        ClusterRole/linkerd-heartbeat ClusterRoleBinding/linkerd-heartbeat
    """,
    VIZ: VIZ_SECRETS,
    ARGO_CD: """
        Deployment/argocd-dex-server ServiceAccount/argocd-dex-server
        Deployment/argocd-notifications-controller ServiceAccount/argocd-notifications-controller
    """,
}
"""The objects that the program replaces or leaves out."""
HOOKS = {
    VIZ: """
        Job/namespace-metadata Role/namespace-metadata RoleBinding/namespace-metadata ServiceAccount/namespace-metadata
        RoleBinding/viz-namespace-metadata-linkerd-config
    """,
    ARGO_CD: """
        Job/argocd-redis-secret-init Role/argocd-redis-secret-init RoleBinding/argocd-redis-secret-init
        ServiceAccount/argocd-redis-secret-init
    """,
}
"""The hooks, which Pulumi's Chart drops."""
RANDOM = {
    CONTROL_PLANE: f"""
        {LINKERD_SECRETS} Deployment/linkerd-destination Deployment/linkerd-proxy-injector
        MutatingWebhookConfiguration/linkerd-proxy-injector-webhook-config
        ValidatingWebhookConfiguration/linkerd-policy-validator-webhook-config
        ValidatingWebhookConfiguration/linkerd-sp-validator-webhook-config
    """,
    VIZ: f"""
        {VIZ_SECRETS} Deployment/tap Deployment/tap-injector APIService/v1alpha1.tap.linkerd.io
        MutatingWebhookConfiguration/linkerd-tap-injector-webhook-config
    """,
    LOAD_BALANCERS: """
        Secret/aws-load-balancer-tls MutatingWebhookConfiguration/aws-load-balancer-webhook
        ValidatingWebhookConfiguration/aws-load-balancer-webhook
    """,
}
"""The objects with certificates that a render creates, or with checksums of them."""
ARGUMENTS = {
    LOAD_BALANCERS: """
        --cluster-name=workshop --ingress-class=alb --aws-region=eu-central-1 --aws-vpc-id=vpc-0123456789abcdef0
        --enable-shield=false --enable-waf=false --enable-wafv2=false ALBGatewayAPI=false
    """,
    DNS: """
        --policy=sync --events --txt-owner-id=linkerd-workshop/dev/eu-central-1/workshop
        --txt-prefix=_external-dns-%{record_type}. --domain-filter=dev.example.com
        --zone-id-filter=Z0123456789ABCDEFGHIJ --aws-zone-match-parent --ingress-class=alb
    """,
}


def ours(chart: str) -> Mapping[str, object]:
    """Return the values that the program gives to a chart."""
    names = {LOAD_BALANCERS: f"{LOAD_BALANCERS}-chart", DNS: "aws-external-dns-chart"}
    return mapping(deployed().named(names[chart]).at("values")) if chart in names else OURS[chart]


def naive(chart: str, *left_out: str) -> Mapping[str, object]:
    """Return the values of a program that leaves more to a chart."""
    return NAIVE.get(chart, {key: value for key, value in ours(chart).items() if key not in left_out})


@pytest.mark.parametrize("chart", REAL_NAMES)
def test_a_chart_has_the_objects_of_the_real_one_and_no_others(chart: str) -> None:
    assert set(objects(chart, ours(chart))) == set(REAL_NAMES[chart].split())


@pytest.mark.parametrize("chart", REAL_NAMES)
def test_two_renders_with_the_values_of_the_program_are_equal(chart: str) -> None:
    assert objects(chart, ours(chart)) == objects(chart, ours(chart))


@pytest.mark.parametrize("chart", ONLY_NAIVE)
def test_without_our_values_come_back_hooks_and_what_the_program_replaces_or_leaves_out(chart: str) -> None:
    found, hooks = objects(chart, naive(chart)), set(HOOKS.get(chart, "").split())

    assert set(found) - set(objects(chart, ours(chart))) == set(ONLY_NAIVE[chart].split()) | hooks
    assert {name for name, each in found.items() if "helm.sh/hook" in str(each)} == hooks


@pytest.mark.parametrize("chart", RANDOM)
def test_two_naive_renders_differ_in_secrets_bundles_and_pods_as_those_of_the_real_chart(chart: str) -> None:
    values = naive(chart, "webhookTLS")
    first, second = objects(chart, values), objects(chart, values)
    clock = {"CronJob/linkerd-heartbeat"}  # its schedule is the minute of the render

    assert {name for name in first if first[name] != second[name]} - clock == set(RANDOM[chart].split())


@pytest.mark.parametrize(
    ("chart", "deployment", "mounted"),
    [
        (CONTROL_PLANE, "linkerd-identity", "linkerd-identity-issuer linkerd-identity-trust-roots"),
        (CONTROL_PLANE, "linkerd-destination", "linkerd-sp-validator-k8s-tls linkerd-policy-validator-k8s-tls"),
        (
            CONTROL_PLANE,
            "linkerd-proxy-injector",
            "linkerd-proxy-injector-k8s-tls linkerd-config linkerd-identity-trust-roots",
        ),
        (VIZ, "tap", "tap-k8s-tls"),
        (VIZ, "tap-injector", "tap-injector-k8s-tls"),
    ],
)
def test_the_pods_mount_what_the_program_creates(chart: str, deployment: str, mounted: str) -> None:
    volumes = mappings(pod_spec(objects(chart, ours(chart)), deployment)["volumes"])
    sources = {mapping(each.get("secret")).get("secretName") for each in volumes}
    sources |= {mapping(each.get("configMap")).get("name") for each in volumes}

    assert sources - {None} == set(mounted.split())


def pod_spec(found: dict[str, Json], deployment: str) -> Json:
    return mapping(at(found[f"Deployment/{deployment}"], "spec", "template", "spec"))


def test_the_password_of_redis_is_in_the_secret_of_the_program() -> None:
    found = objects(ARGO_CD, ours(ARGO_CD))

    assert {name for name, each in found.items() if "'name': 'argocd-redis', 'key': 'auth'" in str(each)} == {
        "Deployment/argocd-redis",
        "Deployment/argocd-repo-server",
        "Deployment/argocd-server",
        "StatefulSet/argocd-application-controller",
    }


def test_the_rules_of_argo_cd_are_those_of_the_program_instead_of_everything() -> None:
    for name, rules in (("application-controller", controller_rules()), ("server", server_rules())):
        assert objects(ARGO_CD, ours(ARGO_CD))[f"ClusterRole/argocd-{name}"]["rules"] == rules
        assert "'*'" in str(objects(ARGO_CD, {})[f"ClusterRole/argocd-{name}"]["rules"])


def test_rollouts_has_rights_for_the_routes_of_the_gateway_api_instead_of_every_router() -> None:
    route = {"apiGroups": ["gateway.networking.k8s.io"], "resources": ["httproutes"], "verbs": ["get", "update"]}
    found = objects(ARGO_ROLLOUTS, ours(ARGO_ROLLOUTS))

    assert routers(found) == {"gateway.networking.k8s.io"}
    assert mappings(found["ClusterRole/argo-rollouts"]["rules"])[-1] == route
    assert len(routers(objects(ARGO_ROLLOUTS, {"installCRDs": False}))) == len(argo_rollouts.PROVIDERS)


def routers(found: dict[str, Json]) -> set[str]:
    """Return the groups of the routers for which the controller has rights."""
    rules = mappings(found["ClusterRole/argo-rollouts"]["rules"])
    groups = {str(group) for rule in rules if is_list(all_ := rule["apiGroups"]) for group in all_}
    return groups - {"", "apps", "argoproj.io", "batch", "coordination.k8s.io", "networking.k8s.io"}


def test_only_with_our_values_no_service_passes_through_the_webhook_of_the_load_balancer_controller() -> None:
    def hooks(values: Mapping[str, object]) -> set[str]:
        found = objects(LOAD_BALANCERS, values)["MutatingWebhookConfiguration/aws-load-balancer-webhook"]
        return {str(each["name"]) for each in mappings(found["webhooks"])}

    more = naive(LOAD_BALANCERS, "enableServiceMutatorWebhook")
    assert hooks(more) - hooks(ours(LOAD_BALANCERS)) == {"mservice.elbv2.k8s.aws"}


@pytest.mark.parametrize("chart", ARGUMENTS)
def test_a_controller_is_given_its_cluster_its_limits_and_what_it_owns(chart: str) -> None:
    given = mappings(pod_spec(objects(chart, ours(chart)), chart)["containers"])[0]["args"]

    assert [each for each in ARGUMENTS[chart].split() if each not in str(given)] == []


PROVIDER_NAMES: dict[str, object] = {"providerRBAC": {"providers": {"gatewayApi": False}}}
CLUSTER_RULES: dict[str, object] = {"controller": {"clusterRoleRules": {"enabled": True, "rules": [{"verb": ["get"]}]}}}
REFUSED: list[tuple[str, dict[str, object], str]] = [
    (CONTROL_PLANE, {"controlerReplicas": 2}, "additional properties 'controlerReplicas' not allowed"),
    (CONTROL_PLANE, {"proxy": {"resources": {"cpu": {"requests": "1m"}}}}, "additional properties 'requests'"),
    (CONTROL_PLANE, {"controllerReplicas": "two"}, "at '/controllerReplicas': got string, want integer"),
    (CONTROL_PLANE, {"proxyInjector": {"externalSecret": True}}, "proxyInjector: externalSecret needs caBundle"),
    (CRDS, {"installGatewayApi": False}, "additional properties 'installGatewayApi' not allowed"),
    (CRDS, {"installGatewayAPI": True}, "at '/installGatewayAPI': value must be false"),
    (VIZ, {"metricsApi": {}}, "additional properties 'metricsApi' not allowed"),
    (VIZ, {"tap": {"externalSecrets": True}}, "additional properties 'externalSecrets' not allowed"),
    (VIZ, {"dashboard": {"enforcedHost": "x"}}, "additional properties 'enforcedHost' not allowed"),
    (VIZ, {"prometheus": {"enabled": False}}, "additional properties 'enabled' not allowed"),
    (VIZ, {"tap": {"externalSecret": True}}, "tap: externalSecret needs caBundle"),
    (ARGO_CD, {"servers": {}}, "additional properties 'servers' not allowed"),
    (ARGO_CD, {"server": {"ingress": {"enabled": True}}}, "at '/server/ingress/enabled': value must be false"),
    (ARGO_CD, {"crds": {"install": True}}, "at '/crds/install': value must be false"),
    (ARGO_CD, CLUSTER_RULES, "'verb' not allowed"),
    (ARGO_CD, {"redisSecretInit": {"enable": False}}, "additional properties 'enable' not allowed"),
    (ARGO_ROLLOUTS, {"installCRDs": True}, "at '/installCRDs': value must be false"),
    (ARGO_ROLLOUTS, {"controller": {"replica": 1}}, "additional properties 'replica' not allowed"),
    (ARGO_ROLLOUTS, {"controller": {"trafficRouterPlugins": {"name": "a"}}}, "got object, want array"),
    (ARGO_ROLLOUTS, {"controller": {"trafficRouterPlugins": [{"name": "a"}]}}, "missing property 'location'"),
    (ARGO_ROLLOUTS, PROVIDER_NAMES, "additional properties 'gatewayApi' not allowed"),
    (LOAD_BALANCERS, {"clusterName": ""}, "minLength: got 0, want 1"),
    (LOAD_BALANCERS, {"vpcID": "vpc-1"}, "additional properties 'vpcID' not allowed"),
    (LOAD_BALANCERS, {"controllerConfig": {"featureGates": {"ALBGatewayAPI": "no"}}}, "got string, want boolean"),
    (LOAD_BALANCERS, {"webhookTLS": {"ca": "x"}}, "additional properties 'ca' not allowed"),
    (DNS, {"policy": "delete"}, "value must be one of 'create-only', 'sync', 'upsert-only'"),
    (DNS, {"txtOwnerID": "x"}, "additional properties 'txtOwnerID' not allowed"),
    (DNS, {"provider": {"name": "google"}}, "value must be 'aws'"),
]


@pytest.mark.parametrize(("chart", "wrong", "words"), REFUSED)
def test_a_value_that_the_chart_does_not_know_is_refused(chart: str, wrong: dict[str, object], words: str) -> None:
    seen = helm(chart, {**ours(chart), **wrong})

    assert seen.returncode != 0
    assert words in seen.stderr


def test_a_cluster_that_is_too_old_is_refused() -> None:
    assert "kubeVersion: >=1.31.0-0" in helm(CONTROL_PLANE, ours(CONTROL_PLANE), "--kube-version", "1.30.0").stderr


@pytest.mark.parametrize(
    ("chart", "version"),
    [
        (CONTROL_PLANE, versions.LINKERD_CHART),
        (CRDS, versions.LINKERD_CHART),
        (VIZ, versions.LINKERD_CHART),
        (ARGO_ROLLOUTS, versions.ARGO_ROLLOUTS_CHART),
        (LOAD_BALANCERS, versions.LOAD_BALANCER_CONTROLLER_CHART),
        (f"{LOAD_BALANCERS}-crds", versions.LOAD_BALANCER_CONTROLLER),
        (DNS, versions.EXTERNAL_DNS_CHART),
    ],
)
def test_a_chart_carries_the_version_that_the_program_pins(chart: str, version: str) -> None:
    about = yaml.safe_load((paths.CHART_DOUBLES / chart / "Chart.yaml").read_text(encoding="utf-8"))

    assert about["version"] == version


def test_the_definitions_serve_the_versions_of_the_real_chart() -> None:
    served = {
        name.partition("/")[2]: " ".join(str(version["name"]) for version in mappings(at(each, "spec", "versions")))
        for name, each in objects(CRDS, {}).items()
    }
    assert served == {
        "authorizationpolicies.policy.linkerd.io": "v1alpha1",
        "egressnetworks.policy.linkerd.io": "v1alpha1",
        "externalworkloads.workload.linkerd.io": "v1alpha1 v1beta1",
        "httplocalratelimitpolicies.policy.linkerd.io": "v1alpha1",
        "httproutes.policy.linkerd.io": "v1alpha1 v1beta1 v1beta2 v1beta3",
        "meshtlsauthentications.policy.linkerd.io": "v1alpha1",
        "networkauthentications.policy.linkerd.io": "v1alpha1",
        "serverauthorizations.policy.linkerd.io": "v1alpha1 v1beta1",
        "serviceprofiles.linkerd.io": "v1alpha1 v1alpha2",
        "servers.policy.linkerd.io": "v1alpha1 v1beta1 v1beta2 v1beta3",
    }
