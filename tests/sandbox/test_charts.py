"""The chart doubles: the objects of the real charts by their names, and their traps."""

import base64
import time
from collections.abc import Sequence

import pytest

from components.mesh.linkerd import values
from model.json_values import Json, mapping, mappings
from tests.sandbox.chart_doubles import CONTROL_PLANE, CRDS, NAIVE, OURS, helm, objects, rendered

pytestmark = pytest.mark.sandbox


ONLY_NAIVE = {
    "ConfigMap/linkerd-identity-trust-roots",
    "Secret/linkerd-identity-issuer",
    "Secret/linkerd-proxy-injector-k8s-tls",
    "Secret/linkerd-sp-validator-k8s-tls",
    "Secret/linkerd-policy-validator-k8s-tls",
}


def pod_template(deployment: Json) -> Json:
    return mapping(mapping(deployment["spec"])["template"])


def volumes(deployment: Json) -> Sequence[Json]:
    return mappings(mapping(pod_template(deployment)["spec"])["volumes"])


def test_without_our_values_the_chart_makes_anchors_issuer_and_webhook_secrets_itself() -> None:
    assert set(objects(CONTROL_PLANE, NAIVE)) == set(objects(CONTROL_PLANE, OURS)) | ONLY_NAIVE


@pytest.fixture(scope="module")
def earlier() -> tuple[str, str, int]:
    """What was rendered with the program's values and with naive ones, and a minute no earlier than that."""
    return rendered(CONTROL_PLANE, values("1")), schedule(), minute()


def minute() -> int:
    return int(time.time() // 60)


def schedule() -> str:
    return str(mapping(objects(CONTROL_PLANE, NAIVE)["CronJob/linkerd-heartbeat"]["spec"])["schedule"])


def test_renders_with_the_values_of_the_program_are_equal_whatever_the_clock_says(
    earlier: tuple[str, str, int],
) -> None:
    ours, naive, then = earlier
    while minute() == then:
        time.sleep(1)
    assert schedule() != naive, "the chart looks at the clock"
    assert rendered(CONTROL_PLANE, values("1")) == ours, "but not with our values"


def test_two_renders_with_naive_values_differ_in_secrets_bundles_and_pods_as_those_of_the_real_chart() -> None:
    first, second = objects(CONTROL_PLANE, NAIVE), objects(CONTROL_PLANE, NAIVE)
    changed = {name for name in first if first[name] != second[name]}
    assert changed - {"CronJob/linkerd-heartbeat"} == {
        *(name for name in ONLY_NAIVE if name.endswith("k8s-tls")),
        *(name for name in first if "WebhookConfiguration" in name),
        "Deployment/linkerd-destination",
        "Deployment/linkerd-proxy-injector",
    }


def test_a_cluster_that_is_too_old_is_refused() -> None:
    assert "kubeVersion: >=1.31.0-0" in helm(CONTROL_PLANE, OURS, "--kube-version", "1.30.0").stderr


def test_the_pods_mount_what_the_program_makes() -> None:
    found = objects(CONTROL_PLANE, OURS)
    names = {
        name: volumes(found[f"Deployment/linkerd-{name}"]) for name in ("identity", "destination", "proxy-injector")
    }
    secrets = {name: {mapping(one.get("secret")).get("secretName") for one in all_} for name, all_ in names.items()}
    maps = {name: {mapping(one.get("configMap")).get("name") for one in all_} for name, all_ in names.items()}
    assert secrets["identity"] - {None} == {"linkerd-identity-issuer"}
    assert secrets["destination"] - {None} == {"linkerd-sp-validator-k8s-tls", "linkerd-policy-validator-k8s-tls"}
    assert secrets["proxy-injector"] - {None} == {"linkerd-proxy-injector-k8s-tls"}
    assert maps["identity"] - {None} == {"linkerd-identity-trust-roots"}
    assert maps["proxy-injector"] - {None} == {"linkerd-config", "linkerd-identity-trust-roots"}


def test_the_generation_is_on_every_control_plane_pod() -> None:
    for name, each in objects(CONTROL_PLANE, OURS).items():
        if name.startswith("Deployment/"):
            annotations = mapping(mapping(pod_template(each)["metadata"])["annotations"])
            assert annotations["linkerd-workshop/generation"] == "1", name


def test_no_private_key_gets_into_the_config_map_of_the_values() -> None:
    values = {**NAIVE, "proxyInjector": {"crtPEM": "a certificate", "keyPEM": "the key of the injector"}}
    found = objects(CONTROL_PLANE, values)
    assert "the issuer" in str(found["ConfigMap/linkerd-config"])
    assert "the key of" not in str(found["ConfigMap/linkerd-config"])
    data = mapping(found["Secret/linkerd-proxy-injector-k8s-tls"]["data"])
    assert base64.b64decode(str(data["tls.key"])) == b"the key of the injector"


def test_the_bundle_and_the_failure_policy_of_the_values_are_those_of_the_webhooks() -> None:
    found = objects(CONTROL_PLANE, {**OURS, "webhookFailurePolicy": "Fail"})
    for name in (name for name in found if "WebhookConfiguration" in name):
        (hook,) = mappings(found[name]["webhooks"])
        assert hook["failurePolicy"] == "Fail"
        assert base64.b64decode(str(mapping(hook["clientConfig"])["caBundle"])) == b"the bundle"


def test_high_availability_values_give_replicas_budgets_and_anti_affinity() -> None:
    more = {"controllerReplicas": 3, "enablePodAntiAffinity": True, "enablePodDisruptionBudget": True}
    found = objects(CONTROL_PLANE, {**OURS, **more})
    assert {name for name in found if name.startswith("PodDisruptionBudget/")} == {
        "PodDisruptionBudget/linkerd-dst",
        "PodDisruptionBudget/linkerd-identity",
        "PodDisruptionBudget/linkerd-proxy-injector",
    }
    for name in (name for name in found if name.startswith("Deployment/")):
        assert mapping(found[name]["spec"])["replicas"] == 3
        assert "podAntiAffinity" in mapping(mapping(pod_template(found[name])["spec"])["affinity"])


def test_the_heartbeat_can_be_left_out() -> None:
    assert not [name for name in objects(CONTROL_PLANE, {**OURS, "disableHeartBeat": True}) if "heartbeat" in name]


def test_the_definitions_are_those_of_the_real_chart() -> None:
    served = {
        name.partition("/")[2]: [version["name"] for version in mappings(mapping(each["spec"])["versions"])]
        for name, each in objects(CRDS, {"installGatewayAPI": False}).items()
    }
    assert served == {
        "authorizationpolicies.policy.linkerd.io": ["v1alpha1"],
        "egressnetworks.policy.linkerd.io": ["v1alpha1"],
        "externalworkloads.workload.linkerd.io": ["v1alpha1", "v1beta1"],
        "httplocalratelimitpolicies.policy.linkerd.io": ["v1alpha1"],
        "httproutes.policy.linkerd.io": ["v1alpha1", "v1beta1", "v1beta2", "v1beta3"],
        "meshtlsauthentications.policy.linkerd.io": ["v1alpha1"],
        "networkauthentications.policy.linkerd.io": ["v1alpha1"],
        "serverauthorizations.policy.linkerd.io": ["v1alpha1", "v1beta1"],
        "serviceprofiles.linkerd.io": ["v1alpha1", "v1alpha2"],
        "servers.policy.linkerd.io": ["v1alpha1", "v1beta1", "v1beta2", "v1beta3"],
    }
