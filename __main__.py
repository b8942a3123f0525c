"""The workshop, stage by stage: what is known first, cluster, add-ons, mesh, delivery, demos, attendees, outputs."""

import pulumi

from preflight.startup import prepare, silence_sdk
from stack.addons import install_add_ons
from stack.attendees import install_attendees
from stack.cluster import create_base
from stack.delivery import install_delivery
from stack.demos import install_demos
from stack.mesh import install_mesh

silence_sdk()
stack = pulumi.get_stack()
start = prepare(stack)  # whatever is wrong ends the program here, before anything is registered

base = create_base(start, stack)
add_ons = install_add_ons(base)
mesh = install_mesh(base, add_ons)
delivery = install_delivery(base, mesh)
demos = install_demos(base, add_ons, mesh, delivery)
attendees = install_attendees(base, mesh, delivery, demos)

pulumi.export("demos", {**mesh.outputs, **demos.outputs, **delivery.outputs})
pulumi.export("certificatesExpire", mesh.expires(add_ons))
if attendees:
    pulumi.export("attendees", attendees)
