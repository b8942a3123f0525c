"""The objects that each setting changes: one row per setting, with everything that a preview of it alone announces."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Row:
    """Settings that change together, and what a preview of that announces."""

    settings: Mapping[str, object]
    patterns: tuple[str, ...]
    """`<operation> <kind> <name>`, with `*` for all objects of a part of the workshop."""
    alone: bool = False
    """True if the settings are refused together with those of some other row."""

    @property
    def title(self) -> str:
        """The settings, as a test's name shows them."""
        return ",".join(f"{key}={value}" for key, value in self.settings.items())

    def unexpected(self, changes: list[str]) -> list[str]:
        """Return the changes that no pattern of the row expects."""
        return [change for change in changes if not any(fnmatchcase(change, pattern) for pattern in self.patterns)]

    def missing(self, changes: list[str]) -> list[str]:
        """Return the patterns that no change fulfils."""
        return [pattern for pattern in self.patterns if not any(fnmatchcase(change, pattern) for change in changes)]


def _row(key: str, value: object, *patterns: str) -> Row:
    return Row({key: value}, patterns)


RESTARTS = (
    "update ConfigMap linkerd-control-plane:linkerd/linkerd-config",  # it repeats the chart's values
    "update Deployment linkerd-control-plane:linkerd/*",
    "update Deployment viz-chart:linkerd-viz/*",
    "update Deployment argo-rollouts-controller:argo-rollouts/argo-rollouts",
    "update Deployment booksapp-*",
    "update Deployment podinfo-*",
    "update Deployment circuit-breaking-*",
    "update Deployment progressive-delivery-client-deployment",
    "update Rollout progressive-delivery-canary-rollout",
)
"""The objects with the pods that restart when all meshed pods do."""

PLUGIN = "delivery.argoRollouts.plugin"
CONTROLLER = (
    "update ConfigMap argo-rollouts-controller:argo-rollouts/argo-rollouts-config",
    "update Deployment argo-rollouts-controller:argo-rollouts/argo-rollouts",
)
ARGO_CD = ("create * argo-cd*", "create Namespace argocd-namespace")
BREAKER = "update Service circuit-breaking-service"
LEAVES = tuple(
    f"update LocallySignedCert {name}-leaf"
    for name in (
        "linkerd-policy-validator-k8s-tls",
        "linkerd-proxy-injector-k8s-tls",
        "linkerd-sp-validator-k8s-tls",
        "tap-k8s-tls",
        "tap-injector-k8s-tls",
    )
)

