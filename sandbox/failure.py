"""The one kind of error that the sandbox shows to people."""


class SandboxError(Exception):
    """One clear sentence: what failed, where, why, and how to cure it. Printed without a traceback."""
