"""viz: Linkerd's dashboard, with the metrics and the live view of requests (`tap`) behind it."""

import re
from collections.abc import Mapping
from typing import TypedDict

from pulumi import Alias, ComponentResource, Input, Output, Resource, ResourceOptions

from components.mesh.linkerd import bounded
from components.resources.authorization_policy import POLICY_GROUP, AuthorizationPolicy
from components.resources.certificates import FORMER_TYPE, WebhookCertificates
from components.resources.charts import ChartArgs, render_chart
from components.resources.custom_object import DELETED_AT_ONCE
from components.resources.meshed_namespace import NamespaceMetadata
from components.resources.rendered import (
    PLACEHOLDER,
    with_annotations,
    with_api_service_authority,
    with_webhook_authority,
)
from components.resources.workload import SKIP_AWAIT
from model.images import with_registry
from model.names import VIZ

NAMESPACE_METADATA: NamespaceMetadata = {
    "labels": {"linkerd.io/extension": "viz", "pod-security.kubernetes.io/enforce": "privileged"}
}
"""The labels of the chart's hook, which `helm.v4.Chart` drops. viz's pods ask for their proxies themselves."""

WEBHOOK_SECRETS = {f"{server}-k8s-tls": f"{server}.{VIZ}.svc" for server in ("tap", "tap-injector")}

DASHBOARD = "web"
"""The dashboard's Service."""
DASHBOARD_PORT = 8084
DASHBOARD_ADMIN_PORT = 9994
"""The port on which the dashboard's pods answer under /ready, for any host name."""
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]", f"web.{VIZ}.svc", f"web.{VIZ}.svc.cluster.local")


PROMETHEUS_SERVER = "prometheus-admin"
"""The Server by which the chart guards Prometheus' port."""
PROMETHEUS_PORT = 9090


class VizArgs(ChartArgs):
    """Inputs of a Viz."""

    namespace: Input[str]
    """The namespace `linkerd-viz`, with NAMESPACE_METADATA."""
    mesh: Resource
    """The control plane, which injects the proxies and knows the kinds that the chart makes."""
    namespaces: Resource
    """The component that creates every namespace of the stack."""
    renewal_days: int
    """Days before its end from which an `up` replaces a certificate."""
    pod_annotations: Mapping[str, Input[str]]
    """Annotations of every pod; a changed one restarts them."""
    high_availability: bool
    """Whether it survives the loss of a node as far as its chart can."""
    dashboard_host: str | None
    """The DNS name by which the dashboard may be asked for; none but local ones if None."""


class Viz(ComponentResource):
    """linkerd-viz: never public by itself."""

    expires: Output[Mapping[str, str]]
    """The end of each certificate, RFC 3339."""

    def __init__(self, name: str, args: VizArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:mesh:Viz", name, {}, opts)
        webhooks = WebhookCertificates(
            f"{name}-webhooks",
            {
                "namespace": args["namespace"],
                "secrets": WEBHOOK_SECRETS,
                "authority": "vizAuthority",
                "renewal_days": args["renewal_days"],
            },
            ResourceOptions(parent=self, aliases=[Alias(type_=FORMER_TYPE)]),
        )
        available = args["high_availability"]
        chosen = values(args["pod_annotations"], args["dashboard_host"], high_availability=available)
        render_chart(
            f"{name}-chart",
            (VIZ, "linkerd-viz"),
            args["chart"],
            with_registry(chosen, "linkerd-viz", args["image_registry"]),
            ResourceOptions(
                parent=self,
                depends_on=[
                    webhooks,  # pods wait minutes for a missing Secret
                    args["mesh"],  # without the injector's answer its pods start unmeshed, and Prometheus sees nothing
                    # A destroy deletes viz before the namespaces: an APIService without its server stops the deletion
                    # of every namespace in the cluster, because their contents cannot be listed.
                    args["namespaces"],
                ],
                transforms=[
                    with_webhook_authority(webhooks.ca_bundle),
                    with_api_service_authority(webhooks.ca_bundle),
                    with_annotations("kubernetes:core/v1:Service", SKIP_AWAIT),
                    with_annotations("kubernetes:*linkerd.io/*", DELETED_AT_ONCE),
                ],
            ),
        )
        self.expires = webhooks.expires
        self.register_outputs({"expires": self.expires})


def values(
    pod_annotations: Mapping[str, Input[str]], dashboard_host: str | None = None, *, high_availability: bool = False
) -> Mapping[str, Input[object]]:
    """Return the chart's values: nothing secret, nothing unknown, nothing that differs between two renders.

    High availability is that of github.com/linkerd/linkerd2/blob/edge-26.8.3/viz/charts/linkerd-viz/values-ha.yaml.
    """
    controller = {"resources": bounded("100m" if high_availability else "10m", "50Mi", "250Mi")}
    server = {"externalSecret": True, "caBundle": PLACEHOLDER, **controller}
    prometheus = bounded("300m", "300Mi", "8192Mi") if high_availability else bounded("50m", "300Mi", "2Gi")
    switches: Mapping[str, bool] = {}
    if high_availability:
        switches = dict.fromkeys(("enablePodAntiAffinity", "enablePodDisruptionBudget"), True)
    # The chart's own default would admit the local names only; an override has to keep them for port-forward.
    hosts = {"enforcedHostRegexp": admitted_hosts(dashboard_host)} if dashboard_host else {}
    return {
        "createNamespaceMetadataJob": False,  # a hook; the namespace has its labels from the start
        "metricsAPI": controller,
        "tap": {**server, "replicas": 3} if high_availability else server,
        "tapInjector": server,
        "dashboard": {**controller, **hosts},
        # Enough for six hours of the metrics of a workshop's few dozen proxies.
        "prometheus": {"resources": prometheus},
        "podAnnotations": dict(pod_annotations),
        **switches,
    }


def admitted_hosts(public: str) -> str:
    """Return the pattern of host names for which the dashboard answers; it guards against DNS rebinding."""
    names = "|".join(re.escape(host) for host in (public, *LOCAL_HOSTS))
    return rf"^({names})(:\d+)?$"


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
