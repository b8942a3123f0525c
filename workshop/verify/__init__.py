"""Whether the workshop does what it is meant to do: the mesh's health, and each demo's behaviour by its own numbers."""
