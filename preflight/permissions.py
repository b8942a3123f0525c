"""Asks the cluster what the user may do (SelfSubjectAccessReview), for everything that the stack is going to create."""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from clients.cluster_api import ClusterApi, refusal, refused
from model.charts import Part
from model.json_values import at
from model.names import CanaryOwner
from model.problem import Problem
from settings import Settings, parts

Kind = tuple[str, str]
"""API group and plural of a kind of object."""

PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
AT_ONCE = 8
_FIX = "Ask for a role with these permissions, such as cluster-admin, or choose another user or context."
VERBS = ("get", "create", "patch", "delete")

_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_LINKERD, _ARGO = "policy.linkerd.io", "argoproj.io"
ROUTE: Kind = ("gateway.networking.k8s.io", "httproutes")
ALWAYS: tuple[Kind, ...] = (
    *(("", each) for each in ("namespaces", "configmaps", "secrets", "services", "serviceaccounts")),
    ("apps", "deployments"),
)
_CLUSTER_ROLES: tuple[Kind, ...] = ((_RBAC, "clusterroles"), (_RBAC, "clusterrolebindings"))
_ROLES: tuple[Kind, ...] = (*_CLUSTER_ROLES, (_RBAC, "roles"), (_RBAC, "rolebindings"))
_DEFINITIONS: tuple[Kind, ...] = (("apiextensions.k8s.io", "customresourcedefinitions"),)
_WEBHOOKS: tuple[Kind, ...] = (
    (_ADMISSION, "mutatingwebhookconfigurations"),
    (_ADMISSION, "validatingwebhookconfigurations"),
)
ATTENDEES: tuple[Kind, ...] = (
    *_ROLES,
    *(("", each) for each in ("limitranges", "resourcequotas")),
    *((_ADMISSION, f"validatingadmissionpolic{end}") for end in ("ies", "ybindings")),
    *((_LINKERD, each) for each in ("authorizationpolicies", "meshtlsauthentications", "servers")),
)
"""The kinds that attendees' logins and boundaries take."""
CHARTS: Mapping[Part, tuple[Kind, ...]] = {
    Part.GATEWAY_API_CRDS: _DEFINITIONS,
    Part.LINKERD_CRDS: _DEFINITIONS,
    Part.ARGO_ROLLOUTS_CRDS: _DEFINITIONS,
    Part.ARGO_CD_CRDS: _DEFINITIONS,
    Part.LOAD_BALANCER_CONTROLLER_CRDS: _DEFINITIONS,
    Part.LINKERD_CONTROL_PLANE: (*_ROLES, *_WEBHOOKS),
    Part.LINKERD_VIZ: (
        *_ROLES,
        *_WEBHOOKS[:1],
        ("apiregistration.k8s.io", "apiservices"),
        ("linkerd.io", "serviceprofiles"),
        *((_LINKERD, f"{each}s") for each in ("server", "meshtlsauthentication", "networkauthentication")),
        (_LINKERD, "authorizationpolicies"),
    ),
    Part.ARGO_ROLLOUTS: _CLUSTER_ROLES,
    Part.ARGO_CD: (*_ROLES, ("apps", "statefulsets"), ("networking.k8s.io", "networkpolicies")),
    Part.LOAD_BALANCER_CONTROLLER: (
        *_ROLES,
        *_WEBHOOKS,
        ("policy", "poddisruptionbudgets"),
        ("networking.k8s.io", "ingressclasses"),
        ("elbv2.k8s.aws", "ingressclassparams"),
    ),
    Part.EXTERNAL_DNS: _CLUSTER_ROLES,
}
"""The kinds that a part's chart creates in addition to ALWAYS."""


def kinds(settings: Settings) -> frozenset[Kind]:
    """Return the kinds of objects that a stack with these settings creates."""
    demos, canary = settings.demos, settings.demos.progressive_delivery
    routes = [each.route_api for each in (demos.booksapp, demos.podinfo) if each.enabled]
    own, by_argo_cd = (canary.enabled and canary.owner is owner for owner in CanaryOwner)
    wanted: Mapping[Kind, bool] = {
        **{(group, "httproutes"): True for group in routes},
        **({ROUTE: True} if own else {}),
        ("policy", "poddisruptionbudgets"): settings.high_availability,
        ("networking.k8s.io", "ingresses"): bool(parts.hosts(settings)),
        (_RBAC, "roles"): parts.DASHBOARD_HOST in parts.hosts(settings),
        (_RBAC, "rolebindings"): parts.DASHBOARD_HOST in parts.hosts(settings),
        (_ARGO, "rollouts"): own,
        (_ARGO, "analysistemplates"): own and canary.analysis,
        (_LINKERD, "authorizationpolicies"): own and canary.analysis,
        (_ARGO, "applications"): by_argo_cd,
        (_ARGO, "appprojects"): by_argo_cd,
    }
    attendees = ATTENDEES if parts.attendees(settings) else ()
    by_charts = {kind for part in parts.charts(settings) for kind in CHARTS[part]}
    return frozenset({*ALWAYS, *attendees, *by_charts, *(kind for kind, needed in wanted.items() if needed)})


def check_permissions(api: ClusterApi, wanted: Collection[Kind]) -> list[Problem]:
    """Return one problem for each kind of object that the user may not handle in every way.

    For administrators one question is enough.
    """
    if _allowed(api, "*", "*", "*"):
        return []
    asked = sorted(wanted)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            denied = list(pool.map(partial(_denied, api), asked))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # the others would wait as long as one that failed
    return [_problem(api, *kind, verbs) for kind, verbs in zip(asked, denied, strict=True) if verbs]


def _denied(api: ClusterApi, kind: Kind) -> list[str]:
    return [verb for verb in VERBS if not _allowed(api, *kind, verb)]


def _allowed(api: ClusterApi, group: str, resource: str, verb: str) -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"group": group, "resource": resource, "verb": verb}},
    }
    answer = api.post(PATH, review)
    if reason := refusal(answer):
        raise refused(answer, Problem(f"{api.address}{PATH}", reason, "the program asks there what you may do", _FIX))
    return at(answer.body, "status", "allowed") is True


def _problem(api: ClusterApi, group: str, resource: str, verbs: list[str]) -> Problem:
    kind = f"{resource}.{group}" if group else resource
    return Problem(f"{api.address}, {kind}", f"you may not {', '.join(verbs)} them", "the stack needs to", _FIX)
