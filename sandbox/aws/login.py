"""Decides whether a user may log in to a cluster, as `aws eks get-token` and the API server do together."""

from collections.abc import Mapping

from sandbox.aws import backends
from sandbox.aws.answers import RefusalError, not_found
from sandbox.aws.wanted import DEFAULT_ACCOUNT


def check_login(query: Mapping[str, str]) -> Mapping[str, str]:
    """Return the cluster of a request. Raises RefusalError if it, or the role, does not exist."""
    cluster, region, role = query.get("cluster", ""), query.get("region", ""), query.get("role")
    if role and not backends.role_exists(role):
        raise RefusalError(
            "AccessDenied", f"the role {role} cannot be assumed: the double of AWS has no such role", 403
        )
    account = role.split(":")[4] if role else DEFAULT_ACCOUNT
    found = backends.clusters(account, region).get(cluster) if backends.knows(region) else None
    if found is None or not getattr(found, "sandbox", False):
        raise not_found(f"the double of AWS has no cluster {cluster} in {region or 'no region'} that is this sandbox")
    return {"cluster": cluster}
