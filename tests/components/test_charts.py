"""Promises that every chart keeps: its source, its known values, and the changes to the objects that it renders."""

import pytest

from components.addons.load_balancer_controller import WEBHOOK_SECRET
from components.delivery.argo_rollouts import PROVIDERS
from components.resources.rendered import PLACEHOLDER
from tests.components.charts import CHARTS, installed, transformed
from tests.iam.stack import TAGS
from tests.recorded_values import at, decoded
from versions import ARGO_ROLLOUTS, LOAD_BALANCER_CONTROLLER

DEPLOYMENT, SECRET, SERVICE = (
    f"kubernetes:{kind}" for kind in ("apps/v1:Deployment", "core/v1:Secret", "core/v1:Service")
)
MUTATING, VALIDATING = (
    f"kubernetes:admissionregistration.k8s.io/v1:{kind}WebhookConfiguration" for kind in ("Mutating", "Validating")
)
LOAD_BALANCERS = "aws-load-balancer-controller-chart"
DEFINITIONS = {
    "argo-cd-crds": ("argo-cd", "argo-cd-crds", "argocd"),
    "argo-rollouts-crds": ("argo-rollouts", "argo-rollouts-crds", "argo-rollouts"),
    "linkerd-crds": ("linkerd", "linkerd-crds", "linkerd"),
}
"""The component, the name and the namespace of each release that holds definitions."""
INSTALLED = [*CHARTS.items(), *((name, component) for name, (component, _, _) in DEFINITIONS.items())]


@pytest.mark.parametrize(("name", "component"), INSTALLED)
def test_a_chart_comes_from_an_archive_or_from_a_repository_in_an_exact_version(name: str, component: str) -> None:
    local, remote = installed(component).named(name), installed(component, published=True).named(name)

    assert local.at("chart") == ".charts/chart.tgz"
    assert not {"version", "repositoryOpts"} & set(local.inputs)
    assert (remote.at("chart"), remote.at("version")) == ("published", "1.2.3")
    assert remote.at("repositoryOpts", "repo") == "https://charts.example.com"


@pytest.mark.parametrize(("name", "release"), DEFINITIONS.items())
def test_definitions_are_a_release_of_their_own_with_a_fixed_name(name: str, release: tuple[str, str, str]) -> None:
    component, *wanted = release
    found = installed(component).named(name)

    assert [found.at("name"), found.at("namespace")] == wanted


