"""A name in the world for a Service that nobody may see without logging in."""

import json
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.networking.v1 import Ingress, IngressBackendArgsDict


class Oidc(TypedDict):
    """The identity provider (OpenID Connect) that the load balancer asks; all known at preview."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    secret_name: str
    """A Secret in the Service's namespace with `clientID` and `clientSecret`, which the program never sees."""


class ProtectedHostArgs(TypedDict):
    """Inputs of a ProtectedHost."""

    name: str
    """The Ingress's name."""
    namespace: Input[str]
    """The namespace of the Service."""
    service: Input[str]
    port: int
    """The Service's port."""
    health_port: int
    """The port on which the pods say under `/ready`, whatever host they are asked for, whether they are."""
    host: str
    """The DNS name, for example `viz.example.com`; its certificate has to be in the account's certificate manager."""
    ingress_class: str
    """The IngressClass of the AWS Load Balancer Controller; other controllers ignore who is to be asked."""
    oidc: Oidc
    certificate_arn: NotRequired[str]
    """The certificate of `host`; the one that the controller finds for it if left out."""


class ProtectedHost(ComponentResource):
    """An Ingress whose load balancer sends everybody to the identity provider first."""

    url: Output[str]
    """Where the app answers."""

    def __init__(self, name: str, args: ProtectedHostArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:ProtectedHost", name, {}, opts)
        backend: IngressBackendArgsDict = {"service": {"name": args["service"], "port": {"number": args["port"]}}}
        Ingress(
            f"{name}-ingress",
            metadata={"name": args["name"], "namespace": args["namespace"], "annotations": _annotations(args)},
            spec={
                "ingress_class_name": args["ingress_class"],
                "rules": [
                    {
                        "host": args["host"],
                        "http": {"paths": [{"path": "/", "path_type": "Prefix", "backend": backend}]},
                    }
                ],
            },
            opts=ResourceOptions(parent=self),
        )
        self.url = Output.from_input(f"https://{args['host']}/")
        self.register_outputs({"url": self.url})


def _annotations(args: ProtectedHostArgs) -> dict[str, str]:
    alb = "alb.ingress.kubernetes.io"
    oidc = args["oidc"]
    provider = {
        "issuer": oidc["issuer"],
        "authorizationEndpoint": oidc["authorization_endpoint"],
        "tokenEndpoint": oidc["token_endpoint"],
        "userInfoEndpoint": oidc["user_info_endpoint"],
        "secretName": oidc["secret_name"],
    }
    annotations = {
        "external-dns.alpha.kubernetes.io/hostname": args["host"],
        f"{alb}/scheme": "internet-facing",
        f"{alb}/target-type": "ip",
        # No listener for HTTP: the load balancer asks who somebody is on HTTPS only, and would let others through.
        f"{alb}/listen-ports": '[{"HTTPS": 443}]',
        f"{alb}/auth-type": "oidc",
        f"{alb}/auth-idp-oidc": json.dumps(provider),
        f"{alb}/auth-on-unauthenticated-request": "authenticate",
        # It asks pods by their address, which the dashboard would refuse as a foreign host.
        f"{alb}/healthcheck-port": str(args["health_port"]),
        f"{alb}/healthcheck-path": "/ready",
    }
    if "certificate_arn" in args:
        annotations[f"{alb}/certificate-arn"] = args["certificate_arn"]
    return annotations
