"""`make forget-cluster`: takes away what is left of a stack whose cluster is gone."""

from rich.console import Console

from clients.cluster_api import ClusterApi, SilenceError, check_connection
from clients.clusters import find_kubeconfig
from model.problem import InputError, Problem
from model.sandbox_only import NotSandboxError
from settings import Settings
from workshop.drain.pulumi import Pulumi
from workshop.drain.release import agreed
from workshop.drain.removal import everything, remove
from workshop.drain.served import Served, is_there, served
from workshop.drain.watch import table

DROP = {"PULUMI_K8S_DELETE_UNREACHABLE": "true"}
"""Has a refresh drop what lies in a cluster that does not answer; a destroy of a Helm release would fail, even so."""


def run(settings: Settings, stack: str, console: Console, *, yes: bool = False) -> int:
    """Forget what was in the cluster, and remove what the stack has in AWS; return 0 if nothing is left of it.

    Raises InputError if there is a cluster.
    """
    hosts = served(settings, stack)
    _check_that_it_is_gone(settings, stack)
    found = everything(hosts.account, hosts.all) if hosts else []
    if found:
        console.print(table("Nobody looks after this any more; it is removed from the account", found))
    console.print(f"All that stack {stack} had in its cluster is forgotten; what else it has is destroyed.")
    if not agreed(console, yes=yes):
        return 1
    pulumi = Pulumi(stack)
    # First what the account knows by its tags alone: it would hold the certificate.
    if hosts:
        remove(hosts.account, found, hosts.all.zone)
    status = pulumi.run("refresh", "--yes", "--skip-preview", environment=DROP)
    status = status or pulumi.run("destroy", "--yes", "--skip-preview", environment=DROP)
    return status or _left(hosts, console)


def _left(hosts: Served | None, console: Console) -> int:
    left = everything(hosts.account, hosts.all) if hosts else []
    console.print(table("Left in the account", left) if left else "Nothing of the stack is left.")
    return 1 if left else 0


def _check_that_it_is_gone(settings: Settings, stack: str) -> None:
    rule, fix = "only what is gone is forgotten", f"Run `make destroy STACK={stack}`."
    if settings.eks:
        # That it does not answer says nothing: it may be private, or the operator on another network.
        if is_there(settings.eks):
            where = f"EKS cluster {settings.eks.cluster}"
            raise InputError([Problem(where, f"it is there, in {settings.eks.region}", rule, fix)])
        return
    try:
        kubeconfig = find_kubeconfig(settings)
    except NotSandboxError:
        raise
    except InputError:
        return  # `kind delete cluster` takes the context away as well
    try:
        api = ClusterApi(kubeconfig)
        check_connection(api)
    except SilenceError as silence:
        if silence.nobody:
            return
        raise
    raise InputError([Problem(api.address, "the cluster answers", rule, fix)])
