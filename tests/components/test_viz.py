"""linkerd-viz: what its chart is told, what is mended in what it renders, and that it goes before any namespace."""

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from pulumi_kubernetes.core.v1 import ConfigMap

from components.mesh.viz import NAMESPACE_METADATA, Viz, VizArgs, admitted_hosts, values
from components.resources.meshed_namespace import MESHED, Namespaces
from components.resources.rendered import PLACEHOLDER
from tests.deployment import Deployment, Registration
from tests.engine import CERTIFICATE_ENDS, deploy
from tests.recorded_values import UNKNOWN, Secret, at, plain_texts
from tests.rendering import mended
from tests.texts import decoded

if TYPE_CHECKING:
    from model.charts import ChartSource

AUTHORITY = "certificate viz-webhooks-authority"
SECRETS = {"tap-k8s-tls": "tap.linkerd-viz.svc", "tap-injector-k8s-tls": "tap-injector.linkerd-viz.svc"}
SERVICE = {"metadata": {"name": "x"}}
RENDERED_KINDS = [
    "kubernetes:apps/v1:Deployment",
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
]


@cache
def viz(host: str | None = None, *, published: bool = False, preview: bool = False) -> Deployment:
    source: ChartSource = (
        {"chart": "linkerd-viz", "version": "1.2.3", "repository": "https://charts.example.com"}
        if published
        else {"chart": ".charts/viz.tgz"}
    )

    def program() -> None:
        wanted = {"linkerd-viz": NAMESPACE_METADATA, "booksapp": MESHED, "argo-rollouts": MESHED}
        namespaces = Namespaces("namespaces", {"owner": "test", "namespaces": wanted})
        args: VizArgs = {
            "namespace": namespaces.names["linkerd-viz"],
            "chart": source,
            "mesh": ConfigMap("mesh"),
            "namespaces": namespaces,
            "renewal_days": 10,
            "pod_annotations": {"linkerd-workshop/generation": "4"},
            "dashboard_host": host,
        }
        Viz("viz", args)

    return deploy(program, preview=preview)


def chart(deployment: Deployment | None = None) -> Registration:
    return (deployment or viz()).one("kubernetes:helm.sh/v4:Chart")


@pytest.mark.parametrize("server", ["tap", "tapInjector"])
def test_the_chart_makes_no_certificate_and_knows_the_authority_by_a_placeholder(server: str) -> None:
    assert chart().at("values", server, "externalSecret") is True
    assert chart().at("values", server, "caBundle") == PLACEHOLDER


def test_no_certificate_and_no_key_passes_through_chart_values() -> None:
    assert "certificate " not in str(chart().inputs)
    assert "key of " not in str(chart().inputs)


def test_the_hook_that_a_chart_drops_is_off_and_its_labels_are_on_the_namespace() -> None:
    assert chart().at("values", "createNamespaceMetadataJob") is False
    assert viz().named("linkerd-viz-namespace").at("metadata", "labels") == {
        "linkerd.io/extension": "viz",
        "pod-security.kubernetes.io/enforce": "privileged",
    }


def test_the_values_are_known_and_the_same_in_preview_and_up() -> None:
    previewed = chart(viz(preview=True))

    assert previewed.inputs == chart().inputs
    assert str(UNKNOWN) not in plain_texts(previewed.inputs), "a chart with an unknown value registers no children"


def test_pod_annotations_reach_the_chart() -> None:
    assert chart().at("values", "podAnnotations") == {"linkerd-workshop/generation": "4"}


@pytest.mark.parametrize(("secret", "host"), SECRETS.items())
def test_each_server_gets_a_secret_with_a_leaf_for_the_name_by_which_the_api_server_calls_it(
    secret: str, host: str
) -> None:
    found = viz().named(f"{secret}-secret")

    assert found.at("metadata") == {"name": secret, "namespace": "linkerd-viz"}
    assert decoded(found.at("data", "tls.crt")) == Secret(f"certificate {secret}-leaf")
    assert viz().named(f"{secret}-request").at("dnsNames") == [host]
    assert viz().named(f"{secret}-leaf").at("earlyRenewalHours") == 10 * 24


