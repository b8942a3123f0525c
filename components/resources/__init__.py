"""Typed custom resources and small building blocks without opinion."""
