"""The command `leftovers`: what a destroyed stack has left in its cluster and its account."""

from collections.abc import Collection, Iterator

from rich.console import Console

from clients.cluster_api import ClusterApi, items
from clients.clusters import create_api
from model.json_values import at, text
from model.names import OWNER, PROJECT, RELEASES
from model.problem import InputError, Problem
from model.stack_names import short_name
from preflight import helm_records
from settings import Settings, parts
from workshop.drain.account import find_hosts
from workshop.drain.removal import find_everything, report_found
from workshop.terminal import build_table, print_text

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
KEEP = "helm.sh/resource-policy"
"""Annotation that tells Helm never to delete an object."""

CLUSTER_WIDE = (
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/apiregistration.k8s.io/v1/apiservices",
    "/apis/networking.k8s.io/v1/ingressclasses",
)
GROUPS = ("linkerd.io", "policy.linkerd.io", "workload.linkerd.io")
PART_OF = "app.kubernetes.io/part-of"
NAME = "app.kubernetes.io/name"


def report(settings: Settings, stack: str, console: Console) -> int:
    """Print what is left of the stack; return 1 unless charts mark all of it to be kept."""
    statuses, problems = list[int](), list[Problem]()
    for look in (_report_cluster, _report_account):  # one that fails does not hide the other
        try:
            statuses.append(look(settings, stack, console))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return max(statuses)


def _report_account(settings: Settings, stack: str, console: Console) -> int:
    """Print the resources that no controller manages any more; return 1 if there is one."""
    hosts = find_hosts(settings, stack)
    if hosts is None:
        return 0
    left = find_everything(hosts.account, hosts.all)
    if status := report_found(console, "Left in the account", left, "Nothing of its hosts is left in the account."):
        print_text(console, f"`make release-hosts STACK={stack}` removes the stack's own part of it.")
    return status


def _report_cluster(settings: Settings, stack: str, console: Console) -> int:
    found = list(find_leftovers(create_api(settings), short_name(stack), _list_labels(settings)))
    if not found:
        console.print("Nothing of the stack is left in the cluster.")
        return 0
    whys = {
        True: "its chart marks it to be kept",
        False: f"it should be deleted: run `make destroy STACK={stack}` again, or delete it yourself",
    }
    rows = ((what, whys[kept], f"kubectl delete {what}") for what, kept in found)
    console.print(build_table("Left in the cluster", ("object", "why", "to delete it"), rows))
    return 0 if all(kept for _, kept in found) else 1


def _list_labels(settings: Settings) -> set[tuple[str, str]]:
    """Return the labels that the stack's charts put on cluster-wide objects."""
    marks = {("linkerd.io/control-plane-ns", "linkerd"), ("linkerd.io/extension", "viz"), (PART_OF, PROJECT)}
    # Other installations often have these labels, so they count only where the stack has the part.
    often = {
        (PART_OF, "argo-rollouts"): settings.delivery.argo_rollouts.enabled,
        (PART_OF, "argocd"): settings.delivery.argo_cd.enabled,
        (NAME, parts.LOAD_BALANCER_CONTROLLER): parts.has_load_balancer_controller(settings),
        (NAME, parts.EXTERNAL_DNS): parts.has_external_dns(settings),
    }
    return marks | {mark for mark, wanted in often.items() if wanted}


def find_leftovers(api: ClusterApi, stack: str, marks: Collection[tuple[str, str]]) -> Iterator[tuple[str, bool]]:
    """Yield each object that a destroyed stack would have removed, and whether its chart marks it to be kept.

    Cluster-wide objects are found by one of the labels `marks`.
    """
    for namespace in items(api.find("/api/v1/namespaces")):
        if text(namespace, "metadata", "annotations", OWNER) == stack:
            yield f"namespace/{text(namespace, 'metadata', 'name')}", False
    for definition in items(api.find(DEFINITIONS)):
        annotations = ("metadata", "annotations")
        release = tuple(
            text(definition, *annotations, f"meta.helm.sh/release-{part}") for part in ("namespace", "name")
        )
        if release in RELEASES or text(definition, "spec", "group") in GROUPS:
            kept = at(definition, *annotations, KEEP) == "keep"
            yield f"crd/{text(definition, 'metadata', 'name')}", kept
    for (namespace, _), records in helm_records.records(api).items():
        for record in records:
            yield f"secret/{text(record, 'metadata', 'name')} --namespace {namespace}", False
    for path in CLUSTER_WIDE:
        for each in items(api.find(path)):
            if any(text(each, "metadata", "labels", label) == value for label, value in marks):
                yield f"{path.rsplit('/', 1)[1]}/{text(each, 'metadata', 'name')}", False
