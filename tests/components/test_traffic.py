"""Fault injection, on an app that is not booksapp."""

from functools import cache

from components.traffic.fault_injection import FaultInjection, FaultInjectionArgs
from tests.deployment import Deployment
from tests.engine import deploy
from tests.recorded_values import at
from versions import NGINX_IMAGE

FAULTS: FaultInjectionArgs = {"namespace": "shop", "service": "cart", "port": 80, "percent": 5, "part_of": "shop"}


@cache
def faults() -> Deployment:
    return deploy(lambda: FaultInjection("faults", FAULTS))


def test_the_route_belongs_to_the_service_and_splits_between_it_and_the_injector() -> None:
    route = faults().one("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute")

    assert route.at("metadata") == {"name": "error-split", "namespace": "shop"}
    assert route.at("spec", "parentRefs") == [{"name": "cart", "kind": "Service", "group": "", "port": 80}]
    assert route.at("spec", "rules") == [
        {
            "backendRefs": [
                {"name": "cart", "port": 80, "weight": 95},
                {"name": "error-injector", "port": 8080, "weight": 5},
            ]
        }
    ]


def test_the_injector_answers_500_on_8080_from_a_configuration_that_its_pods_mount() -> None:
    configuration = faults().one("kubernetes:core/v1:ConfigMap")
    pod = faults().one("kubernetes:apps/v1:Deployment").at("spec", "template", "spec")

    assert "listen 8080;" in str(configuration.at("data", "nginx.conf"))
    assert "return 500;" in str(configuration.at("data", "nginx.conf"))
    assert at(pod, "volumes") == [{"name": "config", "configMap": {"name": "error-injector"}}]
    assert at(pod, "containers", 0, "volumeMounts") == [
        {"name": "config", "mountPath": "/etc/nginx/nginx.conf", "subPath": "nginx.conf"}
    ]
    assert at(pod, "containers", 0, "image") == NGINX_IMAGE


def test_the_injector_runs_as_nobody_special() -> None:
    context = (
        faults().one("kubernetes:apps/v1:Deployment").at("spec", "template", "spec", "containers", 0, "securityContext")
    )

    assert context == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsNonRoot": True,
        "runAsUser": 101,
    }


def test_a_changed_configuration_restarts_the_injector() -> None:
    annotations = faults().one("kubernetes:apps/v1:Deployment").at("spec", "template", "metadata", "annotations")

    assert len(str(at(annotations, "linkerd-workshop/configuration"))) == 64


def test_the_image_can_be_another() -> None:
    deployment = deploy(lambda: FaultInjection("faults", {**FAULTS, "image": "mirror/nginx:1"}))

    pod = deployment.one("kubernetes:apps/v1:Deployment").at("spec", "template", "spec")
    assert at(pod, "containers", 0, "image") == "mirror/nginx:1"
