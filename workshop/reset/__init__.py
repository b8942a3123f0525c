"""Brings the demos back to their baseline and leaves the mesh alone."""
