"""What answers behind Services: viz's API server, with the certificate of its Secret, and nobody else."""

import json
import time
from collections.abc import Callable, Iterator
from urllib.error import HTTPError

import pytest

from model.json_values import Json, mapping, mappings
from sandbox import paths, ports
from sandbox.api_client import ApiClient
from tests.sandbox.chart_doubles import VIZ, objects
from tests.sandbox.sandbox_command import sandbox

pytestmark = pytest.mark.sandbox

SECONDS = 40
"""The API server looks at a changed APIService at once, but at one that failed again only after some seconds."""
PLACES = {
    "ServiceAccount": "/api/v1/namespaces/linkerd-viz/serviceaccounts",
    "Secret": "/api/v1/namespaces/linkerd-viz/secrets",
    "Service": "/api/v1/namespaces/linkerd-viz/services",
    "Deployment": "/apis/apps/v1/namespaces/linkerd-viz/deployments",
    "APIService": "/apis/apiregistration.k8s.io/v1/apiservices",
}
TAP = f"{PLACES['APIService']}/v1alpha1.tap.linkerd.io"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiClient]:
    """A sandbox of its own, since an APIService that does not answer stops every namespace from going."""
    home = paths.Home(tmp_path_factory.mktemp("services") / "home")
    try:
        started = sandbox(home.folder, "up")
        assert started.returncode == 0, started.stderr
        chosen = ports.recorded(home)
        assert chosen is not None
        yield ApiClient(chosen.api, home.certificates)
    finally:
        sandbox(home.folder, "down", "--wipe")


@pytest.fixture
def viz(client: ApiClient) -> Iterator[dict[str, Json]]:
    """Install tap, with a certificate that is its own authority."""
    found = objects(VIZ, {})
    make_namespace(client, "linkerd-viz")
    for kind, place in PLACES.items():
        for name in ("tap", "tap-k8s-tls", "v1alpha1.tap.linkerd.io"):
            if each := found.get(f"{kind}/{name}"):
                client.apply(f"{place}/{name}", each)
    yield found
    client.request("DELETE", TAP)


def make_namespace(client: ApiClient, name: str) -> None:
    client.apply(f"/api/v1/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def available(client: ApiClient, path: str = TAP) -> str:
    """Return the message of the condition, with its status in front of it."""
    conditions = mappings(mapping(mapping(client.get(path)).get("status")).get("conditions"))
    return " ".join(f"{each['status']} {each.get('message')}" for each in conditions if each["type"] == "Available")


def kinds_served(client: ApiClient) -> list[str]:
    """Return the kinds of tap's API; none while the API server has no route to it (503)."""
    try:
        served = json.loads(client.request("GET", "/apis/tap.linkerd.io/v1alpha1"))
    except HTTPError:
        return []
    return [str(each["kind"]) for each in mappings(served["resources"])]


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


@pytest.mark.usefixtures("viz")
def test_an_api_service_answers_and_so_a_namespace_can_go(client: ApiClient) -> None:
    assert eventually(lambda: available(client).startswith("True")), available(client)
    assert eventually(lambda: kinds_served(client) == ["Tap"]), "the aggregation layer routes a moment later"

    make_namespace(client, "leaving")
    client.request("DELETE", "/api/v1/namespaces/leaving")

    assert eventually(lambda: client.get("/api/v1/namespaces/leaving") is None), "discovery fails for tap.linkerd.io"


def test_with_an_authority_that_did_not_sign_the_certificate_it_does_not_answer(
    client: ApiClient, viz: dict[str, Json]
) -> None:
    assert eventually(lambda: available(client).startswith("True")), available(client)
    other = mapping(viz["Secret/tap-injector-k8s-tls"]["data"])["tls.crt"]
    service = viz["APIService/v1alpha1.tap.linkerd.io"]

    client.apply(TAP, {**service, "spec": {**mapping(service["spec"]), "caBundle": other}})

    assert eventually(lambda: available(client).startswith("False")), "the certificate is really checked"
    assert "x509" in available(client)


def test_a_call_to_any_other_service_is_refused_at_once(client: ApiClient) -> None:
    make_namespace(client, "guarded")
    service = {"name": "absent", "namespace": "guarded", "path": "/"}
    client.apply(
        "/api/v1/namespaces/guarded/services/absent",
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "absent"},
            "spec": {"ports": [{"port": 443}]},
        },
    )
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
    client.apply(
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/absent", body | {"webhooks": [hook]}
    )

    assert eventually(lambda: "unrecognized name" in refusal(client)), refusal(client)
    started = time.monotonic()
    refusal(client)
    assert time.monotonic() - started < 1, "with `failurePolicy: Ignore` every pod would wait as long"


def refusal(client: ApiClient) -> str:
    """Return why a ConfigMap is refused in the guarded namespace; nothing if it is not."""
    name = f"c{time.monotonic_ns()}"
    try:
        client.apply(
            f"/api/v1/namespaces/guarded/configmaps/{name}",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}},
        )
    except HTTPError as answer:
        return str(mapping(json.loads(answer.read()))["message"])
    return ""
