"""A public host for a Service that asks everybody to log in."""

import json
from collections.abc import Mapping
from typing import TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.resources.host_ingress import ALB, Exposure, host_ingress


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
    """The port on which the pods answer under `/ready`, for any host name."""
    host: str
    """The DNS name, for example `viz.example.com`."""
    exposure: Exposure
    """The host's exposure; it is always HTTPS only."""
    oidc: Oidc


class ProtectedHost(ComponentResource):
    """An Ingress whose load balancer sends everybody to the identity provider first."""

    url: Output[str]
    """The app's URL."""

    def __init__(self, name: str, args: ProtectedHostArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:traffic:ProtectedHost", name, {}, opts)
        host_ingress(
            f"{name}-ingress",
            {
                "name": args["name"],
                "namespace": args["namespace"],
                "service": args["service"],
                "port": args["port"],
                "host": args["host"],
                # It asks pods by their address, which the dashboard would refuse as a foreign host.
                "health_path": "/ready",
                "health_port": args["health_port"],
                # The load balancer asks who somebody is on HTTPS only, and would let others through. On a listener for
                # HTTP that it has for other hosts of the group there is no rule that leads here.
                "http": False,
                "https": True,
                "exposure": args["exposure"],
                "annotations": _login(args["oidc"]),
            },
            self,
        )
        self.url = Output.from_input(f"https://{args['host']}/")
        self.register_outputs({"url": self.url})


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
