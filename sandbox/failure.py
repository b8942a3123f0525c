"""The one kind of error that the sandbox shows to people."""


class SandboxError(Exception):
    """One clear sentence: what failed, where, why, and how to fix it. Printed without a traceback."""
