"""Corrects moto where it differs from AWS in what this project relies on: each difference was measured.

moto's own methods are replaced in the double's process; nothing is changed on disk.
"""

from sandbox.aws.backends import replace
from sandbox.aws.corrections import certificates, permissions, records

CORRECTIONS = {
    "moto.acm.models:AWSCertificateManagerBackend.request_certificate": certificates.remember_request,
    "moto.acm.models:AWSCertificateManagerBackend.delete_certificate": certificates.delete_unused,
    "moto.acm.models:CertBundle.check": certificates.issue_once_validated,
    "moto.acm.models:CertBundle.describe": certificates.describe_request,
    "moto.ec2.models:EC2Backend.delete_security_group": permissions.delete_unused_security_group,
    "moto.elbv2.models:ELBv2Backend.describe_tags": permissions.describe_tags_of_what_is_there,
    "moto.iam.models:IAMBackend.create_role": permissions.create_role_with_a_trust_policy,
    "moto.route53.models:Route53Backend.change_resource_record_sets": records.change_as_a_whole,
    "moto.route53.models:ChangeList.has_insert_or_update": records.checked_before,
    "moto.sts.models:STSBackend.assume_role": permissions.assume_existing_role,
}
"""What takes the place of each method."""


def correct() -> None:
    """Correct all of them."""
    for place, replacement in CORRECTIONS.items():
        replace(place, replacement)
