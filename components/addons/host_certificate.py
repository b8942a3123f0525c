"""The certificate of a stack's hosts: issued by ACM, and validated by a record in the hosts' zone."""

from typing import TypedDict

from pulumi import ComponentResource, CustomTimeouts, Input, Output, ResourceOptions
from pulumi_aws.acm import Certificate, CertificateValidation
from pulumi_aws.route53 import Record

PATIENCE = "15m"
"""The time that ACM has to see the record; it takes a few minutes where resolvers are sent to this zone."""
SECONDS_TO_LIVE = 60


class HostCertificateArgs(TypedDict):
    """Inputs of a HostCertificate."""

    domain: str
    """The name that all hosts end with. Each stack of an account needs its own: ACM validates it by one record."""
    zone_id: Input[str]
    """The public hosted zone that the domain is in."""


class HostCertificate(ComponentResource):
    """One certificate for every name directly below the domain.

    One that lists the hosts would be replaced with every change of them, and the number and order of its validation
    records are known only once it exists.
    """

    arn: Output[str]
    """The certificate's ARN, once it is valid."""

    def __init__(self, name: str, args: HostCertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:addons:HostCertificate", name, {}, opts)
        certificate = Certificate(
            f"{name}-wildcard",
            domain_name=f"*.{args['domain']}",
            validation_method="DNS",
            opts=ResourceOptions(parent=self),
        )
        proof = certificate.domain_validation_options[0]
        record = Record(
            f"{name}-record",
            zone_id=args["zone_id"],
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=SECONDS_TO_LIVE,
            # Without `allow_overwrite`: all certificates of a domain in an account share one record, so the destroy of
            # this stack would delete a record by which another certificate renews.
            opts=ResourceOptions(parent=self),
        )
        valid = CertificateValidation(
            f"{name}-validation",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=ResourceOptions(parent=self, custom_timeouts=CustomTimeouts(create=PATIENCE)),
        )
        self.arn = valid.certificate_arn
        self.register_outputs({"arn": self.arn})
