"""The load balancer controller's webhooks on the sandbox: answered with the Secret's certificate, or not at all."""

import json
import time
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from model.json_values import Json, mapping, mappings
from sandbox import paths, ports
from sandbox.api_client import ApiClient
from sandbox.controllers.cluster import MERGE
from tests.sandbox.chart_doubles import LOAD_BALANCERS, VIZ, objects
from tests.sandbox.sandbox_command import sandbox

pytestmark = pytest.mark.sandbox

SECONDS = 20
HERE = f"/api/v1/namespaces/{LOAD_BALANCERS}"
SECRET = f"{HERE}/secrets/aws-load-balancer-tls"
HOOKS = "/apis/admissionregistration.k8s.io/v1"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{LOAD_BALANCERS}/deployments/{LOAD_BALANCERS}"
VALIDATING = "ValidatingWebhookConfiguration/aws-load-balancer-webhook"
PLACES = {
    "Secret/aws-load-balancer-tls": SECRET,
    f"ServiceAccount/{LOAD_BALANCERS}": f"{HERE}/serviceaccounts/{LOAD_BALANCERS}",
    f"Deployment/{LOAD_BALANCERS}": DEPLOYMENT,
    "Service/aws-load-balancer-webhook-service": f"{HERE}/services/aws-load-balancer-webhook-service",
    VALIDATING: f"{HOOKS}/validatingwebhookconfigurations/aws-load-balancer-webhook",
    "MutatingWebhookConfiguration/aws-load-balancer-webhook": (
        f"{HOOKS}/mutatingwebhookconfigurations/aws-load-balancer-webhook"
    ),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiClient]:
    """A sandbox of its own, since the webhooks hold for every Ingress of the cluster."""
    home = paths.Home(tmp_path_factory.mktemp("admission") / "home")
    try:
        started = sandbox(home.folder, "up")
        assert started.returncode == 0, started.stderr
        chosen = ports.recorded(home)
        assert chosen is not None
        yield ApiClient(chosen.api, home.certificates)
    finally:
        sandbox(home.folder, "down", "--wipe")


@pytest.fixture
def webhooks(client: ApiClient) -> dict[str, Json]:
    """Install the webhooks with certificates that fit each other."""
    made = objects(LOAD_BALANCERS, {"clusterName": "workshop"})
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": LOAD_BALANCERS}}
    client.apply(f"/api/v1/namespaces/{LOAD_BALANCERS}", space)
    for name, place in PLACES.items():
        client.apply(place, made[name])
    return made


def refusal(client: ApiClient) -> str:
    """Return why an Ingress is refused; nothing if it is not."""
    name = f"i{time.monotonic_ns()}"
    backend = {"service": {"name": "books", "port": {"number": 80}}}
    try:
        client.apply(
            f"/apis/networking.k8s.io/v1/namespaces/default/ingresses/{name}",
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": name},
                "spec": {"defaultBackend": backend},
            },
        )
    except HTTPError as answer:
        return str(mapping(json.loads(answer.read()))["message"])
    return ""


def eventually(client: ApiClient, words: str) -> str:
    """Return why an Ingress is refused, as soon as it is for `words`; for nothing at all if they are empty."""
    deadline = time.monotonic() + SECONDS
    while True:
        seen = refusal(client)
        if (words in seen if words else not seen) or time.monotonic() > deadline:
            return seen
        time.sleep(0.2)


@pytest.mark.usefixtures("webhooks")
def test_an_ingress_is_admitted_by_whoever_has_the_certificate_of_the_secret(client: ApiClient) -> None:
    assert eventually(client, "") == ""


@pytest.mark.usefixtures("webhooks")
def test_without_a_ready_pod_no_ingress_is_admitted(client: ApiClient) -> None:
    assert eventually(client, "") == ""
    client.request("PATCH", DEPLOYMENT, b'{"spec": {"replicas": 0}}', MERGE)

    assert "failed calling webhook" in eventually(client, "EOF"), "also on a connection that the API server has kept"


@pytest.mark.usefixtures("webhooks")
def test_without_the_secret_no_ingress_is_admitted(client: ApiClient) -> None:
    client.request("DELETE", SECRET)

    assert "unrecognized name" in eventually(client, "unrecognized name"), "a stack without its certificate has to fail"


def test_with_an_authority_that_did_not_sign_the_certificate_no_ingress_is_admitted(
    client: ApiClient, webhooks: dict[str, Json]
) -> None:
    other = mapping(objects(VIZ, {})["Secret/tap-k8s-tls"]["data"])["tls.crt"]
    hooks = [
        {**each, "clientConfig": {**mapping(each["clientConfig"]), "caBundle": other}}
        for each in mappings(webhooks[VALIDATING]["webhooks"])
    ]

    client.apply(PLACES[VALIDATING], {**webhooks[VALIDATING], "webhooks": hooks})

    assert "x509" in eventually(client, "x509"), "the certificate is really checked"
