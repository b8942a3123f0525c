"""ExternalDNS: the records of the stack's hosts in one hosted zone, created and removed with the Ingresses."""

from pulumi import ComponentResource, Resource, ResourceOptions

from components.addons.pod_identity_role import AwsAddOnArgs, PodIdentityRole, add_on_role
from components.resources.charts import render_chart
from components.resources.iam_policy import Condition, Statement, statement
from components.resources.meshed_namespace import NamespaceMetadata
from components.resources.rendered import known_after, with_annotations, with_time_to_finish
from components.resources.workload import SKIP_AWAIT
from model.eks import EksCluster, Zone
from model.images import with_registry
from model.names import DNS_TXT_PREFIX, EXTERNAL_DNS

NAME = "external-dns"
"""The name of the chart, the release, the Deployment and its ServiceAccount."""
NAMESPACE_METADATA: NamespaceMetadata = {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
"""Not meshed: it talks to AWS and to the API server only."""

SECONDS_TO_FINISH = 20
"""Longer than it takes to remove the records of deleted Ingresses, and shorter than its pods' grace period."""

RECORD_TYPES = ("A", "CNAME")
"""The types of the hosts' records: an alias, or a CNAME in a region whose load balancers ExternalDNS does not know."""


class ExternalDnsArgs(AwsAddOnArgs):
    """Inputs of an ExternalDns."""

    namespaces: Resource
    """The component that creates the namespace `external-dns`, with NAMESPACE_METADATA."""
    zone: Zone
    domain: str
    """The name that all hosts of the stack end with: the zone's, or one below it."""
    owner_id: str
    """The owner that its records name. Two ExternalDNS with the same one would remove each other's records."""


class ExternalDns(ComponentResource):
    """ExternalDNS, which keeps a record for each host, and removes it when its Ingress is deleted.

    Ingresses have to be deleted before it: it removes no records when it ends.
    """

    def __init__(self, name: str, args: ExternalDnsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:ExternalDns", name, {}, opts)
        rights = statements(args["cluster"], args["zone"], args["domain"])
        role = add_on_role(f"{name}-identity", args, NAME, rights, self)
        installed = render_chart(
            f"{name}-chart",
            (EXTERNAL_DNS, NAME),
            args["chart"],
            with_registry(values(args, role), NAME, args["image_registry"]),
            ResourceOptions(
                parent=self,
                depends_on=[
                    args["namespaces"],
                    role,  # a pod gets its credentials at its start, and needs them until the last record is removed
                ],
                transforms=[
                    with_annotations("kubernetes:core/v1:Service", SKIP_AWAIT),
                    # ExternalDNS notices a deleted Ingress after 5 s, and removes no records when it ends. Its
                    # Deployment may be deleted, with the controller's, one second after the last Ingress.
                    with_time_to_finish(SECONDS_TO_FINISH),
                ],
            ),
            skip_crds=True,  # it reads Ingresses, not DNSEndpoints
        )
        known_after(installed, args.get("wait"))
        self.register_outputs({})


def values(args: ExternalDnsArgs, role: PodIdentityRole) -> dict[str, object]:
    """Return the chart's values, all known."""
    return {
        "provider": {"name": "aws"},
        "env": [{"name": "AWS_REGION", "value": args["cluster"].region}],
        "serviceAccount": {"name": NAME, "annotations": dict(role.annotations)},
        "sources": ["ingress"],
        "policy": "sync",  # the chart's own default never removes a record
        "registry": "txt",
        "txtOwnerId": args["owner_id"],
        "txtPrefix": DNS_TXT_PREFIX,
        "domainFilters": [args["domain"]],
        "managedRecordTypes": list(RECORD_TYPES),
        # Without the option, ExternalDNS looks for a zone with the domain's name, which does not exist.
        "extraArgs": {
            "zone-id-filter": args["zone"].id,
            "aws-zone-match-parent": True,
            "ingress-class": args["ingress_class"],
        },
        # A record is removed within seconds after its Ingress, long before the load balancer controller is deleted.
        "triggerLoopOnEvent": True,
        "interval": "1m",
        "deploymentStrategy": {"type": "Recreate"},  # two at once would write the same records
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
    }


def statements(cluster: EksCluster, zone: Zone, domain: str) -> list[Statement]:
    """Return its permissions: to read the zone, and to write records of `domain` and below, of its types only.

    It is not limited to the hosts: a host that is removed from the settings would be removed from the policy before
    ExternalDNS removes its record.
    Source: docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
    """
    arn, key = f"arn:{cluster.partition}:route53:::hostedzone/{zone.id}", "route53:ChangeResourceRecordSets"
    narrowed: Condition = {
        "ForAllValues:StringLike": {f"{key}NormalizedRecordNames": [domain, f"*.{domain}"]},
        "ForAllValues:StringEquals": {f"{key}RecordTypes": [*RECORD_TYPES, "TXT"]},
        # ForAllValues also holds if the request lacks the key.
        "Null": {f"{key}NormalizedRecordNames": "false", f"{key}RecordTypes": "false"},
    }
    return [
        statement("FindZones", ["route53:ListHostedZones"], ["*"]),
        statement("ReadRecords", ["route53:ListResourceRecordSets"], [arn]),
        statement("ChangeRecords", [key], [arn], narrowed),
    ]