def test_the_authority_reaches_the_injectors_webhook() -> None:
    hook = {
        "name": "tap-injector.linkerd.io",
        "clientConfig": {"service": {"name": "tap-injector"}, "caBundle": "eA=="},
    }
    type_ = "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration"
    result = mended(chart().transforms, type_, {"metadata": {"name": "x"}, "webhooks": [hook]})

    assert decoded(at(result, "webhooks", 0, "clientConfig", "caBundle")) == AUTHORITY


def test_the_authority_reaches_the_api_service_which_keeps_the_rest_of_its_spec() -> None:
    spec = {"group": "tap.linkerd.io", "service": {"name": "tap"}, "caBundle": "cGxhY2Vob2xkZXI="}
    type_ = "kubernetes:apiregistration.k8s.io/v1:APIService"
    result = mended(chart().transforms, type_, {"metadata": {"name": "x"}, "spec": spec})

    assert decoded(at(result, "spec", "caBundle")) == AUTHORITY
    assert at(result, "spec", "service") == {"name": "tap"}
    assert at(result, "spec", "group") == "tap.linkerd.io"


def test_rendered_services_are_not_waited_for() -> None:
    result = mended(chart().transforms, "kubernetes:core/v1:Service", SERVICE)

    assert at(result, "metadata", "annotations") == {"pulumi.com/skipAwait": "true"}


@pytest.mark.parametrize("type_", RENDERED_KINDS)
def test_other_rendered_objects_stay_as_they_are(type_: str) -> None:
    rendered = {"metadata": {"name": "x"}, "spec": {"replicas": 1}}

    assert mended(chart().transforms, type_, rendered) == rendered, "a Deployment has to be waited for"


def test_the_api_service_goes_before_any_namespace_of_the_stack() -> None:
    namespaces = {each.urn for each in viz().of("kubernetes:core/v1:Namespace")}

    assert len(namespaces) == 3
    reason = "with an APIService that nobody answers for no namespace of the cluster can be deleted"
    assert namespaces <= chart().dependencies, reason


def test_the_chart_comes_after_its_secrets_the_mesh_and_all_namespaces() -> None:
    assert viz().before(chart()) == ["mesh", "namespaces", "viz-webhooks"]


def test_without_a_public_host_the_charts_own_rule_admits_local_names_only() -> None:
    assert "enforcedHostRegexp" not in str(values({}))
    assert "enforcedHostRegexp" not in str(values({}, ""))


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("viz.example.com", True),
        ("viz.example.com:443", True),
        ("localhost:50750", True),
        ("127.0.0.1:8084", True),
        ("[::1]:8084", True),
        ("web.linkerd-viz.svc.cluster.local:8084", True),
        ("web.linkerd-viz.svc", True),
        ("vizXexample.com", False),
        ("evil.com", False),
        ("viz.example.com.evil.com", False),
        ("not-viz.example.com", False),
        ("localhost.evil.com", False),
    ],
)
def test_the_dashboard_answers_for_its_public_host_and_the_local_ones_only(host: str, admitted: bool) -> None:  # noqa: FBT001  a row of a table
    pattern = str(chart(viz("viz.example.com")).at("values", "dashboard", "enforcedHostRegexp"))

    assert pattern == admitted_hosts("viz.example.com")
    assert bool(re.search(pattern, host)) is admitted


def test_nothing_of_it_is_public() -> None:
    kinds = {each.type for each in viz("viz.example.com").registrations}

    assert not [kind for kind in kinds if kind.endswith(("Ingress", "Service"))]


def test_the_chart_comes_from_an_archive_or_from_a_repository_in_an_exact_version() -> None:
    assert chart().at("chart") == ".charts/viz.tgz"
    assert not {"version", "repositoryOpts"} & set(chart().inputs)
    remote = chart(viz(published=True))
    assert remote.at("version") == "1.2.3"
    assert remote.at("repositoryOpts", "repo") == "https://charts.example.com"


def test_its_certificates_end_under_names_that_no_other_certificate_has() -> None:
    ends = at(viz().one("linkerd-workshop:mesh:Viz").outputs, "expires")

    assert ends == dict.fromkeys(["vizAuthority", *SECRETS], CERTIFICATE_ENDS)
