"""The commands `destroy`, `release-hosts` and `forget-cluster`."""

from collections.abc import Sequence

from rich.console import Console

from clients.cluster_api import ClusterApi, check_connection
from clients.clusters import create_api, find_kubeconfig
from model.names import EXTERNAL_DNS, LOAD_BALANCER_CONTROLLER
from model.problem import InputError, Problem, SilenceError, report_outcome
from model.sandbox_only import NotSandboxError
from settings import Settings
from workshop import leftovers
from workshop.drain.account import Found, Hosts, Kind, cluster_exists, find_hosts
from workshop.drain.cluster import (
    Held,
    delete_object,
    explain_controller,
    list_bindings,
    list_ingress_urns,
    list_ingresses,
    list_unanswered_webhooks,
    release_finalizers,
)
from workshop.drain.removal import (
    PATIENCE,
    build_found_table,
    find_everything,
    remove,
    report_found,
    wait_until_deleted,
)
from workshop.terminal import confirm, print_text, run_pulumi

RECORD_SECONDS = 15
"""How long a working ExternalDNS may take to notice that the Ingresses are deleted."""
DROP = {"PULUMI_K8S_DELETE_UNREACHABLE": "true"}
"""Lets a refresh drop the objects of a cluster that does not answer; a destroy of a Helm release fails even with it."""


def destroy_stack(
    settings: Settings, stack: str, console: Console, *, yes: bool = False, seconds: float = PATIENCE
) -> int:
    """Destroy a stack; return 0 if nothing is left of it.

    On EKS its Ingresses are deleted first, and the rest only when their load balancers and records are deleted: the
    rest includes the controllers that delete these. `seconds` limits the wait after the last Ingress.
    """
    hosts = find_hosts(settings, stack)
    if hosts is None:
        status = run_pulumi(stack, "destroy", *(["--yes"] if yes else []))
        return _report_end(settings, stack, console, status)
    _check_cluster_answers(settings, stack)
    # Two destroys follow, so the whole is shown and confirmed once, here.
    if not yes and (run_pulumi(stack, "destroy", "--preview-only") or not confirm(console, "Destroy all of this?")):
        return 1
    if status := _destroy_ingresses(settings, stack, console, hosts, seconds):
        return status
    return _report_end(settings, stack, console, run_pulumi(stack, "destroy", "--yes", "--skip-preview"))


def _report_end(settings: Settings, stack: str, console: Console, status: int) -> int:
    """Print what is left, or raise InputError if the destroy failed because the cluster does not answer."""
    if status == 0:
        with report_outcome("the stack is destroyed, but what it has left could not be listed"):
            return leftovers.report(settings, stack, console)
    with report_outcome("the destroy ended early"):
        _check_cluster_answers(settings, stack)
    return status


def _check_cluster_answers(settings: Settings, stack: str) -> None:
    """Return if the cluster answers. Raises InputError that names `forget-cluster` if it does not."""
    try:
        check_connection(create_api(settings))
    except InputError as silence:
        fix = f"If it was deleted, `make forget-cluster STACK={stack}` removes the rest of the stack without it."
        problem = Problem(f"stack {stack}", "its cluster does not answer", "a destroy deletes objects there", fix)
        raise InputError([*silence.problems, problem]) from None


def _destroy_ingresses(settings: Settings, stack: str, console: Console, hosts: Hosts, seconds: float) -> int:
    """Destroy the Ingresses and wait until their load balancers and records are deleted; return 0 if they are."""
    targets = [part for urn in list_ingress_urns(stack) for part in ("--target", urn)]
    status = run_pulumi(stack, "destroy", "--yes", "--skip-preview", *targets) if targets else 0
    if status:
        _explain_ingresses(settings, stack, console, hosts)
        return status
    left = wait_until_deleted(lambda: find_everything(hosts.account, hosts.own), console, seconds=seconds)
    if not left:
        return 0
    api, kinds = create_api(settings), {each.kind for each in left}
    console.print(build_found_table(f"Still in the account {seconds:g} s after the last Ingress", left))
    if Kind.RECORD in kinds:
        print_text(console, f"Records are deleted by ExternalDNS: {explain_controller(api, EXTERNAL_DNS)}.")
    if kinds - {Kind.RECORD}:
        reason = explain_controller(api, LOAD_BALANCER_CONTROLLER)
        print_text(console, f"Load balancers are deleted by their controller: {reason}.")
    _print_way_out(stack, console)
    return 1


def _explain_ingresses(settings: Settings, stack: str, console: Console, hosts: Hosts) -> None:
    api = create_api(settings)
    waiting = [each for each in list_ingresses(api, hosts.own.group or "") if each.is_being_deleted and each.own]
    if not waiting:
        return  # the CLI has printed the reason
    names = ", ".join(each.name for each in waiting)
    reason = explain_controller(api, LOAD_BALANCER_CONTROLLER)
    console.print(build_found_table("Still in the account", find_everything(hosts.account, hosts.own)))
    print_text(
        console,
        f"Ingress {names} cannot be deleted: the finalizer {waiting[0].own[0]} stays until the controller has removed "
        f"the load balancer. {reason[0].upper()}{reason[1:]}.",
    )
    _print_way_out(stack, console)


