"""The demos booksapp and podinfo, and the promises that every demo keeps."""

from collections.abc import Callable, Mapping
from functools import cache

import pytest

from components.demos.booksapp import Booksapp, BooksappArgs
from components.demos.hosted import HostedDemoArgs
from components.demos.podinfo import Podinfo, PodinfoArgs
from components.demos.progressive_delivery import ProgressiveDelivery
from model.names import ForwardedHeader
from tests.components.arguments import BOOKSAPP, CANARY, EXPOSURE, HOSTED, PODINFO
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at, mapping, sequence
from versions import BOOKSAPP_IMAGE, BOOKSAPP_TRAFFIC_IMAGE, PODINFO_IMAGE

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"


DEMOS: dict[str, Callable[[HostedDemoArgs], object]] = {
    "Booksapp": lambda args: Booksapp("demo", {**BOOKSAPP, **args}),
    "Podinfo": lambda args: Podinfo("demo", {**PODINFO, **args}),
    "ProgressiveDelivery": lambda args: ProgressiveDelivery("demo", {**CANARY, **args}),
}
COMMANDS = {
    "Booksapp": "kubectl -n shop port-forward svc/webapp 7000",
    "Podinfo": "kubectl -n shop port-forward svc/frontend-podinfo 9898",
    "ProgressiveDelivery": "kubectl -n shop logs deployment/client --follow",
}
"""The command that a demo outputs if it has no host."""


def url(deployment: Deployment, name: str) -> object:
    return at(deployment.one(f"linkerd-workshop:demos:{name}").outputs, "url")


@pytest.mark.parametrize("host", [None, ""])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_demo_without_a_host_has_no_ingress_and_its_url_is_a_command(name: str, host: str | None) -> None:
    private = deploy(lambda: DEMOS[name]({**HOSTED, "host": host}))

    assert private.of(INGRESS) == []
    assert url(private, name) == COMMANDS[name]


@pytest.mark.parametrize(
    ("name", "service", "port", "health_path"),
    [
        ("Booksapp", "webapp", 7000, "/ping"),
        ("Podinfo", "frontend-podinfo", 9898, "/healthz"),
        ("ProgressiveDelivery", "podinfo", 9898, "/healthz"),
    ],
)
def test_the_host_of_a_demo_leads_to_the_service_that_people_open(
    name: str, service: str, port: int, health_path: str
) -> None:
    public: HostedDemoArgs = {**HOSTED, "host": "shop.example.com", "exposure": {**EXPOSURE, "ingress_class": "nginx"}}
    deployment = deploy(lambda: DEMOS[name](public))
    ingress = deployment.one(INGRESS)

    assert ingress.at("spec", "ingressClassName") == "nginx"
    backend = ingress.at("spec", "rules", 0, "http", "paths", 0, "backend", "service")
    assert backend == {"name": service, "port": {"number": port}}
    annotations = mapping(ingress.at("metadata", "annotations"))
    assert annotations["alb.ingress.kubernetes.io/healthcheck-path"] == health_path, "the pods answer 200 there"
    assert url(deployment, name) == "http://shop.example.com/"


def booksapp(args: BooksappArgs = BOOKSAPP) -> Deployment:
    return deploy(lambda: Booksapp("booksapp", args))


books = cache(booksapp)
DATABASE = {"DATABASE_URL": "sqlite3:db/db.sqlite3"}
AUTHORS, BOOKS = {"AUTHORS_SITE": "http://authors:7001"}, {"BOOKS_SITE": "http://books:7002"}
SERVICES = {"webapp": 7000, "authors": 7001, "books": 7002}
VARIABLES = {"webapp": DATABASE | AUTHORS | BOOKS, "authors": DATABASE | BOOKS, "books": DATABASE | AUTHORS}
PARTS = [f"booksapp-{name}" for name in (*SERVICES, "traffic")]


def environment(container: Mapping[str, object]) -> dict[object, object]:
    return {at(each, "name"): at(each, "value") for each in sequence(container["env"])}


@pytest.mark.parametrize(("service", "port"), SERVICES.items())
def test_each_service_of_booksapp_runs_its_part_of_the_image_and_knows_the_others(service: str, port: int) -> None:
    container, found = books().container(f"booksapp-{service}-deployment"), books().named(f"booksapp-{service}-service")

    assert (container["image"], container["args"]) == (BOOKSAPP_IMAGE, [f"prod:{service}"])
    assert at(container, "ports", 0, "containerPort") == port
    assert at(container, "readinessProbe", "httpGet") == {"path": "/ping", "port": port}
    assert environment(container) == VARIABLES[service]
    assert found.at("metadata", "name") == service
    assert found.at("spec", "ports") == [{"name": "service", "port": port}]
    assert found.at("metadata", "annotations") == {"pulumi.com/skipAwait": "true"}, "its Deployment is waited for"
    assert found.at("spec", "selector") == {"app": service}


