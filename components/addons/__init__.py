"""What the cluster gets before the mesh."""
