"""The account that a stack expects."""

from dataclasses import dataclass

DEFAULT_ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Account:
    """What exists in the account before the stack."""

    cluster: str
    region: str
    zone: str | None = None
    """The name of a public hosted zone."""
    role: str | None = None
    """The ARN of a role that the stack assumes; the account is then the role's."""

    profile: str | None = None
    """A profile of the AWS CLI's configuration that the stack names."""

    @property
    def number(self) -> str:
        """The account's number."""
        return self.role.split(":")[4] if self.role else DEFAULT_ACCOUNT
