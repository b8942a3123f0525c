"""Linkerd: what its charts are told, what is mended in what they render, and in which order things come."""

from functools import cache

import pytest

from components.addons.gateway_api import GatewayApi
from components.mesh.control_plane import values
from components.mesh.linkerd import NAMESPACE_METADATA, Linkerd, LinkerdArgs
from components.resources.rendered import PLACEHOLDER
from model.charts import ChartSource
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at
from tests.rendering import mended
from tests.texts import decoded

ARCHIVE: ChartSource = {"chart": ".charts/chart.tgz"}
PUBLISHED: ChartSource = {"chart": "linkerd-x", "version": "1.2.3", "repository": "https://charts.example.com"}
WEBHOOK_KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


@cache
def linkerd(
    generation: int = 1, *, published: bool = False, preview: bool = False, own_crds: bool = True
) -> Deployment:
    chart = PUBLISHED if published else ARCHIVE

    def program() -> None:
        gateway_api = GatewayApi("gateway-api", {"chart": "gw.tgz"}) if own_crds else None
        args: LinkerdArgs = {
            "namespace": "linkerd",
            "crds_chart": chart,
            "control_plane_chart": chart,
            "lifetimes": {"anchor_days": 30, "issuer_days": 20, "renewal_days": 10},
            "generation": generation,
            "gateway_api": gateway_api,
        }
        Linkerd("linkerd", args)

    return deploy(program, preview=preview)


def chart(**given: bool) -> Registration:
    return linkerd(**given).one("kubernetes:helm.sh/v4:Chart")


def test_no_certificate_and_no_key_passes_through_chart_values() -> None:
    told = str(chart().inputs)

    assert "certificate " not in told
    assert "key of " not in told


def test_the_chart_is_told_to_read_identity_from_objects_that_it_does_not_make() -> None:
    assert chart().at("values", "identity") == {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}}


@pytest.mark.parametrize("webhook", ["proxyInjector", "profileValidator", "policyValidator"])
def test_the_chart_makes_no_webhook_certificate_and_knows_the_authority_by_a_placeholder(webhook: str) -> None:
    assert chart().at("values", webhook) == {"externalSecret": True, "caBundle": PLACEHOLDER}


def test_nothing_that_differs_between_two_renders_is_left_on() -> None:
    assert chart().at("values", "disableHeartBeat") is True, "its schedule is the minute of the render"


def test_the_values_are_known_and_the_same_in_preview_and_up() -> None:
    assert chart(preview=True).inputs == chart().inputs


def test_a_new_generation_changes_the_annotation_of_the_control_planes_pods_and_nothing_else() -> None:
    one, two = dict(values("1")), dict(values("2"))

    assert one.pop("podAnnotations") == {"linkerd-workshop/generation": "1"}
    assert two.pop("podAnnotations") == {"linkerd-workshop/generation": "2"}
    assert one == two
    assert linkerd(generation=5).one("kubernetes:helm.sh/v4:Chart").at("values", "podAnnotations") == {
        "linkerd-workshop/generation": "5-anchor-1-stable"
    }


@pytest.mark.parametrize("kind", WEBHOOK_KINDS)
def test_the_authority_reaches_every_webhook_of_every_rendered_configuration(kind: str) -> None:
    authority = "certificate linkerd-webhooks-authority"
    hooks = [
        {"name": name, "clientConfig": {"service": {"name": "s"}, "caBundle": "cGxhY2Vob2xkZXI="}} for name in "ab"
    ]
    rendered = {"metadata": {"name": "x"}, "webhooks": hooks}
    result = mended(chart().transforms, f"kubernetes:admissionregistration.k8s.io/v1:{kind}", rendered)

    for index, name in enumerate("ab"):
        assert at(result, "webhooks", index, "name") == name
        assert at(result, "webhooks", index, "clientConfig", "service") == {"name": "s"}
        assert decoded(at(result, "webhooks", index, "clientConfig", "caBundle")) == authority


def test_rendered_services_are_not_waited_for_and_keep_their_annotations() -> None:
    bare = mended(chart().transforms, "kubernetes:core/v1:Service", {"metadata": {"name": "x"}})
    annotated = mended(
        chart().transforms, "kubernetes:core/v1:Service", {"metadata": {"name": "x", "annotations": {"a": "b"}}}
    )

    assert at(bare, "metadata") == {"name": "x", "annotations": {"pulumi.com/skipAwait": "true"}}
    assert at(annotated, "metadata", "annotations") == {"a": "b", "pulumi.com/skipAwait": "true"}


@pytest.mark.parametrize("type_", ["kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Secret"])
def test_other_rendered_objects_stay_as_they_are(type_: str) -> None:
    rendered = {"metadata": {"name": "x"}, "spec": {"replicas": 1}}

    assert mended(chart().transforms, type_, rendered) == rendered, "a Deployment has to be waited for"


def test_the_control_plane_comes_after_all_that_it_looks_for_when_it_starts() -> None:
    assert linkerd().before(chart()) == ["gateway-api-crds", "linkerd-crds", "linkerd-trust", "linkerd-webhooks"]
    assert chart().order > max(each.order for each in linkerd().registrations if each.type.endswith("Release"))


def test_where_the_gateway_api_is_there_already_the_control_plane_waits_for_the_rest() -> None:
    deployment = linkerd(own_crds=False)

    assert deployment.before(deployment.one("kubernetes:helm.sh/v4:Chart")) == [
        "linkerd-crds",
        "linkerd-trust",
        "linkerd-webhooks",
    ]


def test_linkerds_own_definitions_come_without_the_gateway_api() -> None:
    crds = linkerd().named("linkerd-crds")

    assert crds.at("values") == {"installGatewayAPI": False}, "it has one owner, and that is another release"
    assert (crds.at("name"), crds.at("namespace")) == ("linkerd-crds", "linkerd")


def test_charts_come_from_an_archive_or_from_a_repository_in_an_exact_version() -> None:
    local = linkerd().named("linkerd-crds")
    remote = linkerd(published=True).named("linkerd-crds")

    assert local.at("chart") == ".charts/chart.tgz"
    assert not {"version", "repositoryOpts"} & set(local.inputs)
    assert remote.at("version") == "1.2.3"
    assert remote.at("repositoryOpts", "repo") == "https://charts.example.com"
    assert chart(published=True).at("repositoryOpts", "repo") == "https://charts.example.com"


def test_the_namespace_is_to_carry_what_linkerds_own_installer_puts_on_it() -> None:
    assert NAMESPACE_METADATA == {
        "annotations": {"linkerd.io/inject": "disabled"},
        "labels": {
            "linkerd.io/is-control-plane": "true",
            "linkerd.io/control-plane-ns": "linkerd",
            "config.linkerd.io/admission-webhooks": "disabled",
            "pod-security.kubernetes.io/enforce": "privileged",
        },
    }


def test_it_makes_no_namespace_and_puts_its_objects_into_the_given_one() -> None:
    assert linkerd().of("kubernetes:core/v1:Namespace") == []
    objects = [each for each in linkerd().registrations if each.type.startswith("kubernetes:core/v1:")]
    assert {each.at("metadata", "namespace") for each in objects} == {"linkerd"}


def test_lifetimes_reach_issuer_and_leaves() -> None:
    assert linkerd().named("linkerd-trust-anchor-1").at("validityPeriodHours") == 30 * 24
    assert linkerd().named("linkerd-trust-issuer").at("validityPeriodHours") == 20 * 24
    leaves = linkerd().of("tls:index/locallySignedCert:LocallySignedCert")
    assert {each.at("earlyRenewalHours") for each in leaves} == {10 * 24}
