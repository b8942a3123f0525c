"""Checks of charts, AWS and the cluster before the first resource is registered."""
