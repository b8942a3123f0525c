"""The values of the AWS Load Balancer Controller's chart."""

from collections.abc import Collection, Mapping

from components.addons.load_balancer_extras import Extra
from components.resources.rendered import PLACEHOLDER
from components.resources.workload import spread
from model.eks import EksCluster
from versions import LOAD_BALANCER_CONTROLLER

NAME = "aws-load-balancer-controller"
"""The name of the chart, the release, the Deployment and its ServiceAccount."""
WEBHOOK_SERVICE = "aws-load-balancer-webhook-service"
WEBHOOK_SECRET = "aws-load-balancer-tls"  # noqa: S105  a name

UNUSED = ("NLBGatewayAPI", "ALBGatewayAPI", "GatewayListenerSet", "EnableServiceController", "LBCapacityReservation")
"""Feature gates that are on by default: the workshop is reached by Ingresses, and Linkerd owns the routes."""

HIGH_AVAILABILITY: Mapping[str, object] = {"topologySpreadConstraints": spread({"app.kubernetes.io/name": NAME})}
"""Keeps its pods on different nodes, which the chart by itself only prefers."""

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}


def values(
    cluster: EksCluster,
    ingress_class: str,
    extras: Collection[Extra],
    tags: Mapping[str, str],
    annotations: Mapping[str, str],
) -> Mapping[str, object]:
    """Return the chart's values: nothing secret, nothing unknown, nothing that differs between two renders.

    `tags` are for everything that the controller creates in AWS, `annotations` for its ServiceAccount.
    """
    return {
        "clusterName": cluster.name,
        # Both given, or it asks the node's metadata service, which pods often cannot reach.
        "region": cluster.region,
        "vpcId": cluster.vpc_id,
        "image": {"tag": f"v{LOAD_BALANCER_CONTROLLER}"},
        "serviceAccount": {"name": NAME, "annotations": dict(annotations)},
        "ingressClass": ingress_class,
        # Each Ingress says what it wants; parameters of the class would be a second place for that.
        "ingressClassParams": {"create": False},
        "defaultTags": dict(tags),
        "controllerConfig": {"featureGates": dict.fromkeys(UNUSED, False)},
        # Every Service in the cluster would pass through this webhook, whose pods may just have been deleted:
        # "no endpoints available for service aws-load-balancer-webhook-service".
        "enableServiceMutatorWebhook": False,
        # The chart would make new certificates in every render; transforms put ours in their place.
        "webhookTLS": dict.fromkeys(("caCert", "cert", "key"), PLACEHOLDER),
        # Without the rights these addons fail on every load balancer, used or not.
        "enableShield": Extra.SHIELD in extras,
        "enableWafv2": Extra.WAF in extras,
        "enableWaf": False,
        "replicaCount": 2,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "podSecurityContext": {"fsGroup": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "securityContext": RESTRICTED,
    }
