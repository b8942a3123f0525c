"""The whole program on the real engine and a real API server: up, empty preview, single changes, destroy."""

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from clients.cluster_api import items
from components.resources.rendered import PLACEHOLDER
from model.json_values import at, entries, text
from sandbox.paths import Home
from tests.sandbox.sandbox_command import eventually
from tests.sandbox.workshop import Preview, Workshop

pytestmark = pytest.mark.sandbox

ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
HELM = "helm.sh/release.v1"
LINKERD_ROUTES = "/apis/policy.linkerd.io/v1beta3/namespaces/default/httproutes?dryRun=All&fieldValidation=Strict"
RULE = {
    "matches": [{"headers": [{"name": "x-request-id", "value": "alternative"}]}],
    "backendRefs": [{"name": "books", "port": 7002, "weight": 0}],
    "timeouts": {"request": "10s"},
}
PARENT = {"group": "core", "kind": "Service", "name": "books", "port": 7002}
LINKERD_ROUTE = json.dumps(
    {
        "apiVersion": "policy.linkerd.io/v1beta3",
        "kind": "HTTPRoute",
        "metadata": {"name": "route"},
        "spec": {"parentRefs": [PARENT], "rules": [RULE]},
    }
)
WEBHOOKS = [
    "mutatingwebhookconfigurations/linkerd-proxy-injector-webhook-config",
    "validatingwebhookconfigurations/linkerd-sp-validator-webhook-config",
    "validatingwebhookconfigurations/linkerd-policy-validator-webhook-config",
]


