"""What is wrong with an input, said without the input: it may be a private key."""


class InputError(ValueError):
    """One input that cannot be used: its path (`subject.country`) and the reason, which never quotes a secret."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason
