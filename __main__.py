"""The workshop: what is known first, then the cluster and its parts in reading order, then what to do with them."""

import pulumi

from arguments import cluster as base
from arguments import delivery, demos, hosts, mesh
from arguments.cluster import after
from components.addons.gateway_api import GatewayApi
from components.cluster import Cluster
from components.delivery.argo_cd import ArgoCd
from components.delivery.argo_rollouts import ArgoRollouts
from components.demos.booksapp import Booksapp
from components.demos.circuit_breaking import CircuitBreaking
from components.demos.gitops_delivery import GitopsDelivery
from components.demos.podinfo import Podinfo
from components.demos.progressive_delivery import ProgressiveDelivery
from components.mesh.linkerd import Linkerd
from components.mesh.prometheus_access import PrometheusAccess
from components.mesh.viz import Viz
from components.resources.meshed_namespace import Namespaces
from components.traffic.protected_host import ProtectedHost
from operations.startup import prepare, silence_sdk

silence_sdk()
stack = pulumi.get_stack()
start = prepare(stack)  # whatever is wrong ends the program here, before anything is registered
wanted, apps, shown = start.settings, start.settings.demos, dict[str, pulumi.Output[str]]()

cluster = Cluster("cluster", base.cluster(start, stack))
spaces = Namespaces("namespaces", base.namespaces(start, stack), after(cluster))
add_ons = None
if start.eks:
    # Importing what pulumi_aws has of them takes a third of a second, which other stacks need not wait for.
    from arguments.addons import aws_add_ons
    from components.addons.aws_add_ons import AwsAddOns

    add_ons = AwsAddOns("add-ons", aws_add_ons(start, stack, spaces), after(cluster))
exposure = hosts.exposure(start, stack, add_ons)
definitions = GatewayApi("gateway-api", base.gateway_api(start), after(cluster)) if wanted.gateway_api.install else None
linkerd = Linkerd("linkerd", mesh.linkerd(start, spaces, definitions), after(cluster))
viz = Viz("viz", mesh.viz(start, spaces, linkerd), after(cluster)) if wanted.viz.enabled else None
if viz and wanted.viz.dashboard and start.served(wanted.viz.dashboard.host):
    dashboard = mesh.dashboard_host(spaces, wanted.viz.dashboard, exposure)
    shown["viz"] = ProtectedHost("viz-dashboard", dashboard, after(cluster, viz)).url

# A pod that starts before the injectors answer runs unmeshed, or cannot be tapped, without an error.
meshed = after(cluster, linkerd, viz)
if apps.booksapp.enabled:
    shown["booksapp"] = Booksapp("booksapp", demos.booksapp(start, spaces, linkerd, exposure), meshed).url
if apps.podinfo.enabled:
    shown["podinfo"] = Podinfo("podinfo", demos.podinfo(start, spaces, linkerd, exposure), meshed).url
if apps.circuit_breaking.enabled:
    breaking = demos.circuit_breaking(start, spaces, linkerd)
    shown["circuitBreaking"] = CircuitBreaking("circuit-breaking", breaking, meshed).command

rollouts, argo_cd = wanted.delivery.argo_rollouts.enabled, wanted.delivery.argo_cd.enabled
controller = ArgoRollouts("argo-rollouts", delivery.argo_rollouts(start, spaces, linkerd), meshed) if rollouts else None
gitops = ArgoCd("argo-cd", delivery.argo_cd(start, spaces), after(cluster)) if argo_cd else None
# Its controllers leave last: what they own could neither be changed nor, where it has a finalizer, be deleted.
delivered = after(cluster, linkerd, viz, controller, gitops)
if apps.progressive_delivery.enabled and apps.progressive_delivery.owner == "argo-cd":
    GitopsDelivery("progressive-delivery", demos.gitops_delivery(start, spaces, linkerd), delivered)
elif apps.progressive_delivery.enabled:
    leave = (
        PrometheusAccess("analysis", mesh.prometheus_access(spaces), meshed)
        if apps.progressive_delivery.analysis
        else None
    )
    canary = demos.progressive_delivery(start, spaces, linkerd, exposure, leave)
    shown["progressiveDelivery"] = ProgressiveDelivery("progressive-delivery", canary, delivered).url

pulumi.export("demos", shown | ({"argoCd": gitops.url, "argoCdPassword": gitops.password} if gitops else {}))
pulumi.export("certificatesExpire", mesh.expires(linkerd, viz, add_ons))
