"""The Ingress of one public host: its rule, and what the AWS Load Balancer Controller and ExternalDNS read from it."""

import json
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from pulumi import CustomTimeouts, Input, Resource, ResourceOptions
from pulumi_kubernetes.networking.v1 import HTTPIngressPathArgsDict, Ingress, IngressBackendArgsDict

from model.names import Scheme

ALB = "alb.ingress.kubernetes.io"
HOSTNAME = "external-dns.alpha.kubernetes.io/hostname"

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
"""TLS 1.2 and 1.3, and of 1.2 only ciphers with forward secrecy; the controller's own default still takes TLS 1.0."""

DELETION = "15m"
"""The time that the controller has to delete a load balancer; the account's limits throttle its requests."""

ATTRIBUTES = {
    "deletion_protection.enabled": "false",  # a protected load balancer would outlive its Ingress
    "routing.http.drop_invalid_header_fields.enabled": "true",  # request smuggling
}

SECONDS_TO_DEREGISTER = 30
"""The time in which a deleted pod finishes its open requests; the load balancer's own 300 s delay every rollout."""


class Exposure(TypedDict):
    """The exposure of a stack's hosts: one for all of them, since one load balancer serves them all.

    The controller refuses a group whose Ingresses do not agree.
    """

    ingress_class: str
    """The IngressClass of the load balancer controller; other controllers ignore everything else in here."""
    group: NotRequired[str]
    """The load balancer's name in the cluster, unique per stack; each host gets a load balancer if left out."""
    scheme: NotRequired[Scheme]
    """Internet-facing if left out."""
    inbound_cidrs: NotRequired[Sequence[str]]
    """The networks that may connect; the whole internet if left out."""
    https: NotRequired[bool]
    """True if apps are served over HTTPS, to which HTTP then redirects; over plain HTTP if left out."""
    certificate_arn: NotRequired[Input[str]]
    """The hosts' certificate; the controller looks for one by the host's name if left out."""
    served_by: NotRequired[Sequence[Resource]]
    """The components that serve Ingresses, and those that they need: controller, ExternalDNS, their roles."""


DEFAULT_EXPOSURE: Exposure = {"ingress_class": "alb"}
"""The exposure of a host whose arguments name none."""


class HostIngressArgs(TypedDict):
    """The parts of a host's Ingress."""

    name: str
    namespace: Input[str]
    service: Input[str]
    port: int
    """The Service's port."""
    host: str
    """The DNS name."""
    health_path: str
    """The path that answers 200 while a pod can take requests."""
    health_port: NotRequired[int]
    """The pods' port for it; that of the requests if left out."""
    http: bool
    """True for a listener for HTTP."""
    https: bool
    """True for a listener for HTTPS; one for HTTP then only redirects."""
    exposure: Exposure
    annotations: NotRequired[Mapping[str, str]]
    """Annotations of this host alone."""


def host_ingress(name: str, args: HostIngressArgs, parent: Resource) -> Ingress:
    """Create the Ingress."""
    backend: IngressBackendArgsDict = {"service": {"name": args["service"], "port": {"number": args["port"]}}}
    paths: list[HTTPIngressPathArgsDict] = [{"path": "/", "path_type": "Prefix", "backend": backend}]
    return Ingress(
        name,
        metadata={"name": args["name"], "namespace": args["namespace"], "annotations": _annotations(args)},
        spec={
            "ingress_class_name": args["exposure"]["ingress_class"],
            "rules": [{"host": args["host"], "http": {"paths": paths}}],
        },
        opts=ResourceOptions(
            parent=parent,
            # A destroy deletes the Ingress first: its finalizer waits for the controller, and its records for
            # ExternalDNS, which both need their rights until then.
            depends_on=list(args["exposure"].get("served_by", ())),
            custom_timeouts=CustomTimeouts(delete=DELETION),
        ),
    )


def _annotations(args: HostIngressArgs) -> Mapping[str, Input[str]]:
    return {
        HOSTNAME: args["host"],
        **_of_group(args["exposure"]),
        **_listeners(args),
        f"{ALB}/target-type": "ip",
        f"{ALB}/target-group-attributes": f"deregistration_delay.timeout_seconds={SECONDS_TO_DEREGISTER}",
        f"{ALB}/healthcheck-path": args["health_path"],
        **({f"{ALB}/healthcheck-port": str(args["health_port"])} if "health_port" in args else {}),
        **args.get("annotations", {}),
    }


def _of_group(exposure: Exposure) -> Mapping[str, str]:
    """Return the annotations that all Ingresses of a group share."""
    annotations = {
        f"{ALB}/scheme": str(exposure.get("scheme", Scheme.INTERNET_FACING)),
        f"{ALB}/load-balancer-attributes": ",".join(f"{key}={value}" for key, value in ATTRIBUTES.items()),
    }
    if "group" in exposure:
        annotations[f"{ALB}/group.name"] = exposure["group"]
    if "inbound_cidrs" in exposure:
        annotations[f"{ALB}/inbound-cidrs"] = ",".join(exposure["inbound_cidrs"])
    return annotations


def _listeners(args: HostIngressArgs) -> Mapping[str, Input[str]]:
    """Return on which ports the host answers: an Ingress's rule is on the ports that it names itself, and no others."""
    ports = [{"HTTP": 80}] * args["http"] + [{"HTTPS": 443}] * args["https"]
    annotations: dict[str, Input[str]] = {f"{ALB}/listen-ports": json.dumps(ports)}
    if args["https"]:
        annotations[f"{ALB}/ssl-policy"] = TLS_POLICY
        if "certificate_arn" in args["exposure"]:
            annotations[f"{ALB}/certificate-arn"] = args["exposure"]["certificate_arn"]
        if args["http"]:
            annotations[f"{ALB}/ssl-redirect"] = "443"
    return annotations
