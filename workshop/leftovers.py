"""What a destroyed stack has left in its cluster."""

from collections.abc import Collection, Iterator

from rich.console import Console
from rich.table import Table

from clients.cluster_api import ClusterApi, items
from clients.clusters import create_api
from model.json_values import at, text
from model.names import (
    ARGO_CD_RELEASE,
    ARGO_ROLLOUTS_RELEASE,
    GATEWAY_API_RELEASE,
    LOAD_BALANCER_CONTROLLER_RELEASE,
    OWNER,
)
from model.problem import InputError, Problem
from model.stack_names import short_name
from settings import Settings, parts
from workshop.drain.removal import everything
from workshop.drain.served import served
from workshop.drain.watch import table as account_table

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
KEEP = "helm.sh/resource-policy"
"""Annotation by which a chart's author tells Helm never to delete an object."""

CLUSTER_WIDE = (
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/apiregistration.k8s.io/v1/apiservices",
    "/apis/networking.k8s.io/v1/ingressclasses",
)
GROUPS = ("linkerd.io", "policy.linkerd.io", "workload.linkerd.io")
RELEASES = (GATEWAY_API_RELEASE, ARGO_ROLLOUTS_RELEASE, ARGO_CD_RELEASE, LOAD_BALANCER_CONTROLLER_RELEASE)
PART_OF = "app.kubernetes.io/part-of"
NAME = "app.kubernetes.io/name"


def report(settings: Settings, stack: str, console: Console) -> int:
    """Print what is left of the stack; return 1 if it is more than what charts mark to keep."""
    statuses, problems = list[int](), list[Problem]()
    for look in (_in_cluster, _in_account):  # where one cannot be asked the other is
        try:
            statuses.append(look(settings, stack, console))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return max(statuses)


def _in_account(settings: Settings, stack: str, console: Console) -> int:
    """Print what nobody in the cluster looks after any more; return 1 if there is something."""
    hosts = served(settings, stack)
    if hosts is None:
        return 0
    left = everything(hosts.account, hosts.all)
    console.print(
        account_table("Left in the account", left) if left else "Nothing of its hosts is left in the account."
    )
    if left:
        told = f"`make release-hosts STACK={stack}` removes what is the stack's own of it."
        console.print(told, markup=False, highlight=False)
    return 1 if left else 0


def _in_cluster(settings: Settings, stack: str, console: Console) -> int:
    found = list(leftovers(create_api(settings), short_name(stack), _marks(settings)))
    if not found:
        console.print("Nothing of the stack is left in the cluster.")
        return 0
    table = Table(title="Left in the cluster", title_justify="left")
    for column in ("object", "why", "to remove it"):
        table.add_column(column, overflow="fold")
    for what, kept in found:
        why = "its chart marks it to be kept" if kept else "it should be gone: run `make destroy` again, or remove it"
        table.add_row(what, why, f"kubectl delete {what}")
    console.print(table)
    return 0 if all(kept for _, kept in found) else 1


def _marks(settings: Settings) -> set[tuple[str, str]]:
    """Return the labels that the charts of a stack put on what lies in no namespace."""
    marks = {("linkerd.io/control-plane-ns", "linkerd"), ("linkerd.io/extension", "viz")}
    # These are often there without the stack, which the others cannot be.
    often = {
        (PART_OF, "argo-rollouts"): settings.delivery.argo_rollouts.enabled,
        (PART_OF, "argocd"): settings.delivery.argo_cd.enabled,
        (NAME, parts.LOAD_BALANCER_CONTROLLER): parts.has_load_balancer_controller(settings),
        (NAME, parts.EXTERNAL_DNS): parts.has_external_dns(settings),
    }
    return marks | {mark for mark, wanted in often.items() if wanted}


def leftovers(api: ClusterApi, stack: str, marks: Collection[tuple[str, str]]) -> Iterator[tuple[str, bool]]:
    """Yield each object that a destroyed stack would have removed, and whether its chart marks it to be kept.

    What lies in no namespace is known by one of the labels `marks`.
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
    for path in CLUSTER_WIDE:
        for each in items(api.find(path)):
            if any(text(each, "metadata", "labels", label) == value for label, value in marks):
                yield f"{path.rsplit('/', 1)[1]}/{text(each, 'metadata', 'name')}", False
