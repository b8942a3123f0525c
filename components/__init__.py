"""The cluster's parts as Pulumi components.

Lowest layer first: resources, cluster, addons, mesh, delivery, traffic, demos.
"""
