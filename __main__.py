"""The workshop: what is known first, then the cluster and its parts in reading order, then what to do with them."""

import pulumi

from components.addons.gateway_api import GatewayApi
from components.cluster import Cluster
from components.demos.booksapp import Booksapp
from components.mesh.control_plane import GENERATION
from components.mesh.linkerd import NAMESPACE_METADATA, Linkerd
from components.resources.http_route import RouteApi
from components.resources.meshed_namespace import MESHED, NamespaceMetadata, Namespaces
from operations.chart_sources import Part
from operations.startup import prepare

stack = pulumi.get_stack()
settings, facts, charts = prepare(stack)  # whatever is wrong ends the program here, before anything is registered

cluster = Cluster(
    "cluster",
    {"identity": facts.identity, "kubeconfig": settings.kubeconfig, "context": settings.context},
)
inside = pulumi.ResourceOptions(providers=[cluster.kubernetes])
wanted: dict[str, NamespaceMetadata] = {"linkerd": NAMESPACE_METADATA}
wanted |= {"booksapp": MESHED} if settings.demos.booksapp.enabled else {}
namespaces = Namespaces("namespaces", {"owner": stack, "namespaces": wanted}, inside)
definitions = charts.get(Part.GATEWAY_API_CRDS)
gateway_api = GatewayApi("gateway-api", {"chart": definitions["chart"]}, inside) if definitions else None
linkerd = Linkerd(
    "linkerd",
    {
        "namespace": namespaces.names["linkerd"],
        "crds_chart": charts[Part.LINKERD_CRDS],
        "control_plane_chart": charts[Part.LINKERD_CONTROL_PLANE],
        "lifetimes": {
            "anchor_days": settings.trust.anchor_days,
            "issuer_days": settings.trust.issuer_days,
            "renewal_days": settings.trust.renewal_days,
        },
        "generation": settings.trust.generation,
        "gateway_api": gateway_api,
    },
    inside,
)
demos: dict[str, pulumi.Output[str]] = {}
# A pod that starts before the injector answers runs unmeshed, without an error.
meshed = pulumi.ResourceOptions(providers=[cluster.kubernetes], depends_on=[linkerd])
if settings.demos.booksapp.enabled:
    booksapp = settings.demos.booksapp
    demos["booksapp"] = Booksapp(
        "booksapp",
        {
            "namespace": namespaces.names["booksapp"],
            "fault_percent": booksapp.fault_percent,
            "authors_failure_rate": booksapp.authors_failure_rate,
            "webapp_replicas": booksapp.webapp_replicas,
            "route_api": RouteApi(booksapp.route_api),
            "host": booksapp.host if settings.ingress_class in facts.ingress_classes else None,
            "ingress_class": settings.ingress_class,
            "pod_annotations": {GENERATION: linkerd.restart_key},
        },
        meshed,
    ).url

pulumi.export("demos", demos)
pulumi.export("certificatesExpire", linkerd.expires)
