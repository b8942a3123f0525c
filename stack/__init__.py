"""Translates settings into the components' arguments: what goes where, and nothing that decides."""