ARGO_CD, ROLLOUTS, LINKERD, VIZ, DNS = (name for name in CHARTS if name != LOAD_BALANCERS)
EXTERNAL = {"externalSecret": True, "caBundle": PLACEHOLDER}
WEBHOOK_TLS = dict.fromkeys(("caCert", "cert", "key"), PLACEHOLDER)
IDENTITY = {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}}
PLUGIN_RULE = {"apiGroups": ["gateway.networking.k8s.io"], "resources": ["httproutes"], "verbs": ["get", "update"]}
UNPRIVILEGED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
GENERATION = "linkerd-workshop/generation"
SECCOMP = {"type": "RuntimeDefault"}
RESTRICTED_POD = {"runAsNonRoot": True, "seccompProfile": SECCOMP}
OWNER = "linkerd-workshop/dev/eu-central-1/workshop"
ROUTERS = dict.fromkeys(PROVIDERS, False)
VALUES = {
    "Argo CD has no hook, which a chart drops": (ARGO_CD, "redisSecretInit", {"enabled": False}),
    "Argo CD's definitions are a release": (ARGO_CD, "crds", {"install": False}),
    "the demo needs no dex": (ARGO_CD, "dex", {"enabled": False}),
    "the demo needs no notifications": (ARGO_CD, "notifications", {"enabled": False}),
    "Argo CD is reachable inside the cluster only": (ARGO_CD, "server service", {"type": "ClusterIP"}),
    "Argo CD has no Ingress": (ARGO_CD, "server ingress", {"enabled": False}),
    "a controller that may not list every kind runs on": (ARGO_CD, "configs cm", {"resource.respectRBAC": "normal"}),
    "the controller of Rollouts is the pinned one": (ROLLOUTS, "controller image", {"tag": f"v{ARGO_ROLLOUTS}"}),
    "Rollouts' definitions are a release": (ROLLOUTS, "installCRDs", False),
    "no other router than the plugin has permissions": (ROLLOUTS, "providerRBAC providers", ROUTERS),
    "the plugin may change routes": (ROLLOUTS, "providerRBAC additionalRules", [PLUGIN_RULE]),
    "the plugin's container is restricted": (ROLLOUTS, "controller initContainers 0 securityContext", UNPRIVILEGED),
    "Rollouts' pods are restricted": (ROLLOUTS, "podSecurityContext", RESTRICTED_POD),
    "Linkerd reads its identity from objects of the stack": (LINKERD, "identity", IDENTITY),
    "the stack has the certificate of the injector": (LINKERD, "proxyInjector", EXTERNAL),
    "the stack has the certificate of the profile validator": (LINKERD, "profileValidator", EXTERNAL),
    "the stack has the certificate of the policy validator": (LINKERD, "policyValidator", EXTERNAL),
    "the schedule of the heartbeat would be the minute of the render": (LINKERD, "disableHeartBeat", True),
    "the restart key restarts the control plane": (LINKERD, "podAnnotations", {GENERATION: "1-anchor-1-stable"}),
    "the Gateway API has one owner, which is another release": ("linkerd-crds", "installGatewayAPI", False),
    "the stack has the certificate of tap": (VIZ, "tap externalSecret", True),
    "the authority of tap is a placeholder": (VIZ, "tap caBundle", PLACEHOLDER),
    "the stack has the certificate of the tap injector": (VIZ, "tapInjector externalSecret", True),
    "the authority of the tap injector is a placeholder": (VIZ, "tapInjector caBundle", PLACEHOLDER),
    "viz has no hook, which a chart drops": (VIZ, "createNamespaceMetadataJob", False),
    "the stack has the certificate of the load balancer controller": (LOAD_BALANCERS, "webhookTLS", WEBHOOK_TLS),
    "every Service in the cluster would wait for this webhook": (LOAD_BALANCERS, "enableServiceMutatorWebhook", False),
    "the controller is the pinned one": (LOAD_BALANCERS, "image", {"tag": f"v{LOAD_BALANCER_CONTROLLER}"}),
    "the controller knows its cluster": (LOAD_BALANCERS, "clusterName", "workshop"),
    "the controller knows its region": (LOAD_BALANCERS, "region", "eu-central-1"),
    "the controller knows its network": (LOAD_BALANCERS, "vpcId", "vpc-0123456789abcdef0"),
    "the controller serves one class": (LOAD_BALANCERS, "ingressClass", "alb"),
    "the controller tags what it creates": (LOAD_BALANCERS, "defaultTags", TAGS),
    "the controller has two pods": (LOAD_BALANCERS, "replicaCount", 2),
    "one pod of the controller always runs": (LOAD_BALANCERS, "podDisruptionBudget", {"maxUnavailable": 1}),
    "the controller has no capabilities": (LOAD_BALANCERS, "securityContext capabilities", {"drop": ["ALL"]}),
    "the controller fits a restricted namespace": (LOAD_BALANCERS, "podSecurityContext seccompProfile", SECCOMP),
    "the default of ExternalDNS never removes a record": (DNS, "policy", "sync"),
    "ExternalDNS removes a record soon after its Ingress": (DNS, "triggerLoopOnEvent", True),
    "ExternalDNS looks every minute": (DNS, "interval", "1m"),
    "two ExternalDNS at once would write the same records": (DNS, "deploymentStrategy", {"type": "Recreate"}),
    "records name their owner": (DNS, "registry", "txt"),
    "the owner of records is one stack in one cluster": (DNS, "txtOwnerId", OWNER),
    "records lie below the domain of the stack": (DNS, "domainFilters", ["dev.example.com"]),
    "records lie in one zone": (DNS, "extraArgs zone-id-filter", "Z0123456789ABCDEFGHIJ"),
    "a filter below the name of the zone would match no zone": (DNS, "extraArgs aws-zone-match-parent", True),
    "ExternalDNS serves one class": (DNS, "extraArgs ingress-class", "alb"),
    "ExternalDNS writes records of load balancers only": (DNS, "managedRecordTypes", ["A", "CNAME"]),
    "ExternalDNS reads Ingresses only": (DNS, "sources", ["ingress"]),
    "ExternalDNS knows its region": (DNS, "env", [{"name": "AWS_REGION", "value": "eu-central-1"}]),
}


