"""Corrects moto where it differs from AWS in what this project relies on: each difference was measured.

moto's own methods are replaced in the double's process; nothing is changed on disk.
"""

from sandbox.aws.corrections import certificates, permissions, records


def correct() -> None:
    """Correct all of them."""
    certificates.correct()
    permissions.correct()
    records.correct()
