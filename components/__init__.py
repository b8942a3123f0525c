"""The cluster's parts as Pulumi components, lowest layer first: resources, addons, mesh, traffic, demos."""