def _print_way_out(stack: str, console: Console) -> None:
    print_text(
        console,
        f"Nothing else was destroyed. Fix that and run `make destroy STACK={stack}` again. If it cannot be fixed, "
        f"`make release-hosts STACK={stack}` shows what the controllers leave, asks, and removes it.",
    )


def release_hosts(settings: Settings, stack: str, console: Console, *, yes: bool = False) -> int:
    """Remove the AWS resources of a stack's hosts, and the finalizers that wait for them; return 0 if none is left.

    Raises InputError if the hosts are in use.
    """
    hosts = find_hosts(settings, stack)
    if hosts is None:
        console.print("This stack is not on EKS: nothing waits for a controller of AWS.")
        return 0
    api, group = create_api(settings), hosts.own.group or ""
    waiting = list_ingresses(api, group)
    if used := [each for each in waiting if not each.is_being_deleted]:
        names, rule = ", ".join(each.name for each in used), "only hosts that are being deleted are released"
        fix = f"Run `make destroy STACK={stack}` first; it says whether this is needed."
        raise InputError([Problem(f"{api.address}, Ingress {names}", "it is in use", rule, fix)])
    waiting += list_bindings(api, group)
    found = _find_releasable(hosts)
    if not waiting and not found:
        console.print("Nothing waits for a controller, and nothing of the hosts is in the account.")
        return 0
    unanswered = list_unanswered_webhooks(api) if waiting else []
    if not _confirm_release(console, unanswered, waiting, found, yes=yes):
        return 1
    # Finalizers are removed after what they wait for, because they are its only trace in the cluster.
    remove(hosts.account, [each for each in found if each.kind is not Kind.RECORD], hosts.own.zone)
    for each in unanswered:
        delete_object(api, each)
    for each in waiting:
        release_finalizers(api, each)
    # Records come last: a working ExternalDNS creates them again as long as the Ingress exists.
    return _remove_records_left(hosts, stack, console)


def _find_releasable(hosts: Hosts) -> list[Found]:
    """Return the stack's resources; with the cluster's last load balancer also the security group that all share."""
    own = find_everything(hosts.account, hosts.own)
    others = [each for each in find_everything(hosts.account, hosts.all) if each not in own]
    return own if any(each.kind is not Kind.SECURITY_GROUP for each in others) else [*own, *others]


def _remove_records_left(hosts: Hosts, stack: str, console: Console) -> int:
    left = wait_until_deleted(lambda: find_everything(hosts.account, hosts.own), console, seconds=RECORD_SECONDS)
    remove(hosts.account, left, hosts.own.zone)
    done = f"All of it is deleted. Now run `make destroy STACK={stack}` again."
    return report_found(console, "Still in the account", _find_releasable(hosts), done)


def _confirm_release(
    console: Console, unanswered: Sequence[Held], waiting: Sequence[Held], found: Sequence[Found], *, yes: bool
) -> bool:
    if found:
        console.print(build_found_table("This is removed from the account", found))
    for each in unanswered:
        print_text(console, f"{each} is deleted: no pod of its controller is ready, so it refuses what follows")
    for each in waiting:
        print_text(console, f"{each} loses {', '.join(each.own) or 'nothing'}")
    return confirm(console, "Remove it?", yes=yes)


def forget_cluster(settings: Settings, stack: str, console: Console, *, yes: bool = False) -> int:
    """Drop a deleted cluster's objects from the state, and remove the stack's AWS resources; return 0 if none is left.

    Raises InputError if the cluster exists.
    """
    hosts = find_hosts(settings, stack)
    _check_cluster_is_deleted(settings, stack)
    found = find_everything(hosts.account, hosts.all) if hosts else []
    if found:
        console.print(build_found_table("No controller manages this any more; it is removed from the account", found))
    console.print(f"All objects of stack {stack} in its cluster are forgotten; its other resources are destroyed.")
    if not confirm(console, "Remove it?", yes=yes):
        return 1
    # The load balancers come first: as long as they exist, the certificate in the state cannot be deleted.
    if hosts:
        remove(hosts.account, found, hosts.all.zone)
    status = run_pulumi(stack, "refresh", "--yes", "--skip-preview", environment=DROP)
    status = status or run_pulumi(stack, "destroy", "--yes", "--skip-preview", environment=DROP)
    if status:
        return status
    left = find_everything(hosts.account, hosts.all) if hosts else []
    return report_found(console, "Left in the account", left, "Nothing of the stack is left.")


def _check_cluster_is_deleted(settings: Settings, stack: str) -> None:
    rule, fix = "only a deleted cluster is forgotten", f"Run `make destroy STACK={stack}`."
    if settings.eks:
        # Its silence proves nothing: the cluster may be private, or the operator on another network.
        if cluster_exists(settings.eks):
            where = f"EKS cluster {settings.eks.cluster}"
            raise InputError([Problem(where, f"it exists, in {settings.eks.region}", rule, fix)])
        return
    try:
        kubeconfig = find_kubeconfig(settings)
    except NotSandboxError:
        raise
    except InputError:
        return  # `kind delete cluster` deletes the context as well
    try:
        api = ClusterApi(kubeconfig)
        check_connection(api)
    except SilenceError as silence:
        if silence.nobody:
            return
        raise
    raise InputError([Problem(api.address, "the cluster answers", rule, fix)])
