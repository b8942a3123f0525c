"""Findings that are allowed, each with its reason."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from policies.judged import Finding


class Exemption(NamedTuple):
    """One finding of a policy that is allowed."""

    policy: str
    where: str
    """The finding's place; `*` stands for any text."""
    what: str
    """What is found there; `*` stands for any text."""
    reason: str


ROOT_ONLY = (
    "Upstream's image has its files, and the SQLite database that the service writes, owned by root. "
    "It runs without any capability and cannot get more."
)
PROXY_INIT = (
    "Linkerd's init container sets up the packet filter of its pod's own network; "
    "without it a CNI plugin would need the same on every node."
)
CONTROLLER = "aws:iam/rolePolicy:RolePolicy *load-balancer-controller-identity-policy, statement"
NO_KEY_FOR_TAGS = (
    "AWS supports no condition key for the tags of what it changes; "
    "the permission exists only while the extra is switched on."
)
EXEMPTIONS = (
    Exemption(
        "iam-changes-are-bound",
        f"{CONTROLLER} OrderRules",
        "elasticloadbalancing:SetRulePriorities may be done to anything*",
        "AWS documents no condition key for it; its resource is rules of load balancers that such controllers name.",
    ),
    *(
        Exemption("iam-changes-are-bound", f"{CONTROLLER} {sid}", f"{action} may be done *", NO_KEY_FOR_TAGS)
        for sid, action in {
            "WebAcls": "wafv2:AssociateWebACL, wafv2:DisassociateWebACL",
            "SetWebAcl": "elasticloadbalancing:SetWebAcl",
            "Shield": "shield:CreateProtection",
            "UnShield": "shield:DeleteProtection",
        }.items()
    ),
    *(
        Exemption("demos-are-restricted", f"Deployment */{service}, *", "it may run as root *", ROOT_ONLY)
        for service in ("webapp", "authors", "books")
    ),
    *(
        Exemption("files-are-read-only", f"Deployment */{service}, *", "*", ROOT_ONLY)
        for service in ("webapp", "authors", "books")
    ),
    Exemption("files-are-read-only", "Deployment */error-injector, *", "*", "nginx keeps its buffers in its /tmp."),
    Exemption(
        "pods-are-unprivileged",
        "Deployment linkerd/*, container linkerd-init",
        "it gets the capabilities NET_ADMIN, NET_RAW",
        PROXY_INIT,
    ),
)


def exempt(policy: str, finding: Finding) -> bool:
    """Return whether a finding is allowed."""
    return any(covers(each, policy, finding) for each in EXEMPTIONS)


def covers(exemption: Exemption, policy: str, finding: Finding) -> bool:
    """Return whether an exemption is about a finding."""
    return (
        exemption.policy == policy
        and fnmatchcase(finding.where, exemption.where)
        and fnmatchcase(finding.what, exemption.what)
    )
