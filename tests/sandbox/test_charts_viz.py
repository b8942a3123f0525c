"""The double of linkerd-viz: the objects of the real chart by their names, and its traps."""

import base64
import time

import pytest

from components.mesh.viz import admitted_hosts, values
from model.json_values import Json, mapping, mappings
from tests.sandbox.chart_doubles import VIZ, objects, rendered

pytestmark = pytest.mark.sandbox


SECRETS = {"Secret/tap-k8s-tls", "Secret/tap-injector-k8s-tls"}
HOOKS = {
    "Job/namespace-metadata",
    "Role/namespace-metadata",
    "RoleBinding/namespace-metadata",
    "RoleBinding/viz-namespace-metadata-linkerd-config",
    "ServiceAccount/namespace-metadata",
}
GIVEN = {"externalSecret": True, "caBundle": "the bundle"}
OURS: dict[str, object] = {"createNamespaceMetadataJob": False, "tap": GIVEN, "tapInjector": GIVEN}


def pods(deployment: Json) -> Json:
    return mapping(mapping(deployment["spec"])["template"])


def container(found: dict[str, Json], name: str) -> Json:
    (only,) = mappings(mapping(pods(found[f"Deployment/{name}"])["spec"])["containers"])
    return only


def test_without_our_values_the_chart_makes_secrets_and_labels_its_namespace_by_a_hook() -> None:
    found = objects(VIZ, {})

    assert set(found) == set(objects(VIZ, values({}))) | SECRETS | HOOKS
    for name in HOOKS:
        assert "helm.sh/hook" in mapping(mapping(found[name]["metadata"])["annotations"]), name


def test_renders_with_the_values_of_the_program_are_equal() -> None:
    first = rendered(VIZ, values({"a": "b"}, "viz.example.com"))
    time.sleep(1.1)

    assert rendered(VIZ, values({"a": "b"}, "viz.example.com")) == first


def test_two_naive_renders_differ_in_secrets_bundles_and_pods_as_those_of_the_real_chart() -> None:
    first, second = objects(VIZ, {}), objects(VIZ, {})

    assert {name for name in first if first[name] != second[name]} == {
        *SECRETS,
        "APIService/v1alpha1.tap.linkerd.io",
        "MutatingWebhookConfiguration/linkerd-tap-injector-webhook-config",
        "Deployment/tap",
        "Deployment/tap-injector",
    }


def test_the_bundle_of_the_values_is_that_of_webhook_and_api_service() -> None:
    found = objects(VIZ, OURS)
    (hook,) = mappings(found["MutatingWebhookConfiguration/linkerd-tap-injector-webhook-config"]["webhooks"])
    service = mapping(found["APIService/v1alpha1.tap.linkerd.io"]["spec"])

    for bundle in (mapping(hook["clientConfig"])["caBundle"], service["caBundle"]):
        assert base64.b64decode(str(bundle)) == b"the bundle"
    assert service["service"] == {"name": "tap", "namespace": "linkerd-viz"}


def test_a_random_certificate_is_its_own_authority() -> None:
    found = objects(VIZ, {})
    made = mapping(found["Secret/tap-k8s-tls"]["data"])["tls.crt"]

    assert mapping(found["APIService/v1alpha1.tap.linkerd.io"]["spec"])["caBundle"] == made


@pytest.mark.parametrize("server", ["tap", "tap-injector"])
def test_the_pods_mount_the_secret_that_the_program_makes(server: str) -> None:
    volumes = mappings(mapping(pods(objects(VIZ, OURS)[f"Deployment/{server}"])["spec"])["volumes"])

    assert {mapping(each.get("secret")).get("secretName") for each in volumes} - {None} == {f"{server}-k8s-tls"}


def test_pod_annotations_are_on_every_pod_and_every_pod_asks_for_its_proxy() -> None:
    found = objects(VIZ, values({"linkerd-workshop/generation": "7"}))
    deployments = [each for name, each in found.items() if name.startswith("Deployment/")]

    assert len(deployments) == 5
    for each in deployments:
        annotations = mapping(mapping(pods(each)["metadata"])["annotations"])
        assert annotations["linkerd-workshop/generation"] == "7"
        assert annotations["linkerd.io/inject"] == "enabled"


def test_the_dashboard_answers_for_local_names_or_for_those_that_it_is_given() -> None:
    told = container(objects(VIZ, values({}, "viz.example.com")), "web")["args"]
    default = container(objects(VIZ, values({})), "web")["args"]

    assert f"-enforced-host={admitted_hosts('viz.example.com')}" in str(told).replace("\\\\", "\\")
    assert "web\\\\.linkerd-viz\\\\.svc" in str(default)


def test_selectors_select_the_pods_of_their_own_deployment() -> None:
    found = objects(VIZ, OURS)
    for name, each in found.items():
        if name.startswith("Deployment/"):
            labels = mapping(mapping(pods(each)["metadata"])["labels"])
            selector = mapping(mapping(mapping(each["spec"])["selector"])["matchLabels"])
            service = mapping(mapping(found[name.replace("Deployment", "Service")]["spec"])["selector"])
            assert selector.items() <= labels.items()
            assert service.items() <= labels.items()


def test_a_restricted_dashboard_may_neither_tap_nor_check() -> None:
    less = set(objects(VIZ, {**OURS, "dashboard": {"restrictPrivileges": True}}))

    assert set(objects(VIZ, values({}))) - less == {
        "ClusterRole/linkerd-linkerd-viz-web-api",
        "ClusterRole/linkerd-linkerd-viz-web-check",
        "ClusterRoleBinding/linkerd-linkerd-viz-web-admin",
        "ClusterRoleBinding/linkerd-linkerd-viz-web-api",
        "ClusterRoleBinding/linkerd-linkerd-viz-web-check",
    }
