"""The public host of an app that is none of the demos."""

import json
from functools import cache

from pulumi_kubernetes.core.v1 import ConfigMap

from components.resources.host_ingress import Exposure
from components.traffic.public_host import PublicHost, PublicHostArgs
from model.names import Scheme
from tests.deployment import Deployment, Registration
from tests.engine import deploy
from tests.recorded_values import at, mapping

ALB = "alb.ingress.kubernetes.io"
ARGS: PublicHostArgs = {
    "name": "shop",
    "namespace": "shop",
    "service": "cart",
    "port": 80,
    "host": "shop.example.com",
    "health_path": "/healthz",
}
SHARED: Exposure = {
    "ingress_class": "alb",
    "group": "workshop-dev",
    "scheme": Scheme.INTERNAL,
    "inbound_cidrs": ["203.0.113.0/24", "198.51.100.0/24"],
    "https": True,
    "certificate_arn": "arn:aws:acm:eu-central-1:1:certificate/a",
}


def deployed(args: PublicHostArgs) -> Deployment:
    return deploy(lambda: PublicHost("host", args))


@cache
def plain() -> Deployment:
    return deployed(ARGS)


@cache
def shared() -> Deployment:
    return deployed({**ARGS, "exposure": SHARED})


def ingress(deployment: Deployment) -> Registration:
    return deployment.one("kubernetes:networking.k8s.io/v1:Ingress")


def annotations(deployment: Deployment) -> dict[str, object]:
    return dict(mapping(ingress(deployment).at("metadata", "annotations")))


def test_the_ingress_is_what_the_load_balancer_controller_and_external_dns_read() -> None:
    assert at(ingress(plain()).inputs, "metadata", "name") == "shop"
    assert annotations(plain()) == {
        "external-dns.alpha.kubernetes.io/hostname": "shop.example.com",
        f"{ALB}/scheme": "internet-facing",
        f"{ALB}/load-balancer-attributes": (
            "deletion_protection.enabled=false,routing.http.drop_invalid_header_fields.enabled=true"
        ),
        f"{ALB}/listen-ports": '[{"HTTP": 80}]',
        f"{ALB}/target-type": "ip",
        f"{ALB}/target-group-attributes": "deregistration_delay.timeout_seconds=30",
        f"{ALB}/healthcheck-path": "/healthz",
    }


def test_the_ingress_sends_every_path_of_the_host_to_the_service() -> None:
    assert ingress(plain()).at("spec") == {
        "ingressClassName": "alb",
        "rules": [
            {
                "host": "shop.example.com",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "cart", "port": {"number": 80}}},
                        }
                    ]
                },
            }
        ],
    }


def test_the_url_is_plain_http_where_the_listener_is() -> None:
    assert at(plain().one("linkerd-workshop:traffic:PublicHost").outputs, "url") == "http://shop.example.com/"


def test_with_https_plain_http_only_redirects_to_it() -> None:
    found = annotations(shared())

    assert json.loads(str(found[f"{ALB}/listen-ports"])) == [{"HTTP": 80}, {"HTTPS": 443}]
    assert found[f"{ALB}/ssl-redirect"] == "443"
    assert found[f"{ALB}/certificate-arn"] == SHARED.get("certificate_arn")
    assert found[f"{ALB}/ssl-policy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "no TLS 1.0, no ciphers of old"
    assert at(shared().one("linkerd-workshop:traffic:PublicHost").outputs, "url") == "https://shop.example.com/"


def test_the_load_balancer_is_the_groups_and_admits_only_its_networks() -> None:
    found = annotations(shared())

    assert found[f"{ALB}/group.name"] == "workshop-dev"
    assert found[f"{ALB}/scheme"] == "internal"
    assert found[f"{ALB}/inbound-cidrs"] == "203.0.113.0/24,198.51.100.0/24"


def test_the_ingress_goes_before_what_serves_it_and_has_time_for_it() -> None:
    def program() -> None:
        controller = ConfigMap("controller")
        PublicHost("host", {**ARGS, "exposure": {**SHARED, "served_by": [controller]}})

    found = deploy(program)

    assert "controller" in found.before(ingress(found)), "its finalizer is the controller's to remove"
    assert ingress(found).options == {"longestDelete": "15m"}, "no deletedWith: the finalizer would be skipped"
    assert "pulumi.com/skipAwait" not in annotations(found)
