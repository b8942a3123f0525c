"""A Kubernetes control plane on this machine, and what the Pulumi engine needs to run against it offline."""
