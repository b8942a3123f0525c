"""The workshop, stage by stage: what is known first, cluster, add-ons, mesh, delivery, demos, attendees, outputs."""

import asyncio
import gc

import pulumi

from preflight.startup import prepare, silence_sdk
from stack.addons import install_add_ons
from stack.attendees import install_attendees
from stack.cluster import create_base
from stack.delivery import install_delivery
from stack.demos import install_demos
from stack.mesh import install_mesh

gc.set_threshold(50_000, 50, 100)  # collecting less often makes a preview of 30 attendees 15 % shorter, for 3 MB
silence_sdk()
stack = pulumi.get_stack()
start = prepare(stack)  # whatever is wrong ends the program here, before anything is registered

base = create_base(start, stack)
add_ons = install_add_ons(base)
mesh = install_mesh(base, add_ons)
delivery = install_delivery(base, mesh)
demos = install_demos(base, add_ons, mesh, delivery)
attendees = install_attendees(base, mesh, delivery, demos)


async def return_outputs() -> pulumi.Inputs:
    """Return the stack's outputs once all registrations have begun."""
    # From then on the SDK waits for one output after the other. Earlier, it checks all pending ones whenever one ends:
    # a preview of 30 attendees took 43 s instead of 24 s.
    await asyncio.sleep(0)
    outputs: dict[str, object] = {
        "demos": {**mesh.outputs, **demos.outputs, **delivery.outputs},
        "certificatesExpire": mesh.expires(add_ons),
    }
    return {**outputs, "attendees": attendees} if attendees else outputs


pulumi.run(return_outputs)
