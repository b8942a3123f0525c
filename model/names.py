"""Names that the program and the operator's commands have to agree on."""

import hashlib
import re
from enum import StrEnum

PROJECT = "linkerd-workshop"
"""The Pulumi project: prefix of its configuration keys."""

ON_SANDBOX = "ON_SANDBOX"
"""Variable that asks for the sandbox. If it is set, commands and program connect to nothing else."""
OFF = ("", "0", "false", "no")
"""Its values that do not ask for the sandbox."""
SANDBOX_REACHES = "SANDBOX_REACHES"
"""Variable in which the launcher lists what belongs to the sandbox, one per line: the path of its kubeconfig, the
addresses of its API server and of its double of AWS."""

OWNER = "linkerd-workshop/stack"
"""Annotation of every namespace that the program creates: the stack that owns it."""

ATTENDEE = "linkerd-workshop/attendee"
"""Label of an attendee's namespace: the attendee's name, which is the namespace's, too."""
ATTENDEE_ACCOUNT = "attendee"
"""The ServiceAccount in that namespace by which the attendee logs in."""

LINKERD, VIZ, ARGO_ROLLOUTS, ARGO_CD = "linkerd", "linkerd-viz", "argo-rollouts", "argocd"
LOAD_BALANCER_CONTROLLER, EXTERNAL_DNS = "aws-load-balancer-controller", "external-dns"
BOOKSAPP, PODINFO = "booksapp", "podinfo"
CIRCUIT_BREAKING, PROGRESSIVE_DELIVERY = "circuit-breaking-demo", "progressive-delivery"
GITOPS_DELIVERY = "progressive-delivery-gitops"
"""The namespaces of a stack's parts. The canary has another namespace if Argo CD owns it: in a shared one, a change of
the owner would make Pulumi and Argo CD work on the same objects."""
DEMOS = (BOOKSAPP, PODINFO, CIRCUIT_BREAKING, PROGRESSIVE_DELIVERY, GITOPS_DELIVERY)
"""The namespaces that hold nothing but a demo."""
PLATFORM = (LINKERD, VIZ, ARGO_ROLLOUTS, ARGO_CD, LOAD_BALANCER_CONTROLLER, EXTERNAL_DNS)
"""The namespaces that hold what the demos need. All others that a stack creates are its demos' or its attendees'."""

GATEWAY_API_RELEASE = ("kube-system", "gateway-api-crds")
LINKERD_RELEASE = (LINKERD, "linkerd-crds")
ARGO_ROLLOUTS_RELEASE = (ARGO_ROLLOUTS, "argo-rollouts-crds")
ARGO_CD_RELEASE = (ARGO_CD, "argo-cd-crds")
LOAD_BALANCER_CONTROLLER_RELEASE = (LOAD_BALANCER_CONTROLLER, "aws-load-balancer-controller-crds")
RELEASES = (
    *(LINKERD_RELEASE, GATEWAY_API_RELEASE, ARGO_ROLLOUTS_RELEASE, ARGO_CD_RELEASE),
    LOAD_BALANCER_CONTROLLER_RELEASE,
)
"""Namespace and name of every Helm release that the program creates; each holds the definitions of one part."""

TRUST_ANCHOR = "linkerd-workshop/trust-anchor"
TRUST_PHASE = "linkerd-workshop/trust-phase"
"""Annotations of the mesh's trust bundle: the anchor's number and the phase that the cluster is in."""


def dns_owner(stack: str, region: str, cluster: str) -> str:
    """Return the owner that ExternalDNS names in a stack's records: the same each time that the stack is created."""
    return f"{PROJECT}/{stack}/{region}/{cluster}"


class TrustPhase(StrEnum):
    """The phase of the replacement of trust anchor n by n+1; a step leads only to the next phase or the one before."""

    STABLE = "stable"
    """Anchor n alone is trusted, and signs the issuer."""
    BUNDLED = "bundled"
    """Both are trusted; n still signs."""
    REISSUED = "reissued"
    """Both are trusted; n+1 signs."""


class RouteApi(StrEnum):
    """The API group of a route."""

    GATEWAY = "gateway.networking.k8s.io"
    """The standard one, recommended by Linkerd."""
    POLICY = "policy.linkerd.io"
    """Linkerd's own, which older guides use."""


class Scheme(StrEnum):
    """The clients that can reach a load balancer."""

    INTERNET_FACING = "internet-facing"
    INTERNAL = "internal"


class CanaryOwner(StrEnum):
    """The owner of the canary demo's objects."""

    PULUMI = "pulumi"
    ARGO_CD = "argo-cd"


class ForwardedHeader(StrEnum):
    """The headers that podinfo passes on to its backend; any other ends at the front end, and a route never sees it.

    Source: `copyTracingHeaders` of podinfo 6.14.1.
    """

    REQUEST_ID = "x-request-id"
    B3_TRACE_ID = "x-b3-traceid"
    B3_SPAN_ID = "x-b3-spanid"
    B3_PARENT_SPAN_ID = "x-b3-parentspanid"
    B3_SAMPLED = "x-b3-sampled"
    B3_FLAGS = "x-b3-flags"
    OPEN_TRACING_CONTEXT = "x-ot-span-context"


class Identity(StrEnum):
    """The way in which a pod on EKS gets the permissions of an IAM role."""

    POD_IDENTITY = "pod-identity"
    """EKS Pod Identity: an association of role and service account, kept by EKS."""
    IRSA = "irsa"
    """IAM roles for service accounts: the role trusts the cluster's OpenID Connect issuer."""


CREDENTIALS = {
    Identity.POD_IDENTITY: "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    Identity.IRSA: "AWS_WEB_IDENTITY_TOKEN_FILE",
}
"""The variable by which a pod finds its role's credentials; EKS writes it when the pod is created, and never after."""
POD_IDENTITY_AGENT = "eks-pod-identity-agent"
"""The EKS add-on that gives pods the credentials of their associations."""


DNS_TXT_PREFIX = "_external-dns-%{record_type}."
"""The prefix of the records that name a host's owner. With the type in it and a dot at its end they lie below the host.
Without the dot they would be its siblings, and those of the domain itself would lie outside the domain."""

CLUSTER_TAG = "elbv2.k8s.aws/cluster"
"""Tag by which the AWS Load Balancer Controller knows what it created: the cluster's name."""
GROUP_TAG = "ingress.k8s.aws/stack"
"""Tag of what it created for one group of Ingresses: the group's name."""
GROUP_FINALIZER = "group.ingress.k8s.aws"
"""Its finalizer on the Ingresses of a group, before the slash and the group's name."""

LONGEST_GROUP = 63


def load_balancer_group(stack: str) -> str:
    """Return the name under which a stack's hosts share one load balancer: lower case, unique per stack."""
    plain = re.sub(r"[^a-z0-9-]+", "-", f"{PROJECT}-{stack}".lower()).strip("-")
    if plain == f"{PROJECT}-{stack}" and len(plain) <= LONGEST_GROUP:
        return plain
    # A group's name loses case, special characters and length, so two stacks could get the same one without the hash.
    mark = hashlib.sha256(stack.encode()).hexdigest()[:8]
    return f"{plain[: LONGEST_GROUP - 9].strip('-')}-{mark}"
