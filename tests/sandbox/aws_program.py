"""The program for tests of the provider of AWS: an add-on's identity, and a host's certificate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

unchecked: Any = aws
"""The package for inputs that no type checker would let through."""
for each in (aws.acm, aws.eks, aws.iam, aws.route53):
    hasattr(each, "Any")  # loads it: the SDK's modules are lazy, and cloudpickle takes none that is not loaded yet
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ],
}


def allowing(*actions: str) -> dict[str, Any]:
    """A policy that allows these actions everywhere."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [*actions], "Resource": "*"}]}


@dataclass(frozen=True)
class Chosen:
    """What a test varies."""

    actions: tuple[str, ...] = ("route53:ListHostedZones", "route53:ListResourceRecordSets")
    description: str = "of the add-on"
    name: str = "controller"
    namespace: str = "kube-system"
    second_role: bool = False
    tags: Mapping[str, str] = field(default_factory=lambda: {"owner": "platform"})
    domain: str = "*.demo.example.com"
    records: tuple[str, ...] = ("192.0.2.1",)
    default_tags: Mapping[str, str] = field(default_factory=lambda: {"stack": "test"})


def provider(chosen: Chosen | None = None) -> pulumi.ResourceOptions:
    """Return the options that choose the account's provider."""
    tags = (chosen or Chosen()).default_tags
    made = aws.Provider("account", region="eu-central-1", default_tags={"tags": tags})
    return pulumi.ResourceOptions(provider=made)


def program(zone: str, **changes: Any) -> Callable[[], None]:  # noqa: ANN401  fields of Chosen
    """Return a program with an add-on's identity, and a host's certificate in a zone."""
    chosen = Chosen(**changes)

    def inner() -> None:
        opts = provider(chosen)
        create_identity(chosen, opts)
        create_host(chosen, zone, opts)

    return inner


def create_identity(chosen: Chosen, opts: pulumi.ResourceOptions) -> None:
    """Create a role with a policy, bound to a service account."""
    trust = pulumi.Output.json_dumps(TRUST)
    role = aws.iam.Role(
        "controller",
        assume_role_policy=trust,
        description=chosen.description,
        name=chosen.name,
        tags=chosen.tags,
        opts=opts,
    )
    document = pulumi.Output.json_dumps(allowing(*chosen.actions))
    inline = aws.iam.RolePolicy("inline", name="rights", role=role.name, policy=document, opts=opts)
    other = aws.iam.Role("other", name="other", assume_role_policy=trust, opts=opts)
    bound = aws.eks.PodIdentityAssociation(
        "bound",
        cluster_name="workshop",
        namespace=chosen.namespace,
        service_account="controller",
        role_arn=other.arn if chosen.second_role else role.arn,
        tags=chosen.tags,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[inline])),
    )
    aws.eks.Addon("dns", cluster_name="workshop", addon_name="coredns", opts=opts)
    pulumi.export("role", role.name)
    pulumi.export("tags", role.tags_all)
    pulumi.export("association", bound.association_id)


def create_host(chosen: Chosen, zone: str, opts: pulumi.ResourceOptions) -> None:
    """Create a certificate that is proved in a zone, and a record beside it."""
    certificate = aws.acm.Certificate("certificate", domain_name=chosen.domain, validation_method="DNS", opts=opts)
    proof = certificate.domain_validation_options[0]
    record = aws.route53.Record(
        "proof",
        zone_id=zone,
        name=proof.resource_record_name,
        type=proof.resource_record_type,
        records=[proof.resource_record_value],
        ttl=60,
        opts=opts,
    )
    aws.acm.CertificateValidation(
        "validated", certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn], opts=opts
    )
    aws.route53.Record("note", zone_id=zone, name="note", type="A", records=[*chosen.records], ttl=60, opts=opts)
