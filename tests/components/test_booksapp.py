"""booksapp: its four parts, meshed from the first pod, and the share of requests that fails."""

from functools import cache

import pytest

from components.demos.booksapp import Booksapp, BooksappArgs
from model.names import RouteApi
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at, mapping, sequence
from versions import BOOKSAPP_IMAGE, BOOKSAPP_TRAFFIC_IMAGE

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICES = {"webapp": 7000, "authors": 7001, "books": 7002}
PARTS = [*SERVICES, "traffic"]


def booksapp(given: BooksappArgs | None = None) -> Deployment:
    args: BooksappArgs = given or {"namespace": "booksapp"}
    return deploy(lambda: Booksapp("booksapp", args))


@cache
def default() -> Deployment:
    return booksapp()


def container(part: str, deployment: Deployment | None = None) -> object:
    found = (deployment or default()).named(f"booksapp-{part}-deployment")
    return found.at("spec", "template", "spec", "containers", 0)


def environment(part: str, deployment: Deployment | None = None) -> dict[object, object]:
    return {at(each, "name"): at(each, "value") for each in sequence(at(container(part, deployment), "env"))}


def weights(deployment: Deployment) -> list[object]:
    route = next(each for each in deployment.registrations if each.type.endswith(":HTTPRoute"))
    return [at(each, "weight") for each in sequence(route.at("spec", "rules", 0, "backendRefs"))]


def test_every_object_lies_in_that_namespace() -> None:
    objects = [each for each in default().registrations if each.type.startswith("kubernetes:")]

    outside = [each.name for each in objects if each.at("metadata", "namespace") != "booksapp"]
    assert outside == []


def test_no_pod_opts_out_of_the_mesh() -> None:
    told = [str(each.at("spec", "template", "metadata")) for each in default().of(DEPLOYMENT)]

    assert len(told) == len(PARTS) + 1
    assert "linkerd.io/inject" not in " ".join(told)


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_runs_its_part_of_the_image_with_a_database_and_is_asked_whether_it_is_ready(service: str) -> None:
    part = container(service)

    assert at(part, "image") == BOOKSAPP_IMAGE
    assert at(part, "args") == [f"prod:{service}"]
    assert at(part, "ports", 0, "containerPort") == SERVICES[service]
    assert at(part, "readinessProbe", "httpGet") == {"path": "/ping", "port": SERVICES[service]}
    assert environment(service)["DATABASE_URL"] == "sqlite3:db/db.sqlite3"


def test_the_services_know_each_other() -> None:
    authors, books = {"AUTHORS_SITE": "http://authors:7001"}, {"BOOKS_SITE": "http://books:7002"}
    database = {"DATABASE_URL": "sqlite3:db/db.sqlite3"}

    assert environment("webapp") == database | authors | books
    assert environment("authors") == database | books
    assert environment("books") == database | authors


def test_the_visitor_is_meshed_too_because_the_split_happens_in_the_clients_proxy() -> None:
    traffic = container("traffic")

    assert at(traffic, "image") == BOOKSAPP_TRAFFIC_IMAGE
    assert at(traffic, "args") == ["-initial-delay=30s", "webapp:7000"]
    assert "booksapp-traffic-service" not in default().names


@pytest.mark.parametrize("part", PARTS)
def test_each_part_runs_as_its_own_account_which_gets_no_token(part: str) -> None:
    account = default().named(f"booksapp-{part}-account")

    assert account.at("metadata", "name") == part
    assert account.at("automountServiceAccountToken") is False
    assert default().named(f"booksapp-{part}-deployment").at("spec", "template", "spec", "serviceAccountName") == part


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_reached_by_its_name_and_port_and_is_not_waited_for(service: str) -> None:
    found = default().named(f"booksapp-{service}-service")

    assert found.at("metadata", "name") == service
    assert found.at("metadata", "annotations") == {"pulumi.com/skipAwait": "true"}
    assert found.at("spec", "ports") == [{"name": "service", "port": SERVICES[service]}]
    selector = found.at("spec", "selector")
    assert selector == default().named(f"booksapp-{service}-deployment").at("spec", "selector", "matchLabels")


@pytest.mark.parametrize("part", [*PARTS, "faults-injector"])
def test_a_deployments_selector_selects_its_own_pods_and_its_readiness_is_waited_for(part: str) -> None:
    deployment = default().named(f"booksapp-{part}-deployment")
    labels = deployment.at("spec", "template", "metadata", "labels")

    assert at(labels, "app") == deployment.at("spec", "selector", "matchLabels", "app")
    assert at(labels, "app.kubernetes.io/part-of") == "booksapp"
    assert "skipAwait" not in str(deployment.inputs)


