"""What a URN says about its resource."""


def type_of(urn: str) -> str:
    """Give the resource's own type token, without those of its parents (which the SDK's `request.type` has)."""
    return urn.split("::")[2].rpartition("$")[2]
