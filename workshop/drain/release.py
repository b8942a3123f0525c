"""`make release-hosts`: does the work of controllers that do not do it, after showing and asking."""

from collections.abc import Sequence

from rich.console import Console
from rich.prompt import Confirm

from clients.clusters import create_api
from model.problem import InputError, Problem
from settings import Settings
from workshop.drain import held
from workshop.drain.account import Found, Kind
from workshop.drain.held import Held
from workshop.drain.removal import everything, remove
from workshop.drain.served import Served, served
from workshop.drain.watch import table, wait_until_gone

SECONDS = 15
"""How long an ExternalDNS that works gets to see that the Ingresses are gone."""


def run(settings: Settings, stack: str, console: Console, *, yes: bool = False, seconds: float = SECONDS) -> int:
    """Remove what a stack's hosts have in AWS, and the finalizers that wait for it; return 0 if all is gone.

    Raises InputError if the hosts are in use.
    """
    hosts = served(settings, stack)
    if hosts is None:
        console.print("This stack is not on EKS: nothing waits for a controller of AWS.")
        return 0
    api, group = create_api(settings), hosts.own.group or ""
    waiting = held.ingresses(api, group)
    if used := [each for each in waiting if not each.is_going]:
        names, rule = ", ".join(each.name for each in used), "only what is being deleted is released"
        fix = f"Run `make destroy STACK={stack}` first; it says if this is needed."
        raise InputError([Problem(f"{api.address}, Ingress {names}", "it is in use", rule, fix)])
    waiting += held.bindings(api, group)
    found = _found(hosts)
    if not waiting and not found:
        console.print("Nothing waits for a controller, and nothing of the hosts is in the account.")
        return 0
    if not _agreed(console, waiting, found, yes=yes):
        return 1
    # First what they wait for: a finalizer is the only sign in the cluster that there is something.
    remove(hosts.account, [each for each in found if each.kind is not Kind.RECORD], hosts.own.zone)
    for each in waiting:
        held.release(api, each)
    # Records last: an ExternalDNS that works would make them anew for an Ingress that is still there.
    return _records_gone(hosts, console, seconds)


def _found(hosts: Served) -> list[Found]:
    """Return what the stack's hosts have, with the security group that goes with the cluster's last load balancer."""
    own = everything(hosts.account, hosts.own)
    others = [each for each in everything(hosts.account, hosts.all) if each not in own]
    return own if any(each.kind is not Kind.SECURITY_GROUP for each in others) else [*own, *others]


def _records_gone(hosts: Served, console: Console, seconds: float) -> int:
    left = wait_until_gone(lambda: everything(hosts.account, hosts.own), console, seconds=seconds)
    remove(hosts.account, left, hosts.own.zone)
    left = _found(hosts)
    console.print(table("Still in the account", left) if left else "All of it is gone. Now run `make destroy` again.")
    return 1 if left else 0


def _agreed(console: Console, waiting: Sequence[Held], found: Sequence[Found], *, yes: bool) -> bool:
    if found:
        console.print(table("This is removed from the account", found))
    for each in waiting:
        console.print(f"{each} loses {', '.join(each.own) or 'nothing'}", markup=False, highlight=False)
    return agreed(console, yes=yes)


def agreed(console: Console, *, yes: bool) -> bool:
    """Return whether the operator wants what was shown."""
    try:
        return yes or Confirm.ask("Remove it?", console=console, default=False)
    except EOFError:  # nobody is there to answer
        console.print("Nobody answers. Say so beforehand, with YES=--yes.")
        return False