def test_the_web_front_end_has_three_pods_unless_told_otherwise() -> None:
    five = booksapp({"namespace": "booksapp", "webapp_replicas": 5})

    assert default().named("booksapp-webapp-deployment").at("spec", "replicas") == 3
    assert five.named("booksapp-webapp-deployment").at("spec", "replicas") == 5
    assert five.named("booksapp-books-deployment").at("spec", "replicas") == 1


def test_authors_refuses_nothing_unless_asked_to() -> None:
    assert all("FAILURE_RATE" not in environment(part) for part in PARTS)

    asked = booksapp({"namespace": "booksapp", "authors_failure_rate": 0.5})
    assert environment("authors", asked)["FAILURE_RATE"] == "0.5"
    assert "FAILURE_RATE" not in environment("books", asked)


@pytest.mark.parametrize(("percent", "expected"), [(0, [100, 0]), (10, [90, 10]), (25, [75, 25]), (100, [0, 100])])
def test_the_weights_are_the_percentage_and_the_rest(percent: int, expected: list[int]) -> None:
    assert weights(booksapp({"namespace": "booksapp", "fault_percent": percent})) == expected


def test_one_request_in_ten_to_books_fails_by_default() -> None:
    route = default().one("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute")

    assert weights(default()) == [90, 10]
    assert route.at("spec", "parentRefs") == [{"name": "books", "kind": "Service", "group": "", "port": 7002}]


def test_another_percentage_changes_the_route_and_nothing_else() -> None:
    other = booksapp({"namespace": "booksapp", "fault_percent": 25})
    changed = [
        mine.name
        for mine, its in zip(default().registrations, other.registrations, strict=True)
        if mine.inputs != its.inputs
    ]

    assert changed == ["booksapp-faults-route"]


def test_the_route_can_be_one_of_linkerds_own_group() -> None:
    own = booksapp({"namespace": "booksapp", "route_api": RouteApi.POLICY})

    assert own.one("kubernetes:policy.linkerd.io/v1beta3:HTTPRoute").at("apiVersion") == "policy.linkerd.io/v1beta3"
    assert own.of("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute") == []


def test_pod_annotations_reach_every_pod() -> None:
    annotated = booksapp({"namespace": "booksapp", "pod_annotations": {"linkerd-workshop/generation": "4"}})
    annotations = [each.at("spec", "template", "metadata", "annotations") for each in annotated.of(DEPLOYMENT)]

    assert [at(each, "linkerd-workshop/generation") for each in annotations] == ["4"] * 5


@pytest.mark.parametrize("host", [None, ""])
def test_without_a_host_there_is_no_ingress_but_a_command_to_reach_the_app(host: str | None) -> None:
    private = booksapp({"namespace": "booksapp", "host": host})

    assert private.of("kubernetes:networking.k8s.io/v1:Ingress") == []
    url = at(private.one("linkerd-workshop:demos:Booksapp").outputs, "url")
    assert url == "kubectl -n booksapp port-forward svc/webapp 7000"


def test_with_a_host_the_web_front_end_is_public() -> None:
    public = booksapp({"namespace": "booksapp", "host": "books.example.com", "exposure": {"ingress_class": "nginx"}})
    ingress = public.one("kubernetes:networking.k8s.io/v1:Ingress")

    assert ingress.at("spec", "ingressClassName") == "nginx"
    backend = ingress.at("spec", "rules", 0, "http", "paths", 0, "backend")
    assert backend == {"service": {"name": "webapp", "port": {"number": 7000}}}
    annotations = mapping(ingress.at("metadata", "annotations"))
    assert annotations["alb.ingress.kubernetes.io/healthcheck-path"] == "/ping", "the pods answer 200 there"
    assert at(public.one("linkerd-workshop:demos:Booksapp").outputs, "url") == "http://books.example.com/"


def test_images_can_be_others() -> None:
    mirrored = booksapp(
        {"namespace": "booksapp", "booksapp_image": "mirror/booksapp:1", "traffic_image": "mirror/traffic:1"}
    )

    assert at(container("books", mirrored), "image") == "mirror/booksapp:1"
    assert at(container("traffic", mirrored), "image") == "mirror/traffic:1"


@pytest.mark.parametrize("part", PARTS)
def test_a_pod_that_is_to_go_keeps_answering_until_every_proxy_knows(part: str) -> None:
    assert at(container(part), "lifecycle") == {"preStop": {"sleep": {"seconds": 5}}}
