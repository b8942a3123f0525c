"""The workshop's policies, and how a thing is judged by one of them."""

from collections.abc import Iterator

from policies import exposure, iam, images, leaks, pod_security, releases
from policies.exemptions import exempt
from policies.judged import Finding, Judged, Level, Policy, namespace_of

DEMOS = ("booksapp", "podinfo", "circuit-breaking-demo", "progressive-delivery", "progressive-delivery-gitops")
"""The namespaces of the demo apps."""


def demos_restricted(judged: Judged) -> Iterator[Finding]:
    """Yield what a demo app leaves open."""
    if namespace_of(judged) in DEMOS:
        yield from pod_security.restricted(judged)


POLICIES = (
    Policy(
        "iam-changes-are-bound",
        "What changes something in AWS is bound by a condition",
        Level.MANDATORY,
        iam.bound,
        about_documents=True,
    ),
    Policy(
        "zones-are-named",
        "Records are kept in named zones only",
        Level.MANDATORY,
        iam.zones_named,
        about_documents=True,
    ),
    Policy(
        "images-are-pinned",
        "An image is of one version, and has the digest that is pinned",
        Level.MANDATORY,
        images.pinned,
    ),
    Policy(
        "limits-are-set",
        "Every container has a limit of its memory and a share of CPU",
        Level.MANDATORY,
        pod_security.limited,
    ),
    Policy(
        "pods-are-unprivileged",
        "No pod gets more than the profile `baseline` allows",
        Level.MANDATORY,
        pod_security.baseline,
    ),
    Policy("demos-are-restricted", "The demo apps keep to the profile `restricted`", Level.MANDATORY, demos_restricted),
    Policy(
        "dashboards-are-private", "No dashboard is public without a login", Level.MANDATORY, exposure.dashboards_private
    ),
    Policy(
        "secrets-are-kept",
        "No secret stands in an environment, a ConfigMap or chart values",
        Level.MANDATORY,
        leaks.kept,
    ),
    Policy("releases-are-seen", "The objects of every Helm release can be judged", Level.MANDATORY, releases.seen),
    Policy("files-are-read-only", "No container can change its own programs", Level.ADVISORY, pod_security.writable),
)


def judge(judged: Judged, policy: Policy) -> Iterator[Finding]:
    """Yield what a policy finds and no exemption allows."""
    return (finding for finding in policy.judge(judged) if not exempt(policy.name, finding))
