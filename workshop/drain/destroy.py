"""`make destroy`: takes a stack away, and watches until nothing of it is left."""

from rich.console import Console
from rich.prompt import Confirm

from clients.cluster_api import check_connection
from clients.clusters import create_api
from model.problem import InputError, Problem
from settings import Settings
from workshop import leftovers
from workshop.drain import held, reasons
from workshop.drain.account import Kind
from workshop.drain.pulumi import Pulumi
from workshop.drain.removal import everything
from workshop.drain.served import Served, served
from workshop.drain.watch import PATIENCE, table, wait_until_gone


def run(settings: Settings, stack: str, console: Console, *, yes: bool = False, seconds: float = PATIENCE) -> int:
    """Destroy a stack; return 0 if nothing is left of it.

    On EKS its Ingresses go first, and nothing else until their load balancers and records are gone: who removes those
    would be gone otherwise. `seconds` is how long that may take after the last Ingress.
    """
    pulumi, hosts = Pulumi(stack), served(settings, stack)
    if hosts is None:
        status = pulumi.run("destroy", *_consent(yes=yes))
        return _after(settings, stack, console, status)
    _meet(settings, stack)
    if not yes and not _agreed(pulumi, console):
        return 1
    if status := _drained(settings, stack, console, hosts, seconds):
        return status
    return _after(settings, stack, console, pulumi.run("destroy", *_consent(yes=True), "--skip-preview"))


def _consent(*, yes: bool) -> list[str]:
    return ["--yes"] if yes else []


def _after(settings: Settings, stack: str, console: Console, status: int) -> int:
    """Show what is left, or whether it failed because there is no cluster any more."""
    if status == 0:
        return leftovers.report(settings, stack, console)
    _meet(settings, stack)
    return status


def _meet(settings: Settings, stack: str) -> None:
    """Return if the cluster answers. Raises InputError that names the way out if it does not."""
    try:
        check_connection(create_api(settings))
    except InputError as silence:
        fix = f"If it was deleted, `make forget-cluster STACK={stack}` takes away what is left of the stack without it."
        problem = Problem(f"stack {stack}", "its cluster cannot be asked", "the stack is taken away there", fix)
        raise InputError([*silence.problems, problem]) from None


def _agreed(pulumi: Pulumi, console: Console) -> bool:
    """Show what goes, and ask once for all of it."""
    if pulumi.run("destroy", "--preview-only"):
        return False
    try:
        return Confirm.ask("Take all of this away?", console=console, default=False)
    except EOFError:  # nobody is there to answer
        console.print("Nobody answers. Say so beforehand, with YES=--yes.")
        return False


def _drained(settings: Settings, stack: str, console: Console, hosts: Served, seconds: float) -> int:
    """Take the Ingresses away and wait for what they leave; return 0 when it is gone."""
    pulumi = Pulumi(stack)
    targets = [part for urn in pulumi.ingresses() for part in ("--target", urn)]
    status = pulumi.run("destroy", "--yes", "--skip-preview", *targets) if targets else 0
    if status:
        _explain_ingresses(settings, stack, console, hosts)
        return status
    left = wait_until_gone(lambda: everything(hosts.account, hosts.own), console, seconds=seconds)
    if not left:
        return 0
    api = create_api(settings)
    console.print(table(f"Still in the account {seconds:g} s after the last Ingress", left))
    kinds = {each.kind for each in left}
    if Kind.RECORD in kinds:
        console.print(f"Records go with ExternalDNS: {reasons.reason(api, reasons.EXTERNAL_DNS)}.", markup=False)
    if kinds - {Kind.RECORD}:
        told = reasons.reason(api, reasons.LOAD_BALANCER_CONTROLLER)
        console.print(f"Load balancers go with their controller: {told}.", markup=False)
    _tell_the_way_out(stack, console)
    return 1


def _explain_ingresses(settings: Settings, stack: str, console: Console, hosts: Served) -> None:
    api = create_api(settings)
    waiting = [each for each in held.ingresses(api, hosts.own.group or "") if each.is_going and each.own]
    if not waiting:
        return  # the CLI has said what it is
    names = ", ".join(each.name for each in waiting)
    told = reasons.reason(api, reasons.LOAD_BALANCER_CONTROLLER)
    console.print(table("Still in the account", everything(hosts.account, hosts.own)))
    console.print(
        f"Ingress {names} cannot go: the finalizer {waiting[0].own[0]} stays until the controller has removed the load"
        f" balancer. {told[0].upper()}{told[1:]}.",
        markup=False,
        highlight=False,
    )
    _tell_the_way_out(stack, console)


def _tell_the_way_out(stack: str, console: Console) -> None:
    console.print(
        f"Nothing else was taken away, so mend that and run `make destroy STACK={stack}` again. If it cannot be mended,"
        f" `make release-hosts STACK={stack}` shows what they leave, asks, and removes it in their place.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
