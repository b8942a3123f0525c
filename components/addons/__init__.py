"""The add-ons that are installed before the mesh."""
