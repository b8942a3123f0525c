"""The command `reset`: restores the demos, and leaves the mesh alone."""
