"""The attendees of the workshop, each with the demos that the stack has."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pulumi import Output

from components.attendees.access import AttendeeAccess, AttendeeAccessArgs
from components.attendees.attendee import Attendee, AttendeeArgs, DemosArgs
from components.demos.booksapp import BooksappArgs
from components.demos.podinfo import PodinfoArgs
from components.demos.progressive_delivery import ProgressiveDeliveryArgs
from settings import parts
from stack.addons import AddOns
from stack.cluster import Base
from stack.delivery import Delivery
from stack.demos import Demos, booksapp_args, circuit_breaking_args, podinfo_args, progressive_delivery_args
from stack.mesh import Mesh

if TYPE_CHECKING:
    from components.attendees.login import LoginArgs


def install_attendees(
    base: Base, add_ons: AddOns, mesh: Mesh, delivery: Delivery, demos: Demos
) -> Mapping[str, Mapping[str, Output[str]]]:
    """Install what each attendee has; return the URL or the command of each demo, by the attendee's name."""
    names = parts.attendees(base.settings)
    if not names:
        return {}
    access = AttendeeAccess("attendees", attendee_access_args(base), base.after(mesh.viz))
    # What the stack's own demos depend on, for the same reasons.
    needed = base.after(mesh.linkerd, mesh.viz, delivery.argo_rollouts, access)
    own = own_demos(base, add_ons, mesh, demos)
    return {name: Attendee(name, attendee_args(base, access, own, name), needed).urls for name in names}


def attendee_access_args(base: Base) -> AttendeeAccessArgs:
    """Return the arguments of the attendees' rights."""
    viz = base.settings.viz
    return {
        "viz": base.namespaces.names[parts.VIZ] if viz.enabled else None,
        "public_dashboard": bool(viz.dashboard and base.start.served(viz.dashboard.host)),
    }


def own_demos(base: Base, add_ons: AddOns, mesh: Mesh, demos: Demos) -> DemosArgs:
    """Return the arguments of the stack's own demos."""
    wanted, args = parts.demo_namespaces(base.settings), DemosArgs()
    if parts.BOOKSAPP in wanted:
        args["booksapp"] = booksapp_args(base, add_ons, mesh)
    if parts.PODINFO in wanted:
        args["podinfo"] = podinfo_args(base, add_ons, mesh)
    if parts.CIRCUIT_BREAKING in wanted:
        args["circuit_breaking"] = circuit_breaking_args(base, mesh)
    # Not where Argo CD owns the canary: its repository names one namespace.
    if parts.PROGRESSIVE_DELIVERY in wanted:
        args["progressive_delivery"] = progressive_delivery_args(base, add_ons, mesh, demos.analysis)
    return args


def attendee_args(base: Base, access: AttendeeAccess, own: DemosArgs, attendee: str) -> AttendeeArgs:
    """Return the arguments of one attendee: the stack's own demos in another namespace, and on other hosts."""
    namespace, demos = base.namespaces.names[attendee], DemosArgs()

    def host(demo: BooksappArgs | PodinfoArgs | ProgressiveDeliveryArgs) -> str | None:
        return parts.attendee_host(base.settings, attendee, demo.get("host"))

    if demo := own.get("booksapp"):
        demos["booksapp"] = {**demo, "namespace": namespace, "host": host(demo)}
    if demo := own.get("podinfo"):
        demos["podinfo"] = {**demo, "namespace": namespace, "host": host(demo)}
    if demo := own.get("circuit_breaking"):
        demos["circuit_breaking"] = {**demo, "namespace": namespace}
    if demo := own.get("progressive_delivery"):
        demos["progressive_delivery"] = {**demo, "namespace": namespace, "host": host(demo)}
    login: LoginArgs = {"namespace": namespace, "role": access.role}
    if access.metrics_role:
        login["metrics"] = {"namespace": base.namespaces.names[parts.VIZ], "role": access.metrics_role}
    return {"namespace": namespace, "login": login, "demos": demos}
