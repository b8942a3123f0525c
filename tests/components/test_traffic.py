"""Fault injection and routing by a header, on an app that is none of the demos."""

from functools import cache

from components.traffic.fault_injection import FaultInjection, FaultInjectionArgs
from components.traffic.header_route import HeaderRoute, HeaderRouteArgs
from model.names import RouteApi
from tests.components.arguments import APP
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at
from versions import NGINX_IMAGE

FAULTS: FaultInjectionArgs = {
    **APP,
    "service": "cart",
    "port": 80,
    "percent": 5,
    "part_of": "shop",
    "api": RouteApi.GATEWAY,
}
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
PARENT = {"name": "cart", "kind": "Service", "group": "", "port": 80}


@cache
def faults() -> Deployment:
    return deploy(lambda: FaultInjection("faults", FAULTS))


def test_the_route_splits_the_traffic_of_the_service_between_it_and_the_injector() -> None:
    weights = [("cart", 80, 95), ("error-injector", 8080, 5)]
    backends = [{"name": name, "port": port, "weight": weight} for name, port, weight in weights]

    assert faults().one(ROUTE).look("metadata name") == "error-split"
    assert faults().one(ROUTE).look("metadata namespace") == "shop"
    assert faults().one(ROUTE).at("spec") == {"parentRefs": [PARENT], "rules": [{"backendRefs": backends}]}


def test_the_injector_answers_500_by_a_configuration_whose_change_restarts_it() -> None:
    configuration = str(faults().one("kubernetes:core/v1:ConfigMap").at("data", "nginx.conf"))
    template = faults().one("kubernetes:apps/v1:Deployment").at("spec", "template")
    mount = {"name": "config", "mountPath": "/etc/nginx/nginx.conf", "subPath": "nginx.conf"}

    assert "listen 8080;" in configuration
    assert "return 500;" in configuration
    assert at(template, "spec", "volumes") == [{"name": "config", "configMap": {"name": "error-injector"}}]
    assert at(template, "spec", "containers", 0, "volumeMounts") == [mount]
    assert len(str(at(template, "metadata", "annotations", "linkerd-workshop/configuration"))) == 64


def test_the_injector_runs_its_image_without_privileges() -> None:
    assert faults().container("faults-injector-deployment")["image"] == NGINX_IMAGE
    assert faults().container("faults-injector-deployment")["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsNonRoot": True,
        "runAsUser": 101,
    }


BETA: HeaderRouteArgs = {
    "name": "beta-testers",
    "namespace": "shop",
    "service": "cart",
    "port": 80,
    "header": "x-user",
    "value": "ann",
    "alternative": "cart-beta",
    "api": RouteApi.GATEWAY,
}


def test_requests_with_a_header_go_to_the_alternative_and_all_others_to_the_service_itself() -> None:
    route = deploy(lambda: HeaderRoute("beta", BETA)).named("beta-route")
    matches = [{"headers": [{"name": "x-user", "value": "ann"}]}]

    assert route.look("metadata name") == "beta-testers"
    assert route.look("metadata namespace") == "shop"
    assert route.at("spec", "parentRefs") == [PARENT]
    assert route.at("spec", "rules") == [
        {"matches": matches, "backendRefs": [{"name": "cart-beta", "port": 80}]},
        {"backendRefs": [{"name": "cart", "port": 80}]},
    ]
