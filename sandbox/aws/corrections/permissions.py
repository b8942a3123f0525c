"""IAM, STS, EC2 and ELB: what they refuse, and moto allows."""

from typing import Any

from sandbox.aws import backends
from sandbox.aws.backends import failure


def assume_existing_role(original: Any, backend: Any, **given: Any) -> Any:  # noqa: ANN401
    """Refuse a role that does not exist; moto issues sessions of any."""
    arn: str = given["role_arn"]
    if backends.role_exists(arn):
        return original(backend, **given)
    caller = f"arn:aws:sts::{backend.account_id}:user/moto"
    message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    raise failure("moto.sts.exceptions:STSClientError", "AccessDenied", message)


def create_role_with_a_trust_policy(original: Any, backend: Any, **given: Any) -> Any:  # noqa: ANN401
    """Refuse an empty trust policy; moto checks a trust policy only when it is changed."""
    document = given["assume_role_policy_document"]
    failure("moto.iam.policy_validation:IAMTrustPolicyDocumentValidator", document).validate()
    return original(backend, **given)


def delete_unused_security_group(original: Any, backend: Any, name: Any = None, group_id: Any = None) -> Any:  # noqa: ANN401
    """Refuse to delete the group of a load balancer."""
    balancers = backends.of("elbv2", backend.account_id, backend.region_name).load_balancers.values()
    if group_id and any(group_id in balancer.security_groups for balancer in balancers):
        message = f"resource {group_id} has a dependent object"
        raise failure("moto.ec2.exceptions:EC2ClientError", "DependencyViolation", message)
    return original(backend, name=name, group_id=group_id)


def describe_tags_of_what_is_there(original: Any, backend: Any, resource_arns: list[str]) -> Any:  # noqa: ANN401
    """Refuse the whole request if one load balancer or target group does not exist; moto says it has no tags."""
    for arn in resource_arns:
        kind = "TargetGroup" if ":targetgroup/" in arn else "LoadBalancer"
        known = backend.target_groups if kind == "TargetGroup" else backend.load_balancers
        if arn not in known and ":listener" not in arn:
            raise failure(f"moto.elbv2.exceptions:{kind}NotFoundError")
    return original(backend, resource_arns)
