"""The resources that the program uses."""

from collections.abc import Mapping

from sandbox.providers.aws.addon import Addon
from sandbox.providers.aws.certificate import Certificate
from sandbox.providers.aws.certificate_validation import CertificateValidation
from sandbox.providers.aws.kind import Kind
from sandbox.providers.aws.open_id_connect_provider import OpenIdConnectProvider
from sandbox.providers.aws.pod_identity_association import PodIdentityAssociation
from sandbox.providers.aws.policy import Policy
from sandbox.providers.aws.record import Record
from sandbox.providers.aws.role import Role
from sandbox.providers.aws.role_policy import RolePolicy
from sandbox.providers.aws.role_policy_attachment import RolePolicyAttachment

KINDS: Mapping[str, Kind] = {
    "aws:acm/certificate:Certificate": Certificate(),
    "aws:acm/certificateValidation:CertificateValidation": CertificateValidation(),
    "aws:eks/addon:Addon": Addon(),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": PodIdentityAssociation(),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": OpenIdConnectProvider(),
    "aws:iam/policy:Policy": Policy(),
    "aws:iam/role:Role": Role(),
    "aws:iam/rolePolicy:RolePolicy": RolePolicy(),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": RolePolicyAttachment(),
    "aws:route53/record:Record": Record(),
}
