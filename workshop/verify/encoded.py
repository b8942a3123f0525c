"""Base64 as Kubernetes writes it."""

import base64
import binascii


def from_base64(encoded: str) -> bytes:
    """Return the bytes; none if it is not base64."""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
