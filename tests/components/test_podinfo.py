"""podinfo: a front end that asks the first backend, and the route that makes it the second."""

from functools import cache

import pytest

from components.demos.podinfo import Podinfo, PodinfoArgs
from model.names import ForwardedHeader, RouteApi
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at, mapping, sequence
from versions import PODINFO_IMAGE

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
PARTS = {"frontend": "frontend-podinfo", "backend-a": "backend-a-podinfo", "backend-b": "backend-b-podinfo"}


def podinfo(given: PodinfoArgs | None = None) -> Deployment:
    args: PodinfoArgs = given or {"namespace": "podinfo"}
    return deploy(lambda: Podinfo("podinfo", args))


@cache
def default() -> Deployment:
    return podinfo()


def container(part: str, deployment: Deployment | None = None) -> object:
    found = (deployment or default()).named(f"podinfo-{part}-deployment")
    return found.at("spec", "template", "spec", "containers", 0)


def environment(part: str) -> dict[object, object]:
    return {at(each, "name"): at(each, "value") for each in sequence(at(container(part), "env"))}


def changed(one: Deployment, other: Deployment) -> list[str]:
    pairs = zip(one.registrations, other.registrations, strict=True)
    return [mine.name for mine, its in pairs if mine.inputs != its.inputs]


def test_every_object_lies_in_the_namespace() -> None:
    objects = [each for each in default().registrations if each.type.startswith("kubernetes:")]

    assert [each.name for each in objects if each.at("metadata", "namespace") != "podinfo"] == []


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_the_name_of_the_log_on_port_9898(part: str) -> None:
    service = default().named(f"podinfo-{part}-service")

    assert service.at("metadata", "name") == PARTS[part]
    assert service.at("spec", "ports") == [{"name": "service", "port": 9898}]
    assert at(container(part), "ports", 0, "containerPort") == 9898


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_the_pinned_image_and_is_asked_whether_it_is_ready(part: str) -> None:
    assert at(container(part), "image") == PODINFO_IMAGE
    assert at(container(part), "readinessProbe", "httpGet") == {"path": "/readyz", "port": 9898}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_runs_as_the_images_own_user_and_writes_nothing(part: str) -> None:
    security = at(container(part), "securityContext")

    assert at(security, "runAsUser") == 100
    assert at(security, "runAsNonRoot") is True
    assert at(security, "readOnlyRootFilesystem") is True


def test_the_front_end_asks_a_service_that_exists_for_its_environment() -> None:
    url = f"http://{default().named('podinfo-backend-a-service').at('metadata', 'name')}:9898/env"

    assert environment("frontend") == {"PODINFO_BACKEND_URL": url}


def test_each_backend_says_which_it_is() -> None:
    assert environment("backend-a") == {"PODINFO_UI_MESSAGE": "A backend"}
    assert environment("backend-b") == {"PODINFO_UI_MESSAGE": "B backend"}


def test_no_pod_opts_out_of_the_mesh() -> None:
    told = [str(each.at("spec", "template", "metadata")) for each in default().of(DEPLOYMENT)]

    assert len(told) == 3
    assert "linkerd.io/inject" not in " ".join(told)


def test_the_header_of_the_log_leads_to_the_second_backend() -> None:
    route = default().one(ROUTE)

    assert route.at("metadata", "name") == "backend-router"
    assert at(route.at("spec", "parentRefs", 0), "name") == "backend-a-podinfo"
    first, rest = sequence(route.at("spec", "rules"))
    assert at(first, "matches") == [{"headers": [{"name": "x-request-id", "value": "alternative"}]}]
    assert at(first, "backendRefs") == [{"name": "backend-b-podinfo", "port": 9898}]
    assert rest == {"backendRefs": [{"name": "backend-a-podinfo", "port": 9898}]}


@pytest.mark.parametrize("header", ForwardedHeader)
def test_another_header_changes_the_route_and_nothing_else(header: ForwardedHeader) -> None:
    other = podinfo({"namespace": "podinfo", "header": header, "header_value": "beta"})

    assert changed(default(), other) == ["podinfo-router-route"]
    match = other.one(ROUTE).at("spec", "rules", 0, "matches", 0, "headers")
    assert match == [{"name": str(header), "value": "beta"}]


def test_the_route_can_be_one_of_linkerds_own_group() -> None:
    own = podinfo({"namespace": "podinfo", "route_api": RouteApi.POLICY})

    assert own.one("kubernetes:policy.linkerd.io/v1beta3:HTTPRoute").at("metadata", "name") == "backend-router"
    assert own.of(ROUTE) == []


def test_each_part_has_one_pod_unless_told_otherwise() -> None:
    three = podinfo({"namespace": "podinfo", "replicas": 3})

    assert [each.at("spec", "replicas") for each in default().of(DEPLOYMENT)] == [1, 1, 1]
    assert [each.at("spec", "replicas") for each in three.of(DEPLOYMENT)] == [3, 3, 3]


def test_pod_annotations_reach_every_pod() -> None:
    annotated = podinfo({"namespace": "podinfo", "pod_annotations": {"linkerd-workshop/generation": "4"}})
    annotations = [each.at("spec", "template", "metadata", "annotations") for each in annotated.of(DEPLOYMENT)]

    assert annotations == [{"linkerd-workshop/generation": "4"}] * 3


@pytest.mark.parametrize("host", [None, ""])
def test_without_a_host_there_is_no_ingress_but_a_command_to_reach_the_front_end(host: str | None) -> None:
    private = podinfo({"namespace": "podinfo", "host": host})

    assert private.of("kubernetes:networking.k8s.io/v1:Ingress") == []
    url = at(private.one("linkerd-workshop:demos:Podinfo").outputs, "url")
    assert url == "kubectl -n podinfo port-forward svc/frontend-podinfo 9898"


def test_with_a_host_the_front_end_is_public_and_no_backend_is() -> None:
    public = podinfo({"namespace": "podinfo", "host": "test.example.com", "exposure": {"ingress_class": "nginx"}})
    ingress = public.one("kubernetes:networking.k8s.io/v1:Ingress")

    assert ingress.at("metadata", "name") == "front"
    assert ingress.at("spec", "ingressClassName") == "nginx"
    backend = ingress.at("spec", "rules", 0, "http", "paths", 0, "backend")
    assert backend == {"service": {"name": "frontend-podinfo", "port": {"number": 9898}}}
    annotations = mapping(ingress.at("metadata", "annotations"))
    assert annotations["alb.ingress.kubernetes.io/healthcheck-path"] == "/healthz", "the pods answer 200 there"
    assert at(public.one("linkerd-workshop:demos:Podinfo").outputs, "url") == "http://test.example.com/"


def test_the_image_can_be_another() -> None:
    mirrored = podinfo({"namespace": "podinfo", "image": "mirror/podinfo:6"})

    assert [at(container(part, mirrored), "image") for part in PARTS] == ["mirror/podinfo:6"] * 3