@pytest.mark.parametrize("promise", VALUES)
def test_the_values_of_a_chart_keep_a_promise(promise: str) -> None:
    name, path, value = VALUES[promise]

    found = installed(CHARTS.get(name, "linkerd")).named(name).look(f"values {path}")
    assert found == value
    assert isinstance(found, bool) is isinstance(value, bool), "1 is not True"


@pytest.mark.parametrize("name", ["argo-cd-chart", "linkerd-control-plane", "viz-chart", "aws-external-dns-chart"])
def test_rendered_services_are_not_waited_for_and_keep_their_annotations(name: str) -> None:
    bare = transformed(name, SERVICE, {"metadata": {"name": "x"}})
    annotated = transformed(name, SERVICE, {"metadata": {"name": "x", "annotations": {"a": "b"}}})

    assert at(bare, "metadata") == {"name": "x", "annotations": {"pulumi.com/skipAwait": "true"}}
    assert at(annotated, "metadata", "annotations") == {"a": "b", "pulumi.com/skipAwait": "true"}


@pytest.mark.parametrize("type_", ["policy.linkerd.io/v1beta3:Server", "linkerd.io/v1alpha2:ServiceProfile"])
def test_rendered_objects_of_custom_kinds_are_deleted_without_the_garbage_collector(type_: str) -> None:
    found = transformed("viz-chart", f"kubernetes:{type_}", {"metadata": {"name": "x"}})

    assert at(found, "metadata", "annotations") == {"pulumi.com/deletionPropagationPolicy": "background"}


@pytest.mark.parametrize(
    ("name", "type_", "rendered"),
    [
        ("argo-cd-chart", DEPLOYMENT, "x"),
        ("linkerd-control-plane", DEPLOYMENT, "x"),
        ("linkerd-control-plane", SECRET, "x"),
        ("viz-chart", DEPLOYMENT, "x"),
        ("viz-chart", "kubernetes:core/v1:ConfigMap", "x"),
        ("viz-chart", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "x"),
        (LOAD_BALANCERS, DEPLOYMENT, "aws-load-balancer-controller"),
        (LOAD_BALANCERS, SERVICE, WEBHOOK_SECRET),
        (LOAD_BALANCERS, SECRET, "another"),
    ],
)
def test_other_rendered_objects_stay_as_they_are(name: str, type_: str, rendered: str) -> None:
    given = {"metadata": {"name": rendered}, "spec": {"replicas": 1}}

    assert transformed(name, type_, given) == given, "a Deployment and the controller's Service are waited for"


@pytest.mark.parametrize(
    ("name", "type_", "component"),
    [
        ("linkerd-control-plane", MUTATING, "linkerd"),
        ("linkerd-control-plane", VALIDATING, "linkerd"),
        ("viz-chart", MUTATING, "viz"),
        (LOAD_BALANCERS, VALIDATING, "aws-load-balancer-controller"),
    ],
)
def test_the_authority_reaches_every_webhook_that_a_chart_renders(name: str, type_: str, component: str) -> None:
    hooks = [{"name": hook, "clientConfig": {"service": {"name": "s"}, "caBundle": "eA=="}} for hook in "ab"]
    result = transformed(name, type_, {"metadata": {"name": "x"}, "webhooks": hooks})

    for index, hook in enumerate("ab"):
        found = at(result, "webhooks", index)
        assert at(found, "name") == hook
        assert at(found, "clientConfig", "service") == {"name": "s"}
        assert decoded(at(found, "clientConfig", "caBundle")) == f"certificate {component}-webhooks-authority"
