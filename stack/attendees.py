"""The attendees of the workshop, each with the demos that the stack has."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pulumi import Output

from components.attendees.access import AttendeeAccess, AttendeeAccessArgs
from components.attendees.attendee import Attendee, AttendeeArgs, DemosArgs
from settings import parts
from stack.cluster import Base
from stack.delivery import Delivery
from stack.demos import Demos
from stack.mesh import Mesh

if TYPE_CHECKING:
    from components.attendees.attendee import LoginArgs
    from components.demos.hosted import HostedDemoArgs


def install_attendees(
    base: Base, mesh: Mesh, delivery: Delivery, demos: Demos
) -> Mapping[str, Mapping[str, Output[str]]]:
    """Install what each attendee has; return the URL or the command of each demo, by the attendee's name."""
    names = parts.attendees(base.settings)
    if not names:
        return {}
    viz = base.settings.viz
    args: AttendeeAccessArgs = {
        "viz": base.namespaces.names[parts.VIZ] if viz.enabled else None,
        "public_dashboard": bool(viz.dashboard and base.start.served(viz.dashboard.host)),
    }
    access = AttendeeAccess("attendees", args, base.after(mesh.viz))
    # What the stack's own demos depend on, for the same reasons.
    needed = base.after(mesh.linkerd, mesh.viz, delivery.argo_rollouts, access)
    return {name: Attendee(name, attendee_args(base, access, demos.args, name), needed).urls for name in names}


def attendee_args(base: Base, access: AttendeeAccess, own: DemosArgs, attendee: str) -> AttendeeArgs:
    """Return the arguments of one attendee: the stack's own demos in another namespace, and on other hosts."""
    namespace, demos = base.namespaces.names[attendee], DemosArgs()

    def host(demo: "HostedDemoArgs") -> str | None:
        return parts.attendee_host(base.settings, attendee, demo["host"])

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
