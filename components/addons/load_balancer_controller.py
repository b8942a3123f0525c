"""The AWS Load Balancer Controller: its definitions, its role, its webhooks' certificates and the chart."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NotRequired, TypedDict

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.helm import v4

from components.addons.load_balancer_extras import Extra
from components.addons.load_balancer_policy import statements
from components.addons.load_balancer_values import HIGH_AVAILABILITY, NAME, WEBHOOK_SECRET, WEBHOOK_SERVICE, values
from components.addons.pod_identity_role import PodIdentityRole
from components.addons.readable_secret import ReadableSecret, ReadableSecretArgs, SecretName
from components.resources.definitions_release import release_definitions
from components.resources.meshed_namespace import NamespaceMetadata
from components.resources.rendered import known_after, with_secret_data, with_webhook_authority
from components.resources.webhook_certificates import WebhookCertificates
from model.charts import ChartSource
from model.eks import EksCluster
from model.images import with_registry
from model.names import LOAD_BALANCER_CONTROLLER, LOAD_BALANCER_CONTROLLER_RELEASE, Identity

NAMESPACE_METADATA: NamespaceMetadata = {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
"""Not meshed: the mesh comes after it, and the API server calls its webhooks without a proxy."""


class LoadBalancerControllerArgs(TypedDict):
    """Inputs of a LoadBalancerController."""

    namespace: Input[str]
    """The namespace `aws-load-balancer-controller`, with NAMESPACE_METADATA."""
    high_availability: NotRequired[bool]
    """Whether its pods never share a node; False if left out."""
    image_registry: NotRequired[str | None]
    """A registry that mirrors all images; they come from their own ones if left out."""
    crds_chart: ChartSource
    """A chart of the published definitions."""
    chart: ChartSource
    cluster: EksCluster
    identity: Identity
    wait: NotRequired[Callable[[], None]]
    """Returns once all of its pods have credentials; not called in a preview."""
    role_name: str
    """Its IAM role's name, unique in the account."""
    ingress_class: str
    """The name of the IngressClass that the chart creates."""
    extras: Collection[Extra]
    tags: Mapping[str, str]
    """Tags of everything that it creates in AWS."""
    oidc_secrets: NotRequired[Sequence[SecretName]]
    """The Secrets that Ingresses with a login name; the controller needs permission to read each."""
    dns: NotRequired[Resource | None]
    """The component that keeps the records of the Ingresses."""
    renewal_days: NotRequired[int]
    """Days before its end from which an `up` replaces the webhooks' certificate; 90 if left out."""


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
                "rendered": True,
                "renewal_days": args.get("renewal_days", 90),
            },
            child,
        )
        release = (args["namespace"], LOAD_BALANCER_CONTROLLER_RELEASE[1])
        crds = release_definitions(f"{name}-crds", release, args["crds_chart"], child)
        for secret in args.get("oidc_secrets", []):
            read: ReadableSecretArgs = {
                "secret": secret,
                "account": NAME,
                "account_namespace": LOAD_BALANCER_CONTROLLER,
            }
            ReadableSecret(f"{name}-{secret['name']}", read, child)
        self._chart(name, args, webhooks, crds)
        self.expires = webhooks.expires.apply(_named_for_load_balancers)
        self.register_outputs({"expires": self.expires})

    def _role(self, name: str, args: LoadBalancerControllerArgs) -> PodIdentityRole:
        return PodIdentityRole(
            f"{name}-identity",
            {
                "cluster": args["cluster"],
                "role_name": args["role_name"],
                "namespace": LOAD_BALANCER_CONTROLLER,
                "service_account": NAME,
                "statements": statements(args["cluster"], args["extras"]),
                "identity": args["identity"],
            },
            ResourceOptions(parent=self),
        )

    def _chart(
        self, name: str, args: LoadBalancerControllerArgs, webhooks: WebhookCertificates, crds: Resource
    ) -> None:
        chart, role = args["chart"], self._role(name, args)
        needed = [
            crds,  # without them the controller ends as soon as it starts
            role,  # a pod gets its credentials when it is created, and needs them until its last Ingress is deleted
            # Last comes first on destroy. Otherwise records would stay in the zone: ExternalDNS removes them about 6 s
            # after the Ingress, while this controller's pods take their 10 s to end.
            args.get("dns"),
        ]
        installed = v4.Chart(
            f"{name}-chart",
            name=NAME,
            namespace=LOAD_BALANCER_CONTROLLER,
            chart=chart["chart"],
            version=chart.get("version"),
            repository_opts={"repo": chart["repository"]} if "repository" in chart else None,
            skip_crds=True,  # a release of their own holds those that it needs; the others are the gateways'
            values=_values(args, role),
            opts=ResourceOptions(
                parent=self,
                depends_on=[resource for resource in needed if resource],
                # In chart values they would be unknown whenever they renew, and the preview would show the controller
                # deleted. The controller reads the renewed files by itself; nothing restarts. Its Service is waited
                # for: an Ingress is refused as long as nobody answers behind it.
                transforms=[
                    with_webhook_authority(webhooks.ca_bundle),
                    with_secret_data(WEBHOOK_SECRET, webhooks.data[WEBHOOK_SECRET]),
                ],
            ),
        )
        known_after(installed, args.get("wait"))


def _values(args: LoadBalancerControllerArgs, role: PodIdentityRole) -> Mapping[str, object]:
    chosen = values(args["cluster"], args["ingress_class"], args["extras"], args["tags"], role.annotations)
    more: Mapping[str, object] = HIGH_AVAILABILITY if args.get("high_availability") else {}
    return with_registry({**chosen, **more}, NAME, args.get("image_registry"))


def _named_for_load_balancers(expires: Mapping[str, str]) -> Mapping[str, str]:
    """Return the ends under names that no certificate of the mesh has."""
    return {"loadBalancerAuthority" if name == "webhookAuthority" else name: end for name, end in expires.items()}
