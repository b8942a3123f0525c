"""The AWS Load Balancer Controller: its definitions, its role, its webhooks' certificates and the chart."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.addons.load_balancer_policy import Extra, statements
from components.addons.pod_identity_role import AwsAddOnArgs, PodIdentityRole, add_on_role
from components.resources.certificates import WebhookCertificates
from components.resources.charts import ChartWithDefinitionsArgs, release_definitions, render_chart
from components.resources.meshed_namespace import NamespaceMetadata
from components.resources.rendered import PLACEHOLDER, known_after, with_secret_data, with_webhook_authority
from components.resources.workload import spread
from model.images import with_registry
from model.names import LOAD_BALANCER_CONTROLLER, LOAD_BALANCER_CONTROLLER_RELEASE
from versions import LOAD_BALANCER_CONTROLLER as VERSION

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

NAMESPACE_METADATA: NamespaceMetadata = {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
"""Not meshed: the mesh comes after it, and the API server calls its webhooks without a proxy."""

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


class ReadableSecretArgs(TypedDict):
    """The namespace and name of a Secret."""

    namespace: Input[str]
    name: str


class ReadableSecret(ComponentResource):
    """Permission for the controller to read one Secret of another namespace."""

    def __init__(self, name: str, args: ReadableSecretArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:ReadableSecret", name, {}, opts)
        metadata: ObjectMetaArgsDict = {"name": f"{NAME}-{args['name']}", "namespace": args["namespace"]}
        role = Role(
            f"{name}-role",
            metadata=metadata,
            # `resourceNames` also allows a list or a watch of that single name.
            rules=[
                {
                    "api_groups": [""],
                    "resources": ["secrets"],
                    "resource_names": [args["name"]],
                    "verbs": ["get", "list", "watch"],
                }
            ],
            opts=ResourceOptions(parent=self),
        )
        RoleBinding(
            f"{name}-binding",
            metadata=metadata,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata["name"]},
            subjects=[{"kind": "ServiceAccount", "name": NAME, "namespace": LOAD_BALANCER_CONTROLLER}],
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})


class LoadBalancerControllerArgs(AwsAddOnArgs, ChartWithDefinitionsArgs):
    """Inputs of a LoadBalancerController, which creates the IngressClass."""

    high_availability: bool
    """Whether its pods never share a node."""
    extras: Collection[Extra]
    tags: Mapping[str, str]
    """Tags of everything that it creates in AWS."""
    oidc_secrets: Sequence[ReadableSecretArgs]
    """The Secrets that Ingresses with a login name; the controller needs permission to read each."""
    dns: NotRequired[Resource | None]
    """The component that keeps the records of the Ingresses."""
    renewal_days: int
    """Days before its end from which an `up` replaces the webhooks' certificate."""


class LoadBalancerController(ComponentResource):
    """The controller that creates an Application Load Balancer for Ingresses, and deletes it again.

    Every Ingress has to depend on it: without it an Ingress keeps its finalizer, and is never deleted.
    """

    expires: Output[Mapping[str, str]]
    """The end of each certificate, RFC 3339."""

    def __init__(self, name: str, args: LoadBalancerControllerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:LoadBalancerController", name, {}, opts)
        child = ResourceOptions(parent=self)
        webhooks = WebhookCertificates(
            f"{name}-webhooks",
            {
                "namespace": args["namespace"],
                "secrets": {WEBHOOK_SECRET: f"{WEBHOOK_SERVICE}.{LOAD_BALANCER_CONTROLLER}.svc"},
                "authority": "loadBalancerAuthority",
                "rendered": True,
                "renewal_days": args["renewal_days"],
            },
            child,
        )
        release = (args["namespace"], LOAD_BALANCER_CONTROLLER_RELEASE[1])
        crds = release_definitions(f"{name}-crds", release, args["crds_chart"], child)
        for secret in args["oidc_secrets"]:
            ReadableSecret(f"{name}-{secret['name']}", secret, child)
        self._chart(name, args, webhooks, crds)
        self.expires = webhooks.expires
        self.register_outputs({"expires": self.expires})

    def _chart(
        self, name: str, args: LoadBalancerControllerArgs, webhooks: WebhookCertificates, crds: Resource
    ) -> None:
        role = add_on_role(f"{name}-identity", args, NAME, statements(args["cluster"], args["extras"]), self)
        installed = render_chart(
            f"{name}-chart",
            (LOAD_BALANCER_CONTROLLER, NAME),
            args["chart"],
            with_registry(values(args, role), NAME, args["image_registry"]),
            ResourceOptions(
                parent=self,
                # Without the definitions the controller ends as soon as it starts. A pod gets its credentials when it
                # is created, and needs them until its last Ingress is deleted. Last comes first on destroy: otherwise
                # records would stay in the zone, since ExternalDNS removes them about 6 s after the Ingress, while
                # this controller's pods take their 10 s to end.
                depends_on=[each for each in (crds, role, args.get("dns")) if each],
                # In chart values they would be unknown whenever they renew, and the preview would show the controller
                # deleted. The controller reads the renewed files by itself; nothing restarts. `up` waits for its
                # Service, because the API server refuses an Ingress as long as the Service has no endpoints.
                transforms=[
                    with_webhook_authority(webhooks.ca_bundle),
                    with_secret_data(WEBHOOK_SECRET, webhooks.data[WEBHOOK_SECRET]),
                ],
            ),
            skip_crds=True,  # a separate release holds those that it needs; the others are for gateways
        )
        known_after(installed, args.get("wait"))


def values(args: LoadBalancerControllerArgs, role: PodIdentityRole) -> Mapping[str, object]:
    """Return the chart's values: nothing secret, nothing unknown, nothing that differs between two renders."""
    cluster, extras = args["cluster"], args["extras"]
    return {
        "clusterName": cluster.name,
        # Both given, or it asks the node's metadata service, which pods often cannot reach.
        "region": cluster.region,
        "vpcId": cluster.vpc_id,
        "image": {"tag": f"v{VERSION}"},
        "serviceAccount": {"name": NAME, "annotations": dict(role.annotations)},
        "ingressClass": args["ingress_class"],
        # Each Ingress says what it wants; parameters of the class would be a second place for that.
        "ingressClassParams": {"create": False},
        "defaultTags": dict(args["tags"]),
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
        **(HIGH_AVAILABILITY if args["high_availability"] else {}),
    }
