"""Checks of a running workshop: the mesh's health, and each demo's behaviour by measured traffic."""