ROWS = [
    _row("ingressClass", "nginx"),
    _row("imageRegistry", "registry.example.com/mirror", *RESTARTS),
    _row("workshopEnds", "2027-01-31"),
    Row({"workshopDays": 14}, (), alone=True),  # or workshopEnds
    _row("trust.anchorDays", 3000),  # holds for the next anchor: another one at once would be an outage
    _row(
        "trust.issuerDays",
        400,
        "replace LocallySignedCert linkerd-trust-issuer",
        "update Secret linkerd-trust-issuer-*",
    ),
    _row("trust.renewalDays", 80, "update LocallySignedCert linkerd-trust-issuer", *LEAVES),
    _row("trust.generation", 2, *RESTARTS),
    _row(
        "trust.phase",
        "bundled",
        "create PrivateKey linkerd-trust-anchor-2-key",
        "create SelfSignedCert linkerd-trust-anchor-2",
        "update ConfigMap linkerd-trust-bundle",
        "update Secret linkerd-trust-issuer-secret",  # `linkerd check` reads the anchors beside the issuer
        *RESTARTS,
    ),
    _row(
        "highAvailability",
        True,
        "create NamespacePatch linkerd-kube-system",
        "create PodDisruptionBudget linkerd-control-plane:linkerd/linkerd-*",
        "create PodDisruptionBudget viz-chart:linkerd-viz/tap",
        "create PodDisruptionBudget argo-rollouts-controller:argo-rollouts/argo-rollouts",
        "update Service linkerd-control-plane:linkerd/*",  # they are waited for
        "update MutatingWebhookConfiguration linkerd-control-plane:linkerd-proxy-injector-webhook-config",
        "update ValidatingWebhookConfiguration linkerd-control-plane:linkerd-*",
        "update ConfigMap linkerd-control-plane:linkerd/linkerd-config",
        "update Deployment linkerd-control-plane:linkerd/*",
        "update Deployment viz-chart:linkerd-viz/*",
        "update Deployment argo-rollouts-controller:argo-rollouts/argo-rollouts",
    ),
    _row("viz.enabled", False, "delete * viz*", "delete * tap*", "delete Namespace linkerd-viz-namespace"),
    _row(f"{PLUGIN}.location", "https://mirror.example.com/plugin", *CONTROLLER),
    Row({f"{PLUGIN}.location": "file:///plugins/other", f"{PLUGIN}.sha256": "0123456789abcdef" * 4}, CONTROLLER),
    Row(
        {"delivery.argoRollouts.enabled": False, "demos.progressiveDelivery.enabled": False},
        ("delete * argo-rollouts*", "delete * progressive-delivery*"),
    ),
    _row("delivery.argoCd.enabled", True, *ARGO_CD),
    _row("demos.booksapp.enabled", False, "delete * booksapp*"),
    _row("demos.booksapp.faultPercent", 25, "update HTTPRoute booksapp-faults-route"),
    _row("demos.booksapp.authorsFailureRate", 0.5, "update Deployment booksapp-authors-deployment"),
    _row("demos.booksapp.webappReplicas", 2, "update Deployment booksapp-webapp-deployment"),
    _row(
        "demos.booksapp.routeApi",
        "policy.linkerd.io",
        "create HTTPRoute booksapp-faults-route",
        "delete HTTPRoute booksapp-faults-route",
    ),
    _row("demos.booksapp.host", "books.example.com"),  # the sandbox has no IngressClass
    _row("demos.podinfo.enabled", False, "delete * podinfo*"),
    _row("demos.podinfo.headerName", "x-b3-flags", "update HTTPRoute podinfo-router-route"),
    _row("demos.podinfo.headerValue", "other", "update HTTPRoute podinfo-router-route"),
    _row(
        "demos.podinfo.routeApi",
        "policy.linkerd.io",
        "create HTTPRoute podinfo-router-route",
        "delete HTTPRoute podinfo-router-route",
    ),
    _row("demos.circuitBreaking.enabled", False, "delete * circuit-breaking*"),
    _row("demos.circuitBreaking.breaker.enabled", False, BREAKER),
    _row("demos.circuitBreaking.breaker.maxFailures", 3, BREAKER),
    _row("demos.circuitBreaking.breaker.minPenalty", "2s", BREAKER),
    _row("demos.circuitBreaking.breaker.maxPenalty", "5s", BREAKER),
    _row("demos.circuitBreaking.breaker.jitterRatio", 1.5, BREAKER),
    _row("demos.progressiveDelivery.enabled", False, "delete * progressive-delivery*"),
    _row("demos.progressiveDelivery.version", "1.7.1", "update Rollout progressive-delivery-canary-rollout"),
    _row("demos.progressiveDelivery.randomErrors", True, "update Rollout progressive-delivery-canary-rollout"),
    _row(
        "demos.progressiveDelivery.analysis",
        True,
        "create PrometheusAccess analysis",
        "create AuthorizationPolicy analysis-policy",
        "create AnalysisTemplate progressive-delivery-canary-analysis",
        "update Rollout progressive-delivery-canary-rollout",
    ),
    Row(
        {
            "delivery.argoCd.enabled": True,
            "delivery.argoCd.application.repository": "https://git.example.com/workshop.git",
            "demos.progressiveDelivery.owner": "argo-cd",
        },
        (
            *ARGO_CD,
            "create Namespace progressive-delivery-gitops-namespace",
            "create GitopsDelivery progressive-delivery",
            "create Application progressive-delivery-application",
            "create AppProject progressive-delivery-project",
            "delete * progressive-delivery*",
        ),
    ),
]

WITHOUT_ROW = {
    **dict.fromkeys(
        [f"attendees.{key}" for key in ("count", "prefix", "names", "hosts")],
        "test_attendees previews one attendee more and one less",
    ),
    "kubeconfig": "which cluster; with its UID as identity another path changes nothing",
    "context": "as kubeconfig",
    "chartMirror": "where charts come from, not what they are",
    "gatewayApi.install": "refused while the stack's mesh is there: it would delete every route",
    "trust.anchor": "a step of a rotation, which has tests of its own",
    "viz.dashboard.host": "needs a login, and an IngressClass that the sandbox has not",
    **dict.fromkeys(
        [
            f"viz.dashboard.oidc.{key}"
            for key in ("issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint", "secretName")
        ],
        "as viz.dashboard.host",
    ),
    "delivery.argoCd.application.path": "means nothing until Argo CD owns the demo",
    "delivery.argoCd.application.revision": "as its path",
    "demos.podinfo.host": "as demos.booksapp.host",
    "demos.progressiveDelivery.host": "as demos.booksapp.host",
}
"""Settings without a row, and why; `dev_changes` has those of an EKS environment."""