@dataclass(frozen=True)
class Running:
    """A workshop that is up."""

    workshop: Workshop
    before: set[str]
    """What was in the cluster before."""
    first_preview: Preview
    left_by_preview: set[str]
    printed: str
    """What `up` printed."""
    unavailable: list[str]
    """The Deployments that `up` did not wait for."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, sandbox_home: Home) -> Iterator[Running]:
    workshop = Workshop(tmp_path_factory.mktemp("project") / "workshop", sandbox_home.folder)
    before = workshop.objects()
    first_preview, left_by_preview = workshop.preview(), workshop.objects() - before
    printed = workshop.up()
    yield Running(workshop, before, first_preview, left_by_preview, printed, unavailable(workshop))
    workshop.reset()
    workshop.destroy()
    left = workshop.objects() - before
    assert not left, f"destroy has to leave what was there before, and nothing else, but left {sorted(left)}"
    assert operations(workshop.preview()) == {"create"}, "as at the first time"


def unavailable(workshop: Workshop) -> list[str]:
    """Return the Deployments of which not every pod is available."""
    deployments = items(workshop.api.find("/apis/apps/v1/deployments"))
    return [
        text(each, "metadata", "name")
        for each in deployments
        if at(each, "status", "availableReplicas") != at(each, "spec", "replicas")
    ]


def operations(preview: Preview) -> set[str]:
    return {change.operation for change in preview.changes}


@pytest.fixture
def workshop(running: Running) -> Iterator[Workshop]:
    yield running.workshop
    running.workshop.reset()


def test_the_first_preview_shows_the_control_plane_object_by_object(running: Running) -> None:
    assert "linkerd-control-plane:linkerd/linkerd-destination" in running.first_preview.of("create")
    assert "incomplete" not in running.first_preview.text.lower(), "no chart value may be unknown"
    assert operations(running.first_preview) == {"create"}
    assert running.left_by_preview == set(), "definitions that it needed are gone again"


def test_up_has_waited_until_every_deployment_is_available(running: Running) -> None:
    assert running.unavailable == []


def test_no_two_resources_are_the_same_object(workshop: Workshop) -> None:
    state: dict[str, Any] = json.loads(workshop.export())
    found = Counter((each["type"], each.get("id")) for each in state["deployment"]["resources"] if each["custom"])
    assert [each for each, number in found.items() if number > 1] == [], "the second would be refused: it exists"


def test_the_second_preview_is_empty_and_a_refresh_finds_no_drift(workshop: Workshop) -> None:
    assert workshop.preview().changes == []
    workshop.find_no_drift()


def test_a_host_makes_an_ingress_exactly_where_its_class_is_there(workshop: Workshop) -> None:
    workshop.choose("demos.booksapp.host", "books.example.com")
    assert "the cluster has no IngressClass 'alb'" in workshop.run("preview").stdout, "and it says so"

    with workshop.ingress_class("alb"):
        created = [change.type for change in workshop.preview().changes if change.operation == "create"]
    assert "kubernetes:networking.k8s.io/v1:Ingress" in created


def test_the_api_service_of_viz_answers_so_the_api_server_trusts_the_certificate_that_we_made(
    workshop: Workshop,
) -> None:
    def conditions() -> dict[str, str]:
        service = workshop.api.find("/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tap.linkerd.io")
        return {text(each, "type"): text(each, "status") for each in entries(service, "status", "conditions")}

    assert eventually(lambda: conditions() == {"Available": "True"}), conditions()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", "", '"name":"route"'),
        ('"weight": 0', '"weight": -1', "weight in body should be greater than or equal to 0"),
        ('"weight"', '"wieght"', 'unknown field \\"spec.rules[0].backendRefs[0].wieght\\"'),
        ('"name": "books", "port": 7002, "weight"', '"port": 7002, "weight"', "name: Required value"),
        ('"headers"', '"method": "FETCH", "headers"', 'Unsupported value: \\"FETCH\\"'),
    ],
)
def test_the_definition_of_linkerds_routes_refuses_a_bad_one(
    workshop: Workshop, old: str, new: str, words: str
) -> None:
    assert old in LINKERD_ROUTE
    answer = workshop.api.post(LINKERD_ROUTES, json.loads(LINKERD_ROUTE.replace(old, new, 1 if old else 0)))
    assert (answer.status == 201) == (not old)
    assert words in answer.text


@pytest.mark.parametrize("webhook", WEBHOOKS)
def test_every_webhook_trusts_the_authority_that_signed_its_certificate(workshop: Workshop, webhook: str) -> None:
    body: Any = workshop.api.get(f"/apis/admissionregistration.k8s.io/v1/{webhook}").body
    for hook in body["webhooks"]:
        bundle = base64.b64decode(hook["clientConfig"]["caBundle"])
        assert PLACEHOLDER.encode() not in bundle, "the transform has to reach every webhook"
        service = hook["clientConfig"]["service"]["name"]
        secret = workshop.api.get(f"/api/v1/namespaces/linkerd/secrets/{service}-k8s-tls").body
        leaf = x509.load_pem_x509_certificate(base64.b64decode(text(secret, "data", "tls.crt")))
        policy = PolicyBuilder().store(Store(x509.load_pem_x509_certificates(bundle)))
        verifier = policy.build_server_verifier(x509.DNSName(f"{service}.linkerd.svc"))
        assert len(verifier.verify(leaf, [])) == 2, "as the API server does it: authority, name, use and time"


def test_the_issuer_is_signed_by_the_anchor_in_the_bundle(workshop: Workshop) -> None:
    roots = workshop.api.get("/api/v1/namespaces/linkerd/configmaps/linkerd-identity-trust-roots").body
    issuer = workshop.api.get("/api/v1/namespaces/linkerd/secrets/linkerd-identity-issuer").body
    anchor = x509.load_pem_x509_certificate(text(roots, "data", "ca-bundle.crt").encode())
    certificate = x509.load_pem_x509_certificate(base64.b64decode(text(issuer, "data", "tls.crt")))
    certificate.verify_directly_issued_by(anchor)
    constraints = anchor.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.value.path_length == 1, "the issuer's own limit of 0 is dropped by the provider"


def test_certificates_that_are_due_are_replaced_in_a_plain_preview_which_rolls_nothing(workshop: Workshop) -> None:
    due = ("linkerd-trust-issuer", "linkerd-proxy-injector-k8s-tls-leaf")
    preview = workshop.preview_with_due(*due)
    assert sorted(preview.of("replace")) == sorted(due)
    in_place = ["linkerd-proxy-injector-k8s-tls-secret", "linkerd-trust-issuer-secret"]
    assert sorted(preview.of("update")) == in_place, "not a moment without a Secret"
    assert operations(preview) == {"replace", "update"}, "no false deletions: no chart's value became unknown"


def test_no_private_key_is_in_a_text_a_state_an_output_a_log_or_a_config_map(running: Running) -> None:
    workshop = running.workshop
    texts = {
        "the first preview": running.first_preview.text,
        "what `up` printed": running.printed,
        "a preview with all details": workshop.preview("--show-sames").text,
        "the state": workshop.export(),
        "the outputs": workshop.run("stack", "output", "--json").stdout,
        "ConfigMaps": json.dumps(workshop.api.get("/api/v1/configmaps").body),
        **{path.name: path.read_text(errors="replace") for path in (workshop.home / "logs").glob("*")},
    }
    encoded = base64.b64encode(b"-----BEGIN PRIVATE KEY").decode()[:24]
    for where, content in texts.items():
        assert content, f"{where} is empty, so nothing was checked"
        assert not re.search(r"BEGIN [A-Z ]*PRIVATE KEY", content), f"a private key is in {where}"
        assert encoded not in content, f"a private key in base64 is in {where}"


def test_helm_keeps_no_private_key(workshop: Workshop) -> None:
    releases = [each for each in items(workshop.api.find("/api/v1/secrets")) if text(each, "type") == HELM]
    assert len(releases) == 3, "the definitions of Linkerd, the Gateway API and Argo Rollouts are releases"
    for release in releases:
        packed = base64.b64decode(base64.b64decode(text(release, "data", "release")))
        assert b"PRIVATE KEY" not in gzip.decompress(packed), "Helm keeps all values, so no key may be one"
