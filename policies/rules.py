"""The workshop's policies, each with the function that finds what violates it."""

from collections.abc import Iterator

from model.names import PLATFORM
from policies import exposure, iam, images, leaks, pod_security, releases
from policies.exemptions import exempt
from policies.judged import Finding, Judged, Policy, namespace_of


def find_unrestricted_demos(judged: Judged) -> Iterator[Finding]:
    """Yield what an app of a demo, the stack's own or an attendee's, has beyond the profile `restricted`."""
    if namespace_of(judged) not in PLATFORM:
        yield from pod_security.find_beyond_restricted(judged)


POLICIES = (
    Policy(
        "iam-changes-are-bound",
        "Every IAM permission to change something has a condition",
        iam.find_unbound,
        about_documents=True,
    ),
    Policy(
        "zones-are-named", "DNS records are changed in named zones only", iam.find_unnamed_zones, about_documents=True
    ),
    Policy(
        "images-are-pinned",
        "Every image has a fixed version, and the digest that versions.py pins",
        images.find_unpinned,
    ),
    Policy(
        "limits-are-set", "Every container has a memory limit, and a CPU request or limit", pod_security.find_unlimited
    ),
    Policy(
        "pods-are-unprivileged",
        "No pod has more rights than the profile `baseline` allows",
        pod_security.find_beyond_baseline,
    ),
    Policy("demos-are-restricted", "The demo apps keep to the profile `restricted`", find_unrestricted_demos),
    Policy("dashboards-are-private", "No dashboard is public without a login", exposure.find_public_dashboards),
    Policy(
        "no-secrets-in-clear",
        "No secret is in a container's environment, a ConfigMap or chart values",
        leaks.find_exposed_secrets,
    ),
    Policy(
        "releases-are-seen", "The objects of every Helm release can be rendered and checked", releases.find_unrenderable
    ),
    Policy(
        "files-are-read-only", "No container can change its own programs", pod_security.find_writable, mandatory=False
    ),
)


def judge(judged: Judged, policy: Policy) -> Iterator[Finding]:
    """Yield what a policy finds and no exemption allows."""
    return (finding for finding in policy.judge(judged) if not exempt(policy.name, finding))
