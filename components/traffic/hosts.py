"""Public hosts: an Ingress each, with what the AWS Load Balancer Controller and ExternalDNS read from it."""

import json
from collections.abc import Mapping, Sequence
from typing import TypedDict

from pulumi import ComponentResource, CustomTimeouts, Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.networking.v1 import HTTPIngressPathArgsDict, Ingress

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
    group: str
    """The load balancer's name in the cluster, unique per stack."""
    scheme: Scheme
    inbound_cidrs: Sequence[str] | None
    """The networks that may connect; the whole internet if None."""
    https: bool
    """True if apps are served over HTTPS, to which HTTP then redirects; False for plain HTTP."""
    certificate_arn: Input[str] | None
    """The hosts' certificate; the controller looks for one by the host's name if None."""
    served_by: Sequence[Resource]
    """The components that serve Ingresses, and those that they need: controller, ExternalDNS, their roles."""


class HostArgs(TypedDict):
    """The inputs that all hosts have."""

    name: str
    """The Ingress's name."""
    namespace: Input[str]
    """The namespace of the Service."""
    service: Input[str]
    port: int
    """The Service's port."""
    host: str
    """The DNS name, for example `books.example.com`."""
    exposure: Exposure


class PublicHostArgs(HostArgs):
    """Inputs of a PublicHost."""

    health_path: str
    """The path that answers 200 while a pod can take requests."""


class PublicHost(ComponentResource):
    """A public host for a Service: an Ingress, with its load balancer and its DNS record as those make them."""

    url: Output[str]
    """The app's URL."""

    def __init__(self, name: str, args: PublicHostArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:PublicHost", name, {}, opts)
        exposure, https = args["exposure"], args["exposure"]["https"]
        health = {f"{ALB}/healthcheck-path": args["health_path"]}
        _ingress(f"{name}-ingress", args, {**_listeners(exposure, http=True, https=https), **health}, self)
        self.url = Output.from_input(f"{'https' if https else 'http'}://{args['host']}/")
        self.register_outputs({"url": self.url})


class Oidc(TypedDict):
    """The identity provider (OpenID Connect) that the load balancer asks; all known at preview."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    secret_name: str
    """A Secret in the Service's namespace with `clientID` and `clientSecret`, which the program never sees."""


class ProtectedHostArgs(HostArgs):
    """Inputs of a ProtectedHost, which answers over HTTPS only, whatever its exposure says."""

    health_port: int
    """The port on which the pods answer under `/ready`, for any host name."""
    oidc: Oidc


class ProtectedHost(ComponentResource):
    """A public host whose load balancer sends everybody to the identity provider first."""

    url: Output[str]
    """The app's URL."""

    def __init__(self, name: str, args: ProtectedHostArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:ProtectedHost", name, {}, opts)
        # The load balancer requires a login only on HTTPS, and would let requests over HTTP through. If it listens on
        # HTTP for other hosts of the group, no rule there leads here.
        listeners = _listeners(args["exposure"], http=False, https=True)
        # Health checks use the pod's address as host name, which the dashboard would refuse.
        health = {f"{ALB}/healthcheck-path": "/ready", f"{ALB}/healthcheck-port": str(args["health_port"])}
        _ingress(f"{name}-ingress", args, {**listeners, **health, **_login(args["oidc"])}, self)
        self.url = Output.from_input(f"https://{args['host']}/")
        self.register_outputs({"url": self.url})


def _ingress(name: str, args: HostArgs, annotations: Mapping[str, Input[str]], parent: Resource) -> None:
    """Create the Ingress of a host; `annotations` are those that not all hosts have."""
    exposure = args["exposure"]
    backend: HTTPIngressPathArgsDict = {
        "path": "/",
        "path_type": "Prefix",
        "backend": {"service": {"name": args["service"], "port": {"number": args["port"]}}},
    }
    Ingress(
        name,
        metadata={
            "name": args["name"],
            "namespace": args["namespace"],
            "annotations": {HOSTNAME: args["host"], **_of_group(exposure), **annotations},
        },
        spec={
            "ingress_class_name": exposure["ingress_class"],
            "rules": [{"host": args["host"], "http": {"paths": [backend]}}],
        },
        opts=ResourceOptions(
            parent=parent,
            # A destroy deletes the Ingress first: its finalizer waits for the controller, and its records for
            # ExternalDNS, which both need their rights until then.
            depends_on=list(exposure["served_by"]),
            custom_timeouts=CustomTimeouts(delete=DELETION),
        ),
    )


def _of_group(exposure: Exposure) -> Mapping[str, str]:
    """Return the annotations that all Ingresses of a group share."""
    annotations = {
        f"{ALB}/scheme": str(exposure["scheme"]),
        f"{ALB}/load-balancer-attributes": ",".join(f"{key}={value}" for key, value in ATTRIBUTES.items()),
        f"{ALB}/target-type": "ip",
        f"{ALB}/target-group-attributes": f"deregistration_delay.timeout_seconds={SECONDS_TO_DEREGISTER}",
        f"{ALB}/group.name": exposure["group"],
    }
    if exposure["inbound_cidrs"]:
        annotations[f"{ALB}/inbound-cidrs"] = ",".join(exposure["inbound_cidrs"])
    return annotations


def _listeners(exposure: Exposure, *, http: bool, https: bool) -> Mapping[str, Input[str]]:
    """Return the ports on which the host answers: an Ingress's rules apply only to the ports that it names."""
    ports = [{"HTTP": 80}] * http + [{"HTTPS": 443}] * https
    annotations: dict[str, Input[str]] = {f"{ALB}/listen-ports": json.dumps(ports)}
    if https:
        annotations[f"{ALB}/ssl-policy"] = TLS_POLICY
        if exposure["certificate_arn"] is not None:
            annotations[f"{ALB}/certificate-arn"] = exposure["certificate_arn"]
        if http:
            annotations[f"{ALB}/ssl-redirect"] = "443"
    return annotations


def _login(oidc: Oidc) -> Mapping[str, str]:
    provider = {
        "issuer": oidc["issuer"],
        "authorizationEndpoint": oidc["authorization_endpoint"],
        "tokenEndpoint": oidc["token_endpoint"],
        "userInfoEndpoint": oidc["user_info_endpoint"],
        "secretName": oidc["secret_name"],
    }
    return {
        f"{ALB}/auth-type": "oidc",
        f"{ALB}/auth-idp-oidc": json.dumps(provider),
        f"{ALB}/auth-on-unauthenticated-request": "authenticate",
    }
