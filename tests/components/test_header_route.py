"""Routing by a header, on an app that is not podinfo."""

from components.traffic.header_route import HeaderRoute, HeaderRouteArgs
from model.names import RouteApi
from tests.engine import deploy

ROUTE: HeaderRouteArgs = {
    "name": "beta-testers",
    "namespace": "shop",
    "service": "cart",
    "port": 80,
    "header": "x-user",
    "value": "ann",
    "alternative": "cart-beta",
}


def test_requests_with_the_header_go_to_the_alternative_and_all_others_to_the_service_itself() -> None:
    route = deploy(lambda: HeaderRoute("beta", ROUTE)).one("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute")

    assert route.name == "beta-route"
    assert route.at("metadata") == {"name": "beta-testers", "namespace": "shop"}
    assert route.at("spec", "parentRefs") == [{"name": "cart", "kind": "Service", "group": "", "port": 80}]
    assert route.at("spec", "rules") == [
        {
            "matches": [{"headers": [{"name": "x-user", "value": "ann"}]}],
            "backendRefs": [{"name": "cart-beta", "port": 80}],
        },
        {"backendRefs": [{"name": "cart", "port": 80}]},
    ]


def test_the_route_can_be_one_of_linkerds_own_group() -> None:
    deployment = deploy(lambda: HeaderRoute("beta", {**ROUTE, "api": RouteApi.POLICY}))

    route = deployment.one("kubernetes:policy.linkerd.io/v1beta3:HTTPRoute")
    assert route.at("apiVersion") == "policy.linkerd.io/v1beta3"
    assert deployment.of("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute") == []