def test_the_traffic_generator_is_part_of_booksapp_because_the_clients_proxy_splits_the_traffic() -> None:
    container = books().container("booksapp-traffic-deployment")

    assert (container["image"], container["args"]) == (BOOKSAPP_TRAFFIC_IMAGE, ["-initial-delay=30s", "webapp:7000"])
    assert "booksapp-traffic-service" not in books().names


@pytest.mark.parametrize("part", [*PARTS, "booksapp-faults-injector"])
def test_a_pod_runs_as_its_own_account_without_a_token_and_keeps_answering_until_every_proxy_knows(part: str) -> None:
    account, deployment = books().named(f"{part}-account"), books().named(f"{part}-deployment")
    labels = mapping(deployment.look("spec template metadata labels"))

    assert deployment.look("spec selector matchLabels") == {"app": labels["app"]}
    assert labels["app.kubernetes.io/part-of"] == "booksapp"
    assert "skipAwait" not in str(deployment.inputs), "it is waited for"
    assert account.at("metadata", "name") == deployment.look("spec template spec serviceAccountName") == labels["app"]
    assert account.at("automountServiceAccountToken") is False
    lifecycle = deployment.look("spec template spec containers 0 lifecycle")
    assert lifecycle == {"preStop": {"sleep": {"seconds": 5}}}


def test_the_settings_of_booksapp_change_the_parts_that_they_are_about() -> None:
    other = booksapp({**BOOKSAPP, "webapp_replicas": 5, "authors_failure_rate": 0.5})

    for deployment, wanted in ((books(), [3, 1, 1, 1]), (other, [5, 1, 1, 1])):
        assert [deployment.named(f"{part}-deployment").look("spec replicas") for part in PARTS] == wanted
    authors = {"FAILURE_RATE": "0.5"} | VARIABLES["authors"]
    assert environment(other.container("booksapp-authors-deployment")) == authors
    assert environment(other.container("booksapp-books-deployment")) == VARIABLES["books"]


@pytest.mark.parametrize(("percent", "weights"), [(0, [100, 0]), (10, [90, 10]), (25, [75, 25]), (100, [0, 100])])
def test_the_fault_percentage_changes_the_route_alone(percent: int, weights: list[int]) -> None:
    other = booksapp({**BOOKSAPP, "fault_percent": percent})
    route = other.one(ROUTE)

    assert [at(each, "weight") for each in sequence(route.at("spec", "rules", 0, "backendRefs"))] == weights
    assert route.at("spec", "parentRefs") == [{"name": "books", "kind": "Service", "group": "", "port": 7002}]
    assert books().changed(other) == (["booksapp-faults-route"] if percent != 10 else [])


def podinfo(args: PodinfoArgs = PODINFO) -> Deployment:
    return deploy(lambda: Podinfo("podinfo", args))


pods = cache(podinfo)
MESSAGES = {
    "frontend": {"PODINFO_BACKEND_URL": "http://backend-a-podinfo:9898/env"},
    "backend-a": {"PODINFO_UI_MESSAGE": "A backend"},
    "backend-b": {"PODINFO_UI_MESSAGE": "B backend"},
}


@pytest.mark.parametrize("part", MESSAGES)
def test_each_part_of_podinfo_answers_on_port_9898_as_its_own_user_and_writes_nothing(part: str) -> None:
    service, container = pods().named(f"podinfo-{part}-service"), pods().container(f"podinfo-{part}-deployment")

    assert service.at("metadata", "name") == f"{part}-podinfo"
    assert service.at("spec", "ports") == [{"name": "service", "port": 9898}]
    assert container["image"] == PODINFO_IMAGE
    assert environment(container) == MESSAGES[part]
    assert at(container, "ports", 0, "containerPort") == 9898
    assert at(container, "readinessProbe", "httpGet") == {"path": "/readyz", "port": 9898}
    security = ("runAsUser", "runAsNonRoot", "readOnlyRootFilesystem")
    assert [at(container, "securityContext", key) for key in security] == [100, True, True]


def test_the_header_of_the_workshop_leads_to_the_second_backend() -> None:
    route = pods().one(ROUTE)

    assert route.at("metadata", "name") == "backend-router"
    assert route.at("spec", "parentRefs", 0, "name") == "backend-a-podinfo"
    first, rest = sequence(route.at("spec", "rules"))
    assert at(first, "matches") == [{"headers": [{"name": "x-request-id", "value": "alternative"}]}]
    assert at(first, "backendRefs") == [{"name": "backend-b-podinfo", "port": 9898}]
    assert rest == {"backendRefs": [{"name": "backend-a-podinfo", "port": 9898}]}


@pytest.mark.parametrize("header", ForwardedHeader)
def test_another_header_changes_the_route_of_podinfo_and_nothing_else(header: ForwardedHeader) -> None:
    other = podinfo({**PODINFO, "header": header, "header_value": "beta"})

    assert pods().changed(other) == ["podinfo-router-route"]
    match = other.one(ROUTE).at("spec", "rules", 0, "matches", 0, "headers")
    assert match == [{"name": str(header), "value": "beta"}]
