"""Behind Services: viz's API server and the webhooks that may fail closed, by their Secrets, and nobody else."""

import json
import time
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from model.json_values import Json, mapping, mappings
from sandbox.api_client import ApiClient, connect
from sandbox.controllers.cluster import MERGE
from tests.sandbox.chart_doubles import LOAD_BALANCERS, VIZ, WITH_CERTIFICATES, objects
from tests.sandbox.sandbox_command import eventually, running_sandbox

pytestmark = pytest.mark.sandbox

HOOKS = "/apis/admissionregistration.k8s.io/v1"
VALIDATING = "ValidatingWebhookConfiguration/aws-load-balancer-webhook"
MUTATING = "MutatingWebhookConfiguration/aws-load-balancer-webhook"
SECRET = f"/api/v1/namespaces/{LOAD_BALANCERS}/secrets/aws-load-balancer-tls"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{LOAD_BALANCERS}/deployments/{LOAD_BALANCERS}"
WEBHOOKS = {
    "Secret/aws-load-balancer-tls": SECRET,
    f"ServiceAccount/{LOAD_BALANCERS}": f"/api/v1/namespaces/{LOAD_BALANCERS}/serviceaccounts/{LOAD_BALANCERS}",
    f"Deployment/{LOAD_BALANCERS}": DEPLOYMENT,
    "Service/aws-load-balancer-webhook-service": (
        f"/api/v1/namespaces/{LOAD_BALANCERS}/services/aws-load-balancer-webhook-service"
    ),
    VALIDATING: f"{HOOKS}/validatingwebhookconfigurations/aws-load-balancer-webhook",
    MUTATING: f"{HOOKS}/mutatingwebhookconfigurations/aws-load-balancer-webhook",
}
TAP = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io"
TAPS = {
    "ServiceAccount/tap": "/api/v1/namespaces/linkerd-viz/serviceaccounts/tap",
    "Secret/tap-k8s-tls": "/api/v1/namespaces/linkerd-viz/secrets/tap-k8s-tls",
    "Service/tap": "/api/v1/namespaces/linkerd-viz/services/tap",
    "Deployment/tap": "/apis/apps/v1/namespaces/linkerd-viz/deployments/tap",
    "APIService/v1alpha1.tap.linkerd.io": TAP,
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiClient]:
    """A sandbox of its own: webhooks and APIServices hold for a whole cluster."""
    with running_sandbox(tmp_path_factory.mktemp("services") / "home") as home:
        yield connect(home)


@pytest.fixture
def viz(client: ApiClient) -> Iterator[dict[str, Json]]:
    """Install tap, with a certificate that is its own authority."""
    found = objects(VIZ, WITH_CERTIFICATES[VIZ])
    make_namespace(client, "linkerd-viz")
    for name, place in TAPS.items():
        client.apply(place, found[name])
    yield found
    client.request("DELETE", TAP)


@pytest.fixture
def webhooks(client: ApiClient) -> Iterator[None]:
    """Install the webhooks with certificates that fit each other."""
    found = objects(LOAD_BALANCERS, WITH_CERTIFICATES[LOAD_BALANCERS])
    make_namespace(client, LOAD_BALANCERS)
    for name, place in WEBHOOKS.items():
        client.apply(place, found[name])
    yield
    for name in (VALIDATING, MUTATING):
        client.request("DELETE", WEBHOOKS[name])


def make_namespace(client: ApiClient, name: str) -> None:
    client.apply(f"/api/v1/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def available(client: ApiClient) -> str:
    """Return the message of the condition, with its status in front of it."""
    conditions = mappings(mapping(mapping(client.get(TAP)).get("status")).get("conditions"))
    return " ".join(f"{each['status']} {each.get('message')}" for each in conditions if each["type"] == "Available")


def refusal(client: ApiClient, path: str, body: Json) -> str:
    """Return why an object is refused; nothing if it is not."""
    name = f"x{time.monotonic_ns()}"
    try:
        client.apply(f"{path}/{name}", {**body, "metadata": {"name": name}})
    except HTTPError as answer:
        return str(mapping(json.loads(answer.read()))["message"])
    return ""


def ingress_refusal(client: ApiClient) -> str:
    """Return why an Ingress is refused; nothing if it is not."""
    backend = {"service": {"name": "books", "port": {"number": 80}}}
    body = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"defaultBackend": backend}}
    return refusal(client, "/apis/networking.k8s.io/v1/namespaces/default/ingresses", body)


def guarded_refusal(client: ApiClient) -> str:
    """Return why a ConfigMap is refused in the guarded namespace; nothing if it is not."""
    return refusal(client, "/api/v1/namespaces/guarded/configmaps", {"apiVersion": "v1", "kind": "ConfigMap"})


def test_with_an_authority_that_did_not_sign_the_certificate_it_does_not_answer(
    client: ApiClient, viz: dict[str, Json]
) -> None:
    assert eventually(lambda: available(client).startswith("True")), available(client)
    other = mapping(viz["Secret/tap-injector-k8s-tls"]["data"])["tls.crt"]
    service = viz["APIService/v1alpha1.tap.linkerd.io"]

    client.apply(TAP, {**service, "spec": {**mapping(service["spec"]), "caBundle": other}})

    refused = eventually(lambda: available(client).startswith("False") and "x509" in available(client))
    assert refused, f"the certificate is really checked: {available(client)}"


def test_a_call_to_any_other_service_is_refused_at_once(client: ApiClient) -> None:
    make_namespace(client, "guarded")
    service = {"name": "absent", "namespace": "guarded", "path": "/"}
    spec = {"metadata": {"name": "absent"}, "spec": {"ports": [{"port": 443}]}}
    client.apply("/api/v1/namespaces/guarded/services/absent", {"apiVersion": "v1", "kind": "Service", **spec})
    hook = {
        "name": "absent.sandbox.test",
        "clientConfig": {"service": service},
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "guarded"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Fail",
    }
    kind = "ValidatingWebhookConfiguration"
    body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "absent"}}
    client.apply(f"{HOOKS}/validatingwebhookconfigurations/absent", body | {"webhooks": [hook]})

    assert eventually(lambda: "unrecognized name" in guarded_refusal(client)), guarded_refusal(client)
    started = time.monotonic()
    guarded_refusal(client)
    assert time.monotonic() - started < 5, "with `failurePolicy: Ignore` every pod would wait 10 s"


@pytest.mark.usefixtures("webhooks")
def test_without_a_ready_pod_no_ingress_is_admitted(client: ApiClient) -> None:
    assert eventually(lambda: not ingress_refusal(client)), ingress_refusal(client)
    client.request("PATCH", DEPLOYMENT, b'{"spec": {"replicas": 0}}', MERGE)

    assert eventually(lambda: "EOF" in ingress_refusal(client)), "also on a connection that the API server has kept"
    assert "failed calling webhook" in ingress_refusal(client)


@pytest.mark.usefixtures("webhooks")
def test_without_the_secret_no_ingress_is_admitted(client: ApiClient) -> None:
    client.request("DELETE", SECRET)

    refused = eventually(lambda: "unrecognized name" in ingress_refusal(client))
    assert refused, "a stack without its certificate has to fail"
