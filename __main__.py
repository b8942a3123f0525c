"""The workshop, stage by stage: what is known first, the cluster and its add-ons, mesh, delivery, demos, outputs."""

import pulumi

from preflight.startup import prepare, silence_sdk
from stack.addons import install_add_ons
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

pulumi.export("demos", {**mesh.outputs, **demos, **delivery.outputs})
pulumi.export("certificatesExpire", mesh.expires(add_ons))
