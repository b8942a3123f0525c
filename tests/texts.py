"""Small readings of what was recorded."""

from base64 import b64decode

from tests.recorded_values import Secret


def decoded(value: object) -> object:
    """Take base64 off a text, or off the text in a Secret."""
    if isinstance(value, Secret):
        return Secret(decoded(value.value))
    return b64decode(str(value), validate=True).decode()
