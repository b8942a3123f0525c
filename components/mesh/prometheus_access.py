"""Permission to query viz's Prometheus, which admits only its own metrics API."""

from typing import TypedDict

from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.resources.authorization_policy import POLICY_GROUP, AuthorizationPolicy

PROMETHEUS_SERVER = "prometheus-admin"
"""The Server by which the chart guards Prometheus' port."""
PROMETHEUS_PORT = 9090


class PrometheusAccessArgs(TypedDict):
    """Inputs of a PrometheusAccess."""

    namespace: Input[str]
    """viz's namespace."""
    account: str
    """The ServiceAccount that may ask; its pods have to be meshed, or they cannot prove who they are."""
    account_namespace: Input[str]
    """The ServiceAccount's namespace."""


class PrometheusAccess(ComponentResource):
    """Authorizes one ServiceAccount to query viz's Prometheus."""

    url: Output[str]
    """The URL of Prometheus inside the cluster."""

    def __init__(self, name: str, args: PrometheusAccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:mesh:PrometheusAccess", name, {}, opts)
        policy = AuthorizationPolicy(
            f"{name}-policy",
            {
                "name": f"prometheus-{args['account']}",
                "namespace": args["namespace"],
                "spec": {
                    "targetRef": {"group": POLICY_GROUP, "kind": "Server", "name": PROMETHEUS_SERVER},
                    "requiredAuthenticationRefs": [
                        {"kind": "ServiceAccount", "name": args["account"], "namespace": args["account_namespace"]}
                    ],
                },
            },
            ResourceOptions(parent=self),
        )
        self.url = Output.all(args["namespace"], policy.urn).apply(
            lambda both: f"http://prometheus.{both[0]}:{PROMETHEUS_PORT}"
        )
        self.register_outputs({"url": self.url})
