"""Linkerd and its certificates."""
