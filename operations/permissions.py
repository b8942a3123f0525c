"""Asks the cluster what the user may do (SelfSubjectAccessReview), for everything that the program makes."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from operations.cluster_api import ClusterApi, at, refusal
from operations.problem import InputError, Problem

PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
AT_ONCE = 8
_CURE = "Ask for a role that may, such as cluster-admin, or choose another user or context."
VERBS = ("get", "create", "patch", "delete")
RESOURCES: Mapping[str, tuple[str, ...]] = {
    "": ("namespaces", "configmaps", "secrets", "services", "serviceaccounts"),
    "admissionregistration.k8s.io": ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
    "apiextensions.k8s.io": ("customresourcedefinitions",),
    "apps": ("deployments",),
    "batch": ("cronjobs",),
    "gateway.networking.k8s.io": ("httproutes",),
    "networking.k8s.io": ("ingresses", "ingressclasses"),
    "policy": ("poddisruptionbudgets",),
    "policy.linkerd.io": ("httproutes",),
    "rbac.authorization.k8s.io": ("clusterroles", "clusterrolebindings", "roles", "rolebindings"),
}
"""By API group, what the program and its charts make."""


def check_permissions(api: ClusterApi) -> list[Problem]:
    """Return one problem for each kind of object that the user may not handle in every way."""
    kinds = [(group, resource) for group, resources in RESOURCES.items() for resource in resources]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        denied = list(pool.map(partial(_denied, api), kinds))
    return [_problem(api, *kind, verbs) for kind, verbs in zip(kinds, denied, strict=True) if verbs]


def _denied(api: ClusterApi, kind: tuple[str, str]) -> list[str]:
    return [verb for verb in VERBS if not _allowed(api, *kind, verb)]


def _allowed(api: ClusterApi, group: str, resource: str, verb: str) -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"group": group, "resource": resource, "verb": verb}},
    }
    answer = api.post(PATH, review)
    if reason := refusal(answer):
        raise InputError([Problem(f"{api.address}{PATH}", reason, "the program asks there what you may do", _CURE)])
    return at(answer.body, "status", "allowed") is True


def _problem(api: ClusterApi, group: str, resource: str, verbs: list[str]) -> Problem:
    kind = f"{resource}.{group}" if group else resource
    return Problem(f"{api.address}, {kind}", f"you may not {', '.join(verbs)} them", "the program has to", _CURE)
